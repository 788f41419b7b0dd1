"""Errors a user can do something about; anything else that escapes is a bug of ours."""


class HoldlineError(Exception):
    """Usage, configuration or environment error: one clear line on stderr, exit code 2.

    The message names the file, key or command at fault and says what to do.
    """


class ConfigError(HoldlineError):
    """The configuration is unreadable or wrong; the message names the file and the key."""


class RepositoryError(HoldlineError):
    """The folder is no repository we can work in, or git refused; the message says which and why."""


class MissingExtraError(HoldlineError):
    """A command needs a package that only an extra (`[toolkit]`, `[cluster]`) installs."""


class WorkerDied(HoldlineError):
    """Another process was killed: by the system, for its memory, or by somebody."""
