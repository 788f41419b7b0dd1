"""Is this the database that is meant? A fingerprint in it says which environment it belongs to.

`verify` asks on the connection that will do the work, `guard` has a SQLAlchemy engine ask by itself, `init` and
`restamp` write. Standard library only; SQLAlchemy and a driver are there where the caller uses them.
"""

from holdline_runtime.fingerprint.engines import guard
from holdline_runtime.fingerprint.errors import (
    AlreadyStampedError,
    CannotAskError,
    CloneError,
    CorruptError,
    DriverMissingError,
    EnvironmentMismatchError,
    FingerprintError,
    FingerprintMismatchError,
    ForbiddenError,
    InvalidRequestError,
    NoRowError,
    ReadOnlyError,
    RowSecurityError,
    SeveralRowsError,
    ShadowedError,
    StaleError,
    TableMissingError,
    TimedOutError,
    UnreachableError,
)
from holdline_runtime.fingerprint.stamp import Reading, Stamp
from holdline_runtime.fingerprint.stamping import init, restamp
from holdline_runtime.fingerprint.verifying import read, verify

__all__ = [
    "AlreadyStampedError",
    "CannotAskError",
    "CloneError",
    "CorruptError",
    "DriverMissingError",
    "EnvironmentMismatchError",
    "FingerprintError",
    "FingerprintMismatchError",
    "ForbiddenError",
    "InvalidRequestError",
    "NoRowError",
    "ReadOnlyError",
    "Reading",
    "RowSecurityError",
    "SeveralRowsError",
    "ShadowedError",
    "StaleError",
    "Stamp",
    "TableMissingError",
    "TimedOutError",
    "UnreachableError",
    "guard",
    "init",
    "read",
    "restamp",
    "verify",
]
