"""How the guard says no."""

from __future__ import annotations


class CIGuardRefusal(SystemExit):
    """Ends the process with exit code 1 and one line on standard error.

    A `SystemExit`, so that no `except Exception` goes on behind it. `reason` is what was missing, `advice` what to do.
    """

    def __init__(self, reason: str, advice: str) -> None:
        self.reason = reason
        self.advice = advice
        super().__init__(f"holdline: refused: {reason}; {advice}")


class CIGuardMisuse(CIGuardRefusal):
    """The guard was called with settings that make no sense: refused too, for it would guard nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the guard's own settings are wrong: {reason}", "mend the call")


def shown(text: str) -> str:
    """Return what a variable or a claim says for a message: quoted, one line, not long, and no credential."""
    from holdline_runtime import masking

    masked = masking.mask("", text)
    return repr(masked if len(masked) <= 100 else masked[:99] + "…")
