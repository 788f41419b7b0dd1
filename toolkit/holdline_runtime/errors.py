"""What the runtime raises of its own. No message and no attribute ever holds a variable's value."""

from __future__ import annotations

_LIVE = "os.environ"


class MissingVariableError(KeyError):
    """A required variable is not set. `args[0]` is its name, as with any `KeyError`."""

    def __init__(self, key: str, layers: str = _LIVE) -> None:
        super().__init__(key)
        self.layers = layers

    def __str__(self) -> str:
        return f"environment variable {self.args[0]!r} is not set (looked in {self.layers})"


class InvalidVariableError(ValueError):
    """A variable is set, but not to what was asked for. `args` are its name and what was expected of it."""

    def __init__(self, key: str, expected: str, layers: str = _LIVE) -> None:
        super().__init__(key, expected)
        self.layers = layers

    def __str__(self) -> str:
        key, expected = self.args
        return f"environment variable {key!r} does not hold {expected} (looked in {self.layers})"


class OverlappingPatchError(RuntimeError):
    """A patch of the process environment cannot be applied: another task, or thread, holds one that would overlap.

    `args` are who holds it (`task 'name'` or `thread 'name'`), the `file:line` where it was applied, and for how many
    seconds this one has waited for it: not at all for a task.
    """

    def __str__(self) -> str:
        holder, source, waited = self.args
        after = f" and has not ended in {waited:g} s" if waited else ""
        other_way = (
            "make that one before the thread starts" if waited else "run what is to see it through get_env().bind(…)"
        )
        return (
            f"{holder} holds a patch of os.environ, applied at {source}, which this one would overlap{after};"
            f" end that one first, {other_way}, or use mode='overlay', which cannot overlap"
        )
