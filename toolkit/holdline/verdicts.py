"""What came of a verification, as values."""

from __future__ import annotations

from typing import NamedTuple

from holdline.model import Violation
from holdline.outcomes import Broken

_NAMED = 1


class Dropped(NamedTuple):
    """Fixes that were taken back: the file, the violations, and the tests they broke.

    `undecided` says why, where it was not found out which fixes are at fault and all of the file had to go.
    """

    path: str
    violations: tuple[Violation, ...]
    broken: tuple[Broken, ...]
    undecided: str = ""

    @property
    def reason(self) -> str:
        """Why, in one line."""
        what = "; ".join(_described(b) for b in self.broken[:_NAMED])
        more = f" (and {len(self.broken) - _NAMED} more)" if len(self.broken) > _NAMED else ""
        return f"broke {what}{more} under --verify" + (f"; {self.undecided}" if self.undecided else "")


class Verification(NamedTuple):
    """A migration verified by a command.

    `selection` is "affected" where just the tests were run that the changes can affect, else "all"; `per_test` says
    whether tests could be told apart, or just the command's exit status be looked at. `tests` passed before, `failing`
    did not; `flaky` did sometimes, or only in another order, and were set aside. `unexercised` are changed files
    that no test minds. `runs` of the command took `seconds` in all; `remembered` ones were not made again.
    """

    command: str
    selection: str
    per_test: bool
    tests: int = 0
    failing: int = 0
    flaky: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    unexercised: tuple[str, ...] = ()
    runs: int = 0
    remembered: int = 0
    seconds: float = 0.0


def _described(broken: Broken) -> str:
    return f"{broken.test} ({broken.now}{f': {broken.message}' if broken.message else ''})"
