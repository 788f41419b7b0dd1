"""The list of repositories: what it may hold, and what is said of what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdline.errors import ConfigError
from holdline.fleet.file import DEFAULT_TIMEOUT, fleets_own, read_fleet


def write(folder: Path, text: str) -> Path:
    file = folder / "fleet.toml"
    file.write_text(text)
    return file


def test_everything(tmp_path: Path) -> None:
    (tmp_path / "strict.toml").write_text("select = ['HL1']\n")
    file = write(
        tmp_path,
        """
        timeout = 60
        ref = "main"
        config = "strict.toml"
        arguments = { scan = ["--no-cache"], migrate = ["--dry-run"] }
        [[repositories]]
        path = "../shop"
        [[repositories]]
        url = "https://ann:pw@example.org/team/billing.git"
        name = "bills"
        ref = "v1.2"
        timeout = 5
        arguments.scan = ["--min-score", "50"]
        [[repositories]]
        url = "mirrors/web.git"
        """,
    )
    shop, bills, web = read_fleet(file)
    assert (shop.name, shop.path, shop.url, shop.ref, shop.timeout) == (
        *("shop", str(tmp_path.parent / "shop"), ""),
        *("", 60),
    )
    assert shop.arguments == {"scan": ("--no-cache",), "migrate": ("--dry-run",)}
    assert shop.config is not None
    assert (shop.config.name, shop.config.contents) == ("strict.toml", b"select = ['HL1']\n")
    assert (bills.name, bills.ref, bills.timeout) == ("bills", "v1.2", 5)
    assert bills.arguments == {"scan": ("--min-score", "50"), "migrate": ("--dry-run",)}
    assert bills.source == "https://example.org/team/billing.git"
    assert "pw" not in repr(bills)
    assert (web.name, web.url, web.ref) == ("web", str(tmp_path / "mirrors" / "web.git"), "main")


def test_defaults(tmp_path: Path) -> None:
    (entry,) = read_fleet(write(tmp_path, "[[repositories]]\npath = 'a'\n"))
    assert (entry.timeout, entry.ref, entry.config, dict(entry.arguments)) == (DEFAULT_TIMEOUT, "", None, {})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "repositories: expected at least one table [[repositories]]"),
        ("repositories = []", "repositories: expected at least one table [[repositories]]"),
        ("repositories = 1", "repositories: expected an array of tables, got an integer (1)"),
        ("repositories = [1]", "repositories[0]: expected a table, got an integer (1)"),
        ("repos = 1", "repos: unknown key; the nearest valid key is 'repositories' "),
        ("timeout = 0", "timeout: expected a number of seconds from 1 on, got an integer (0)"),
        ("[[repositories]]\npth = 'a'", "repositories[0].pth: unknown key; the nearest valid key is 'path' "),
        ("[[repositories]]\npath = ''", "repositories[0].path: expected a string that is not empty"),
        ("[[repositories]]\npath = 1", "repositories[0].path: expected a string, got an integer (1)"),
        ("[[repositories]]", "repositories[0]: expected one of the keys 'path' and 'url'"),
        ("[[repositories]]\npath='a'\nurl='b'", "repositories[0]: expected one of the keys 'path' and 'url'"),
        ("[[repositories]]\npath='a'\nref='b'", "repositories[0].ref: a clone at a `path` is taken as it is"),
        ("[[repositories]]\npath='/'", "repositories[0]: the key 'name' is missing, and none can be told"),
        ("[[repositories]]\nurl=['https://u:pw@h/x']", "repositories[0].url: expected a string"),
        ("[[repositories]]\nurl='-x'", "repositories[0].url: expected the address of a git remote"),
        ("[[repositories]]\nurl='b'\nref='--x'", "repositories[0].ref: expected a branch, a tag or a commit"),
        ("[[repositories]]\nurl='b'\nref='a:b'", "repositories[0].ref: expected a branch, a tag or a commit"),
        ("[[repositories]]\npath='a'\nconfig='no.toml'", "repositories[0].config: "),
        ("arguments = ['--x']", "arguments: expected a table, got an array"),
        ("arguments.scna = []", "arguments.scna: unknown key; the nearest valid key is 'scan' "),
        ("arguments.scan = ['--format=text']", "arguments.scan: '--format=text' is for `holdline fleet` to say"),
        ("arguments.scan = ['-C/x']", "arguments.scan: '-C/x' is for `holdline fleet` to say"),
        (
            "[[repositories]]\npath='a/x'\n[[repositories]]\npath='b/x'",
            "repositories[1]: there are two repositories named 'x': give one another `name`",
        ),
        ("[[repositories", "not valid TOML: "),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_fleet(file)
    said = str(caught.value)
    assert said.startswith(f"{file}: {complaint}")
    assert "\n" not in said
    assert "pw" not in said.removeprefix(str(file))


def test_a_list_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.toml: there is no such file$"):
        read_fleet(tmp_path / "no.toml")
    with pytest.raises(ConfigError, match=r"cannot read the list of repositories: Is a directory$"):
        read_fleet(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "own"),
    [
        (["--min-score", "5", "tests"], ""),
        (["-o", "x"], "-o"),
        (["--output=x"], "--output=x"),
        (["--fresh"], "--fresh"),
        (["--", "--fresh", "-C"], ""),
        (["--color", "never"], ""),
    ],
)
def test_options_that_are_the_fleets_own(arguments: list[str], own: str) -> None:
    assert fleets_own(arguments) == own
