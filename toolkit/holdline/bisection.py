"""Finding the edits at fault by halving: which of some items have to stay out so that the rest works."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Fault = TypeVar("Fault")

#: So many suspects are tried one by one: if each is at fault, that takes half the trials that halving takes.
_FEW = 10


@dataclass
class Bisection(Generic[Item, Fault]):
    """`trial` tells what is wrong when just these items are in, in their order; None where nothing is.

    After `run`, `kept` are the items that work together, tried as they are, and `faults` the others, each with what
    went wrong when it joined those kept before it. An item that breaks something only beside another one is thus a
    fault if it comes later. At most `limit` trials are made; then the items not yet judged are `undecided`.

    >>> search = Bisection(lambda items: "three and five" if {3, 5} <= set(items) else None)
    >>> search.run(range(8), "broken")
    >>> search.kept, search.faults, search.undecided
    ([0, 1, 2, 3, 4, 6, 7], [(5, 'three and five')], [])
    """

    trial: Callable[[Sequence[Item]], Fault | None]
    limit: int = 1000
    trials: int = 0
    kept: list[Item] = field(default_factory=list)
    faults: list[tuple[Item, Fault]] = field(default_factory=list)
    undecided: list[Item] = field(default_factory=list)

    def run(self, items: Sequence[Item], fault: Fault | None) -> None:
        """Sort the items out; `fault` is what is wrong with all of them in, None if nothing is."""
        if fault is None:
            self.kept += items
        elif len(items) == 1:
            self.faults.append((items[0], fault))
        elif items:
            self._halve(list(items), fault)

    def run_suspecting(self, items: Sequence[Item], fault: Fault, is_suspect: Callable[[Item], bool]) -> None:
        """The same, where some items are likely to be at fault: few trials if just those are, and most of those."""
        others = [item for item in items if not is_suspect(item)]
        suspects = [item for item in items if is_suspect(item)]
        if not suspects:
            self.run(items, fault)
            return
        wrong = self._try(others) if others else None
        if isinstance(wrong, _Untried):
            self.undecided += items
            return
        self.run(others, wrong)
        steps = [[item] for item in suspects] if wrong is None and len(suspects) <= _FEW else [suspects]
        for step in steps:
            # with nothing taken out so far, the last step is everything, which is known
            everything = step is steps[-1] and not self.faults and not self.undecided
            known = fault if everything else self._try(step)
            if isinstance(known, _Untried):
                self.undecided += step
            else:
                self.run(step, known)

    def _halve(self, items: list[Item], fault: Fault) -> None:
        middle = len(items) // 2
        first, second = items[:middle], items[middle:]
        wrong = self._try(first)
        if isinstance(wrong, _Untried):
            self.undecided += items
            return
        self.run(first, wrong)
        # With all of the first half kept, the second half's trial would be the whole's, which is known.
        known = self._try(second) if wrong is not None else fault
        if isinstance(known, _Untried):
            self.undecided += second
            return
        self.run(second, known)

    def _try(self, items: Sequence[Item]) -> Fault | _Untried | None:
        if self.trials >= self.limit:
            return _Untried()
        self.trials += 1
        return self.trial([*self.kept, *items])


class _Untried:
    """In place of an outcome, where no trial was left."""
