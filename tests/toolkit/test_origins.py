"""Origins: what a dotted expression refers to, and how sure that is."""

from __future__ import annotations

import ast

import pytest

from holdline.origins import Doubt, Origin, Origins, absolute_module, canonical
from holdline.source import parse

STAR_NAMES = {"os": frozenset({"environ", "getenv"})}


def origin(text: str, *, package: str = "tests") -> Origin | None:
    """The origin of the last line of a text, an expression."""
    source = parse("tests/x.py", text.encode())
    node = [n for n in ast.walk(source.tree) if isinstance(n, ast.Expr)][-1].value
    return Origins(source.scopes, source.parents, package, STAR_NAMES).of(node)


def path(text: str, *, package: str = "tests") -> str | None:
    """The path of a certain origin; None for no origin."""
    found = origin(text, package=package)
    assert found is None or not found.doubt
    return found.path if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import os\nos", "os"),
        ("import os\nos.environ.get", "os.environ.get"),
        ("import os as o\no.environ", "os.environ"),
        ("import os.path\nos.environ", "os.environ"),
        ("import os.path as p\np.join", "os.path.join"),
        ("import os, os.path\nos.environ", "os.environ"),
        ("from os import environ\nenviron", "os.environ"),
        ("from os import environ as e, getenv\ne.get", "os.environ.get"),
        ("from unittest import mock\nmock.patch.dict", "unittest.mock.patch.dict"),
        ("from mock import patch\npatch.dict", "unittest.mock.patch.dict"),
        ("import mock\nmock.patch", "unittest.mock.patch"),
        ("import mock as m\nm.patch", "unittest.mock.patch"),
        ("import unittest.mock as um\num.patch", "unittest.mock.patch"),
        ("from .helpers import os\nos.environ", "tests.helpers.os.environ"),
        ("from . import os\nos", "tests.os"),
        ("def f():\n import os\n os.environ", "os.environ"),
        ("import os\ndef f():\n class C:\n  os.environ", "os.environ"),
        ("try:\n import os\nexcept ImportError: pass\nos.environ", "os.environ"),
        ("x = 1\nx.environ", None),
        ("def f(os):\n os.environ", None),
        ("os.environ", None),
        ("import os\nos().environ", None),
        ("import os\nos['x'].environ", None),
        ("'os.environ'", None),
    ],
)
def test_paths(text: str, expected: str | None) -> None:
    assert path(text) == expected


@pytest.mark.parametrize(
    ("text", "doubt", "expected"),
    [
        ("from os import *\nenviron", Doubt.STAR, "os.environ"),
        ("from os import *\nfrom sys import *\ngetenv", Doubt.STAR, "os.getenv"),
        ("import os\nos = None\nos.environ", Doubt.SEVERAL, "os.environ"),
        ("import os\ndel os\nos.environ", Doubt.SEVERAL, "os.environ"),
        ("try:\n import os\nexcept ImportError:\n os = None\nos.environ", Doubt.SEVERAL, "os.environ"),
        ("from a import b\nfrom c import b\nb", Doubt.SEVERAL, "a.b"),
        ("if TYPE_CHECKING:\n import os\nos.environ", Doubt.TYPE_CHECKING, "os.environ"),
        ("import typing as t\nif t.TYPE_CHECKING:\n import os\nos.environ", Doubt.TYPE_CHECKING, "os.environ"),
        ("if not TYPE_CHECKING:\n import os\nos.environ", Doubt.TYPE_CHECKING, "os.environ"),
        ("os.environ\nimport os\n", Doubt.EARLY, "os.environ"),
        ("if TYPE_CHECKING:\n import os\nos.environ\nimport os\n", Doubt.EARLY, "os.environ"),
    ],
)
def test_doubts(text: str, doubt: Doubt, expected: str) -> None:
    found = origin(text)
    assert found is not None
    assert (found.doubt, found.path) == (doubt, expected)


def test_an_import_in_the_else_of_type_checking_is_certain() -> None:
    assert path("if TYPE_CHECKING: pass\nelse:\n import os\nos.environ") == "os.environ"


def test_importing_twice_the_same_is_certain() -> None:
    assert path("import os\nimport os\nos.environ") == "os.environ"
    assert path("if TYPE_CHECKING:\n import os\nimport os\nos.environ") == "os.environ"


def test_a_star_import_of_a_module_not_known_gives_nothing() -> None:
    assert origin("from helpers import *\nenviron") is None
    assert origin("from os import *\nurandom") is None


def test_the_root_and_its_bindings() -> None:
    found = origin("import os\nos.environ.get")
    assert found is not None
    assert (found.root.id, len(found.bindings)) == ("os", 1)


def test_following_what_a_module_passes_on() -> None:
    source = parse("x.py", b"from compat import mock\nmock.patch")
    node = source.tree.body[-1].value  # type: ignore[attr-defined]
    found = Origins(source.scopes, source.parents, follow={"compat.mock": "unittest.mock"}.__getitem__).of(node)
    assert found is not None
    assert found.path == "unittest.mock.patch"


@pytest.mark.parametrize("package", ["", "tests"])
@pytest.mark.parametrize("text", ["from .os import environ\nenviron", "from ..os import environ\nenviron"])
def test_a_module_called_os_next_to_the_file_is_not_the_module_os(text: str, package: str) -> None:
    assert path(text, package=package) != "os.environ"
    assert path("from . import os\nos.environ", package=package) != "os.environ"


@pytest.mark.parametrize(
    ("module", "level", "package", "expected"),
    [
        ("a", 0, "x.y", "a"),
        ("a", 1, "x.y", "x.y.a"),
        ("a", 2, "x.y", "x.a"),
        ("", 1, "x.y", "x.y"),
        ("a", 3, "x.y", "..a"),
        ("a", 9, "x.y.z", "..a"),
        ("", 1, "", "."),
    ],
)
def test_absolute_module(module: str, level: int, package: str, expected: str) -> None:
    assert absolute_module(module, level, package) == expected


def test_canonical_leaves_other_modules_alone() -> None:
    assert [canonical(p) for p in ("mock", "mock.patch", "mockito.patch", "my.mock")] == [
        "unittest.mock",
        "unittest.mock.patch",
        "mockito.patch",
        "my.mock",
    ]
