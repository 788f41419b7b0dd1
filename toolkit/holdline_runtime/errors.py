"""What the typed readers raise. No message and no attribute ever holds a variable's value."""


class MissingVariableError(KeyError):
    """A required variable is not set. `args[0]` is its name, as with any `KeyError`."""

    def __str__(self) -> str:
        return f"environment variable {self.args[0]!r} is not set (looked in os.environ)"


class InvalidVariableError(ValueError):
    """A variable is set, but not to what was asked for. `args` are its name and what was expected of it."""

    def __init__(self, key: str, expected: str) -> None:
        super().__init__(key, expected)

    def __str__(self) -> str:
        key, expected = self.args
        return f"environment variable {key!r} does not hold {expected} (looked in os.environ)"
