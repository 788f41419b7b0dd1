"""References: which names of a module other files use, found in their text."""

from __future__ import annotations

import pytest

from holdline.references import ReferenceFinder, References, module_stem

FINDER = ReferenceFinder(["os", "environ", "patch"])


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("import helpers\nhelpers.os.environ", ("helpers", "os")),
        ("import pkg.helpers\npkg.helpers.os", ("helpers", "os")),
        ("patch('pkg.helpers.os.environ')", ("helpers", "os")),
        ("patch('pkg.helpers.environ', {})", ("helpers", "environ")),
        ("patch.object(helpers, 'os')", ("helpers", "os")),
        ('getattr(pkg.helpers, "environ")', ("helpers", "environ")),
        ("monkeypatch.setattr(helpers , 'patch', 1)", ("helpers", "patch")),
        ("from helpers import os", ("helpers", "os")),
        ("from pkg.helpers import (\n    a,  # one (more)\n    os,\n)", ("helpers", "os")),
        ("from helpers import a, \\\n    os", ("helpers", "os")),
        ("from helpers \\\n    import os", ("helpers", "os")),
        ("from helpers import(os)", ("helpers", "os")),
        ("from helpers import os as o", ("helpers", "os")),
        ("x = 1; from helpers import os", ("helpers", "os")),
        ("try: from helpers import os\nexcept E: pass", ("helpers", "os")),
        ("x = 1\rfrom helpers import os\r", ("helpers", "os")),
        ("x = 1\r\nfrom helpers import os\r\n", ("helpers", "os")),
        ("def f():\n\tfrom .helpers import environ", ("helpers", "environ")),
        ("import helpers as h\nh.os", ("helpers", "os")),
        ("from pkg import helpers as h\npatch.object(h, 'os')", ("helpers", "os")),
        ("mocker.patch(f'{module}.os')", ("*", "os")),
        ("mocker.patch(__name__ + '.environ')", ("*", "environ")),
    ],
)
def test_found(text: str, pair: tuple[str, str]) -> None:
    assert pair in FINDER.find(text.encode()).pairs


@pytest.mark.parametrize(
    "text",
    [
        "import helpers\nhelpers.osmosis",
        "from helpers import osmosis, a",
        "from helpers import a\nos.path",
        "import os\nos",
        "x = 'os'",
        "f(helpers, 'osmosis')",
    ],
)
def test_not_found(text: str) -> None:
    assert not {p for p in FINDER.find(text.encode()).pairs if p[0] == "helpers"}


@pytest.mark.parametrize(
    "text",
    [
        "from helpers import *",
        "from .helpers import *  # noqa",
        "from pkg.helpers import \\\n  *",
        "if x: from helpers import *",
    ],
)
def test_star_imports(text: str) -> None:
    assert FINDER.find(text.encode()).stars == {"helpers"}


def test_a_finder_of_nothing_finds_only_star_imports() -> None:
    data = b"from helpers import *\nimport x\nx.os\n"
    assert ReferenceFinder([]).find(data) == References(frozenset(), frozenset({"helpers"}))


def test_bytes_that_are_no_text_do_not_matter() -> None:
    assert ("helpers", "os") in FINDER.find(b"\xff\xfe helpers.os \x00").pairs
    assert FINDER.find(b"") == References()


@pytest.mark.parametrize(
    ("path", "stem"),
    [("a.py", "a"), ("tests/helpers.py", "helpers"), ("pkg/__init__.py", "pkg"), ("a/b/__init__.py", "b")],
)
def test_module_stem(path: str, stem: str) -> None:
    assert module_stem(path) == stem
