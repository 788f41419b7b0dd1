"""What can be wrong with a database's fingerprint, a class for each: the message says what, and what to do.

No message holds a password, nor what a driver says beyond its first line.
"""

from __future__ import annotations


class FingerprintError(RuntimeError):
    """The database is not known to be the one that is meant: do not work on it."""


class CannotAskError(FingerprintError):
    """Nothing is known about the database's fingerprint: it could not be asked, or not that way."""


class UnreachableError(CannotAskError):
    """There is no connection, or it broke."""


class TimedOutError(CannotAskError):
    """No answer within the limit. The connection has been cut where its driver allows that."""


class InvalidRequestError(CannotAskError):
    """A name, URL or connection that cannot be used, or a connection with a transaction of its own under way."""


class DriverMissingError(CannotAskError):
    """A package is needed to reach the database, and is not installed."""


class TableMissingError(FingerprintError):
    """The database has no table `database_metadata`."""


class NoRowError(FingerprintError):
    """The table is there and empty."""


class SeveralRowsError(FingerprintError):
    """The table has more than one row."""


class CorruptError(FingerprintError):
    """The row, the table or the whole database cannot be read as it should."""


class EnvironmentMismatchError(FingerprintError):
    """The database belongs to another environment."""


class FingerprintMismatchError(FingerprintError):
    """The database belongs to the environment, but it is another one than expected."""


class CloneError(FingerprintError):
    """The row came here with a copy of the database it was written for."""


class RowSecurityError(FingerprintError):
    """Row-level security filters the table for this user: what it shows proves nothing."""


class ForbiddenError(FingerprintError):
    """The user may not read the table, or not what tells a copy from the original."""


class ShadowedError(FingerprintError):
    """Something else goes by the table's name: a temporary table, a view."""


class ReadOnlyError(FingerprintError):
    """The database takes no writes: a replica, a read-only file or session."""


class AlreadyStampedError(FingerprintError):
    """`init` found a fingerprint: it only ever writes the first."""


class StaleError(FingerprintError):
    """`restamp` found another fingerprint than it was told: somebody was faster, or it is another database."""
