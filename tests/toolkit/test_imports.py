"""Imports around a rewrite: added where they belong, taken out only where nothing needs them, named without collision."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest

from holdline.config import Config
from holdline.imports import choose_local
from holdline.judging import Judge, Level
from holdline.migration import Context
from holdline.model import Category
from holdline.source import parse
from holdline_migrations.registry import REGISTRY

CODES = frozenset(rule.code for rule in REGISTRY.rules if rule.default_on)
GET = "from holdline_runtime import get_env\n"


def migrated(
    text: str,
    path: str = "tests/test_it.py",
    *,
    references: Iterable[tuple[str, str]] = (),
    stars: Iterable[str] = (),
    facts: Iterable[tuple[str, ...]] = (),
) -> str:
    """The text after its safe fixes."""
    context = Context(Config(), CODES, frozenset(facts), frozenset(references), frozenset(stars))
    judge = Judge(REGISTRY.migrations, context, Level.SAFE, date(2026, 1, 5))
    result = judge.judge(path, text.encode(), Category.TESTS)
    assert result.problem is None
    return (result.after or text.encode()).decode()


# where an import is added

PLACES = {
    "alone": ("import os\nx = os.environ\n[x]", None),
    "behind the standard library": (
        "import os\nimport sys\n\nos.environ['A'], sys\n",
        f"import sys\n\n{GET}\nget_env()['A'], sys\n",
    ),
    "its place among third parties": (
        "import os\n\nimport pytest\nfrom aaa import a\nfrom zzz import z\n\nos.environ['A']\n",
        f"import pytest\nfrom aaa import a\n{GET}from zzz import z\n\nget_env()['A']\n",
    ),
    "before relative imports": (
        "import os\n\nfrom . import a\n\nos.environ['A']\n",
        f"{GET}\nfrom . import a\n\nget_env()['A']\n",
    ),
    "in the place of the last of its section": ("import os\n\nos.environ['A']\n", f"{GET}\nget_env()['A']\n"),
    "before code without imports": (
        "def f():\n    import os\n    os.environ['A']\n",
        f"{GET}\n\ndef f():\n    get_env()['A']\n",
    ),
    "behind a docstring": (
        "'''Doc.'''\ndef f():\n    import os\n    os.environ['A']\n",
        f"'''Doc.'''\n\n{GET}def f():\n    get_env()['A']\n",
    ),
    "behind the future": (
        "'''Doc.'''\nfrom __future__ import annotations\nimport os\nos.environ['A']\n",
        f"'''Doc.'''\nfrom __future__ import annotations\n{GET}get_env()['A']\n",
    ),
    "behind shebang, cookie and licence": (
        "#!/usr/bin/python\n# coding: utf-8\n# Licence\n\nimport os\nos.environ['A']\n",
        f"#!/usr/bin/python\n# coding: utf-8\n# Licence\n\n{GET}get_env()['A']\n",
    ),
    "before the comment of the first statement": (
        "# Licence\n\n# about f\ndef f():\n    import os\n    os.environ['A']\n",
        f"# Licence\n\n{GET}\n\n# about f\ndef f():\n    get_env()['A']\n",
    ),
    "before a decorator": (
        "@d\ndef f():\n    import os\n    os.environ['A']\n",
        f"{GET}\n\n@d\ndef f():\n    get_env()['A']\n",
    ),
    "a file with no last line ending": ("import os\nos.environ['A']", f"{GET}get_env()['A']"),
    "one line": ("import os; os.environ['A']\n", f"{GET}\nget_env()['A']\n"),
    "behind a change of sys.path": (
        "import sys\nsys.path.insert(0, '.')\nimport os\nos.environ['A']\n",
        f"import sys\nsys.path.insert(0, '.')\n{GET}get_env()['A']\n",
    ),
    "before the first use": (
        "import os\nx = os.environ['A']\nimport pytest\nfrom a import b\n",
        f"{GET}x = get_env()['A']\nimport pytest\nfrom a import b\n",
    ),
    "CRLF": (
        "import os\r\nimport re\r\n\r\nos.environ['A']\r\n",
        f"import re\r\n\r\n{GET[:-1]}\r\n\r\nget_env()['A']\r\n",
    ),
    "a byte-order mark": ("\ufeffimport os\nos.environ['A']\n", f"\ufeff{GET}get_env()['A']\n"),
    "docstring and code on one line": ("'''Doc.'''; import os\nos.environ['A']\n", None),
    "two needed": (
        "import os\nfrom unittest.mock import patch\nwith patch.dict(os.environ):\n    os.environ['A']\n",
        "from holdline_runtime import get_env, patch_env\nwith patch_env():\n    get_env()['A']\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), PLACES.values(), ids=PLACES.keys())
def test_place(before: str, after: str | None) -> None:
    found = migrated(before)
    assert found == (before if after is None else after)


# which imports go

GONE = {
    "import os": "",
    "import os  # comment": "",
    "import os;": "",
    "import os as os_": "",
    "import sys, os": "import sys",
    "import os, sys  # both": "import sys  # both",
    "import sys, os, re": "import sys, re",
    "import os as o, sys": "import sys",
    "x = 0; import os; import sys": "x = 0; import sys",
    "x = 0; import sys; import os": "x = 0; import sys",
    "x = 0; import sys; import os;  # why": "x = 0; import sys;  # why",
    "x = 0; import sys; import os; import re": "x = 0; import sys; import re",
    "import os; from os import environ": "",
    "x = 0; import os; from os import environ; import re": "x = 0; import re",
    "from os import environ": "",
    "from os import environ, path": "from os import path",
    "from os import path, environ": "from os import path",
    "from os import (environ, path)": "from os import (path)",
    "from os import (path, environ,)": "from os import (path,)",
    "from os import (environ)": "",
    "from os import (\n    environ,\n    path,\n)": "from os import (\n    path,\n)",
    "from os import (\n    path,\n    environ,\n)": "from os import (\n    path,\n)",
    "from os import (\n    path,\n    environ\n)": "from os import (\n    path\n)",
    "from os import (\n    environ,\n    getenv,\n    path,\n    sep,\n)": "from os import (\n    path,\n    sep,\n)",
    "from os import (\n    environ,  # why\n)": "",
    "from os import environ, \\\n    path": "from os import path",
    "from os import path, \\\n    environ": "from os import path",
}


def uses_of(statement: str) -> str:
    """An expression that uses every access a statement imports."""
    tree = parse("x.py", statement.encode()).scopes.module.bindings
    found = [
        b.name if b.name in ("environ", "getenv") else f"{b.name}.environ"
        for bindings in tree.values()
        for b in bindings
        if b.name in ("environ", "getenv", "os", "os_", "o")
    ]
    return ", ".join(f"{name}('A')" if name == "getenv" else f"{name}['A']" for name in found)


@pytest.mark.parametrize(("before", "after"), GONE.items())
def test_an_import_no_longer_used_goes(before: str, after: str) -> None:
    text = f"def f():\n    {uses_of(before)}\n\n\n{before}\nx = 1\n"
    kept = f"{after}\n" if after else ""
    uses = uses_of(before).replace("getenv(", "environ.get(")
    for name in ("os.environ", "os_.environ", "o.environ", "environ"):
        uses = uses.replace(f"{name}[", "get_env()[").replace(f"{name}.get", "get_env().get")
    assert migrated(text) == f"{GET}\n\ndef f():\n    {uses}\n\n\n{kept}x = 1\n"


@pytest.mark.parametrize(
    "before",
    [
        "import os as os",
        "from os import environ as environ, path",
        "import os  # noqa",
        "import os  # noqa: F401",
        "import os  # noqa: E402,F401",
        "import os  # pylint: disable=unused-import",
        "import os  # re-export",
        "from os import (\n    path,  # comment\n    environ,  # comment\n    sep,\n)",
        "try:\n    import os\nexcept ImportError:\n    raise",
        "if True:\n    import os",
        "import os.path",
        "import os\n__all__ = ['os', 'environ']",
        "from os import environ\n__all__ = []\n__all__.append('environ')",
        "import os\n__all__ = ['a']\n__all__ += ['os']",
        "import os\n__all__: list[str] = ['os']",
        "import os\nsep = os.sep",
        "import os\nprint(locals())",
        "import os\nx = eval('os.sep')",
        "import os\nglobals()['os'].sep",
        "import os\n[n for n in dir()]",
        "import os\ndel os",
        "import os\ndef f():\n    '''\n    >>> os.sep\n    '''",
        "import os\ndef f(x: 'os.PathLike'): pass",
        "import os\ndef f() -> 'list[os.PathLike]': pass",
        "import os\nx: 'os.PathLike'",
        "import os\nimport typing\ntyping.cast('os.PathLike', 1)",
        "import os\nclass C:\n    os = os",
        "def f():\n    global os\n    import os\n    return os.sep",
    ],
)
def test_an_import_that_something_may_need_stays(before: str) -> None:
    name = "environ" if "environ" in parse("x.py", before.encode()).scopes.module.bindings else "os.environ"
    text = f"{before}\n{name}['A']\n" if "del os" not in before else before.replace("del", "os.environ['A']\ndel")
    found = migrated(text)
    imports = [line for line in before.splitlines() if "import" in line]
    assert all(line in found for line in imports)


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("import os  # noqa: E402", False),
        ("import os\nx = 'os.sep'", False),
        ("import os\ndef f():\n    '''Uses os.sep.'''", False),
        ("import os\ndef f(os): return os.sep", False),
        ("import os\nx.os", False),
        ("import os\nf(os=1)", False),
        ("import os\nx: 'list[cosmos]'", False),
        ("import os\n__all__ = ['f']", False),
        ("import os, pytest", False),
        ("import os\nimport os.path", True),
    ],
)
def test_what_is_no_use(text: str, stays: bool) -> None:
    found = migrated(f"{text}\nos.environ['A']\n")
    assert found.startswith(("import os\n", "import os,")) is stays


def test_what_other_files_use_stays() -> None:
    text = "import os\nos.environ['A']\n"
    assert "import os" not in migrated(text, "tests/helpers.py")
    assert "import os" in migrated(text, "tests/helpers.py", references=[("helpers", "os")])
    assert "import os" in migrated(text, "tests/helpers.py", references=[("*", "os")])
    assert "import os" in migrated(text, "tests/helpers.py", stars=["helpers"])
    assert "import os" not in migrated(text, "tests/helpers.py", references=[("other", "os"), ("helpers", "re")])
    assert "import os" in migrated(text, "tests/helpers/__init__.py")


def test_what_other_files_use_of_a_function_is_nothing() -> None:
    text = "def f():\n    import os\n    return os.environ['A']\n"
    assert "import os" not in migrated(text, "tests/helpers.py", references=[("helpers", "os")])


@pytest.mark.parametrize(
    "statement",
    [
        "from helpers import os",
        "from .helpers import os",
        "import pkg.helpers as h",
        "import helpers",
        "from . import os",
    ],
)
def test_a_module_of_the_project_is_imported_for_what_it_does_as_well(statement: str) -> None:
    name = "os" if statement.endswith(" os") else "h.os" if statement.endswith(" h") else "helpers.os"
    paths = ["helpers.py", "tests/helpers.py", "pkg/helpers.py", "tests/__init__.py"]
    found = migrated(f"{statement}\n{name}.environ['A']\n", facts=[("exposes os", path) for path in paths])
    assert statement in found
    assert "get_env()['A']" in found


# names without collision

COLLISIONS = [
    "get_env = 1",
    "def get_env(): pass",
    "class get_env: pass",
    "def f(get_env): pass",
    "lambda get_env: 1",
    "for get_env in x: pass",
    "with x as get_env: pass",
    "[get_env for get_env in x]",
    "(get_env := 1)",
    "import a as get_env",
    "from a import get_env",
    "from a import b as get_env",
    "try: pass\nexcept E as get_env: pass",
    "match x:\n    case {'a': get_env}: pass",
    "match x:\n    case [*get_env]: pass",
    "match x:\n    case {**get_env}: pass",
    "class C:\n    get_env = 1",
    "class C:\n    def get_env(self): pass",
    "def f():\n    global get_env\n    get_env = 1",
    "def f():\n    get_env = 1\n    def g():\n        nonlocal get_env\n        get_env = 2",
    "def f():\n    from holdline_runtime import get_env",
    "del get_env",
    "get_env()",
    "get_env: int",
    "def f(*get_env): pass",
    "def f(**get_env): pass",
    "async def get_env(): pass",
]


@pytest.mark.parametrize("statement", COLLISIONS)
def test_a_name_in_use_is_not_taken(statement: str) -> None:
    found = migrated(f"import os\n{statement}\nos.environ['A']\n")
    assert "from holdline_runtime import get_env as holdline_get_env\n" in found
    assert "holdline_get_env()['A']" in found
    assert statement in found


def test_the_second_choice_may_be_taken_too() -> None:
    found = migrated("import os\nget_env = holdline_get_env = 1\nos.environ['A']\n")
    assert "import get_env as holdline_get_env2\n" in found


@pytest.mark.parametrize(
    ("existing", "local"),
    [
        ("from holdline_runtime import get_env", "get_env"),
        ("from holdline_runtime import get_env as env", "env"),
        ("from holdline_runtime import patch_env, get_env", "get_env"),
        ("from holdline_runtime import (\n    get_env,\n)", "get_env"),
    ],
)
def test_an_import_that_is_there_is_used_again(existing: str, local: str) -> None:
    found = migrated(f"import os\n{existing}\nos.environ['A']\n")
    assert found == f"{existing}\n{local}()['A']\n"


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.environ['A']\nfrom holdline_runtime import get_env\n",
        "import os\nif x:\n    from holdline_runtime import get_env\nos.environ['A']\n",
        "import os\nfrom holdline_runtime import get_env\nget_env = 1\nos.environ['A']\n",
        "import os\nfrom holdline_runtime import get_env\ndef f(get_env): os.environ['A']\n",
        "import os\nfrom .holdline_runtime import get_env\nos.environ['A']\n",
    ],
)
def test_an_import_that_cannot_be_relied_on_is_not(text: str) -> None:
    assert "from holdline_runtime import get_env as holdline_get_env\n" in migrated(text)


def test_star_imports_on_either_side_get_a_private_name() -> None:
    text = "import os\nos.environ['A']\n"
    assert "import get_env as _get_env\n" in migrated(text, "tests/helpers.py", stars=["helpers"])
    assert "import get_env as _get_env\n" in migrated(f"from helpers import *\n{text}")
    source = parse("x.py", b"from a import *\n_get_env = 1\n")
    assert choose_local(source, "m", "get_env", first_use=99, exported=False) == "_holdline_get_env"
