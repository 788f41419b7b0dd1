"""Which rule an access breaks: a read, a write, or the object itself handed on or replaced."""

from __future__ import annotations

import ast
import enum

from holdline_migrations.environment.names import READ_METHODS, WRITE_METHODS
from holdline_migrations.environment.unit import ENVIRON, Access, Unit


class Kind(enum.Enum):
    """What an access does."""

    READ = enum.auto()
    WRITE = enum.auto()
    OBJECT = enum.auto()


def kind_of(unit: Unit, access: Access) -> Kind:
    """The kind of one access, from where it stands."""
    if access.name in ("getenv", "getenvb"):
        return Kind.READ
    if access.name in ("putenv", "unsetenv"):
        return Kind.WRITE
    parent = unit.parents[access.node]
    if isinstance(parent, ast.AugAssign) and parent.target is access.node:
        return Kind.WRITE
    if isinstance(access.node, ast.Attribute) and not isinstance(access.node.ctx, ast.Load):
        return Kind.OBJECT
    if isinstance(parent, ast.Attribute):
        return _METHODS.get(parent.attr, Kind.OBJECT)
    if isinstance(parent, ast.Subscript) and parent.value is access.node:
        augmented = isinstance(unit.parents[parent], ast.AugAssign)
        return Kind.READ if isinstance(parent.ctx, ast.Load) and not augmented else Kind.WRITE
    reads = isinstance(parent, ast.Compare | ast.For | ast.AsyncFor | ast.comprehension | ast.Match | ast.If)
    return Kind.READ if reads else Kind.OBJECT


_METHODS = dict.fromkeys(READ_METHODS, Kind.READ) | dict.fromkeys(WRITE_METHODS, Kind.WRITE)


def describe(access: Access) -> str:
    """How messages call what is accessed."""
    return f"os.{access.name}" if access.name.startswith(ENVIRON) else f"os.{access.name}()"
