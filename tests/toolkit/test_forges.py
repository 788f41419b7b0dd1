"""Which forge a remote is on, and what it calls the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdline.errors import HoldlineError
from holdline.forges import Forge, Host, choose_forge, locate


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://github.com/org/name.git", Host("github.com", "org/name")),
        ("https://github.com/org/name/", Host("github.com", "org/name")),
        ("ssh://git@github.example.com:2222/org/name", Host("github.example.com", "org/name")),
        ("git@gitlab.com:group/sub/name.git", Host("gitlab.com", "group/sub/name")),
        ("gitlab.com:name", Host("gitlab.com", "name")),
        ("https://me:p@ss@GitHub.com/org/name", Host("github.com", "org/name")),
        ("file:///srv/github/name.git", Host()),
        ("/srv/github.com/name.git", Host()),
        ("../name.git", Host()),
        ("./a:b", Host()),
    ],
)
def test_where(url: str, host: Host) -> None:
    assert locate(url) == host


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in Forge:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)


@pytest.mark.parametrize(
    ("asked", "url", "forge"),
    [
        (None, "git@github.com:org/name", Forge.GITHUB),
        (None, "https://gitlab.example.com/org/name", Forge.GITLAB),
        ("glab", "git@github.com:org/name", Forge.GITLAB),
        ("gh", "/srv/name.git", Forge.GITHUB),
    ],
)
@pytest.mark.usefixtures("installed")
def test_which(asked: str | None, url: str, forge: Forge) -> None:
    assert choose_forge(asked, url) is forge


@pytest.mark.usefixtures("installed")
def test_an_address_that_names_none() -> None:
    with pytest.raises(HoldlineError, match="both gh and glab are installed"):
        choose_forge(None, "https://git.example.com/github/name")


def test_one_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HoldlineError, match="needs gh: install it"):
        choose_forge(None, "git@github.com:org/name")
