from __future__ import annotations

import builtins
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from holdline.errors import MissingExtraError
from holdline.reports.console import Color

MakeScreen = Callable[..., Any]


def test_bytes_reach_standard_output_unchanged_and_in_order(make_screen: MakeScreen) -> None:
    screen = make_screen()
    screen.console.write("é\n")
    screen.console.write_bytes(b"\xff\r\n\x00")
    screen.console.write("end\n")
    assert screen.out == "é\n".encode() + b"\xff\r\n\x00end\n"
    assert screen.err == b""


def test_what_the_encoding_lacks_is_escaped(make_screen: MakeScreen) -> None:
    screen = make_screen(encoding="ascii")
    screen.console.write("é …\n")
    assert screen.out == b"\\xe9 \\u2026\n"


@pytest.mark.parametrize(
    ("verbosity", "lines"), [(-1, b"error\n"), (0, b"error\nnote\n"), (1, b"error\nnote\ndetail\n")]
)
def test_verbosity(make_screen: MakeScreen, verbosity: int, lines: bytes) -> None:
    screen = make_screen(verbosity=verbosity)
    screen.console.error("error")
    screen.console.note("note")
    screen.console.detail("detail")
    assert screen.err == lines
    assert screen.out == b""


@pytest.mark.parametrize(
    ("terminal", "color", "environ", "colored"),
    [
        (True, Color.AUTO, {}, True),
        (True, Color.AUTO, {"NO_COLOR": "1"}, False),
        (True, Color.AUTO, {"NO_COLOR": ""}, True),
        (True, Color.AUTO, {"TERM": "dumb"}, False),
        (True, Color.NEVER, {}, False),
        (False, Color.AUTO, {}, False),
        (False, Color.ALWAYS, {}, True),
        (False, Color.ALWAYS, {"NO_COLOR": "1"}, True),
    ],
)
def test_color(make_screen: MakeScreen, terminal: bool, color: Color, environ: dict[str, str], colored: bool) -> None:
    from rich.text import Text

    screen = make_screen(terminal=terminal, color=color, environ=environ)
    screen.console.show(Text("x", "red"))
    assert screen.out == (b"\x1b[31mx\x1b[0m\n" if colored else b"x\n")


@pytest.mark.parametrize(
    ("terminal", "color", "decorates"),
    [
        (True, Color.AUTO, True),
        (True, Color.NEVER, True),
        (False, Color.AUTO, False),
        (False, Color.ALWAYS, True),
    ],
)
def test_who_reads(make_screen: MakeScreen, terminal: bool, color: Color, decorates: bool) -> None:
    assert make_screen(terminal=terminal, color=color).console.decorates is decorates


def test_markup_in_text_is_no_markup(make_screen: MakeScreen) -> None:
    screen = make_screen(terminal=True)
    screen.console.show("[red]x[/red] :smile: 'quoted' 12")
    assert screen.out == b"[red]x[/red] :smile: 'quoted' 12\n"


def test_without_rich_the_extra_is_named(make_screen: MakeScreen, monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without_rich(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("rich"):
            raise ModuleNotFoundError(f"No module named {name!r}", name="rich")
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_rich)
    with pytest.raises(MissingExtraError, match=r"the package rich: install Holdline with its extra"):
        make_screen().console.show("x")


def test_scan_formats_import_nothing_from_outside() -> None:
    formats = ("console", "github", "json_report", "junit", "sarif", "text")
    code = "import sys\n" + "".join(f"import holdline.reports.{name}\n" for name in formats)
    code += "print(sorted({'rich', 'tqdm', 'git'} & {name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
