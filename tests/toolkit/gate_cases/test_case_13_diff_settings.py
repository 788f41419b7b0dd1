"""13. Diff parsing: prefixes, colour, external diff, textconv, quoted paths, missing newlines, and other settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .gates import Judge, reads

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

HOSTILE = {
    "diff.external": "{trap}",
    "diff.noprefix": "true",
    "diff.mnemonicPrefix": "true",
    "diff.srcPrefix": "x/",
    "diff.renames": "copies",
    "diff.renameLimit": "1",
    "diff.interHunkContext": "50",
    "diff.context": "10",
    "diff.algorithm": "patience",
    "diff.indentHeuristic": "true",
    "diff.ignoreSubmodules": "none",
    "diff.submodule": "log",
    "diff.relative": "true",
    "diff.wordRegex": ".",
    "diff.colorMoved": "zebra",
    "diff.colorMovedWS": "ignore-all-space",
    "diff.orderFile": "{order}",
    "diff.suppressBlankEmpty": "true",
    "diff.trap.textconv": "{trap}",
    "diff.trap.command": "{trap}",
    "diff.trap.binary": "true",
    "color.ui": "always",
    "color.diff": "always",
    "core.quotePath": "true",
    "core.fsmonitor": "{trap}",
    "core.hooksPath": "{hooks}",
    "core.pager": "{trap}",
    "core.attributesFile": "{attributes}",
    "core.whitespace": "tab-in-indent",
    "core.abbrev": "4",
    "core.commentChar": "@",
    "core.preloadIndex": "true",
    "log.showSignature": "true",
    "merge.renames": "false",
    "pager.diff": "{trap}",
    "alias.diff": "!{trap}",
    "alias.diff-index": "!{trap}",
    "gpg.program": "{trap}",
    "interactive.diffFilter": "{trap}",
    "status.relativePaths": "true",
    "uploadpack.packObjectsHook": "{trap}",
}
MIDDLE = "".join(f"# {n}\n" for n in range(12))
BEFORE = f'import os\nA = os.environ["A"]\n{MIDDLE}B = os.environ["B"]'
AFTER = f'import os\nX = 1\nA = os.environ["A"]\n{MIDDLE}A = os.environ["A"]\nB = os.environ["B"]\nC = os.environ["C"]'
NEW = ["é b.py:16 HL101", "é b.py:18 HL101"]


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo({"é b.py": BEFORE, "other.py": reads("O")})


def spring_traps(repo: Repo, tmp_path: Path, names: list[str]) -> Path:
    """Set the settings, with programs that leave a trace if anything runs them; where the trace would be."""
    sprung = tmp_path / "sprung"
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho sprung >> '{sprung}'\necho nonsense\n")
    trap.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "fsmonitor-watchman", "reference-transaction", "post-checkout"):
        (hooks / name).write_text(trap.read_text())
        (hooks / name).chmod(0o755)
    (tmp_path / "order").write_text("other.py\n")
    (tmp_path / "attributes").write_text("* diff=trap -text\n*.py binary diff=trap\n")
    places = {name: str(tmp_path / name) for name in ("trap", "hooks", "order", "attributes")}
    for name in names:
        repo.git("config", name, HOSTILE[name].format(**places))
    return sprung


@pytest.mark.parametrize("name", [*HOSTILE, "all of them"])
def test_settings_change_nothing(repo: Repo, judge: Judge, tmp_path: Path, name: str) -> None:
    repo.write("é b.py", AFTER)
    repo.git("add", "--all")
    expected = judge(repo)
    assert expected.new == NEW
    sprung = spring_traps(repo, tmp_path, list(HOSTILE) if name == "all of them" else [name])
    verdict = judge(repo)
    assert verdict.report == expected.report
    assert not sprung.exists()


@pytest.mark.parametrize(
    "attributes", ["* diff=trap", "*.py -diff", "*.py binary", "*.py diff=python", "* -text", "*.py eol=crlf"]
)
def test_attributes_of_the_repository(repo: Repo, judge: Judge, tmp_path: Path, attributes: str) -> None:
    sprung = spring_traps(repo, tmp_path, [n for n in HOSTILE if n.startswith("diff.trap.")])
    repo.write(".gitattributes", f"{attributes}\n")
    repo.commit()
    repo.write("é b.py", AFTER)
    repo.git("add", "--all")
    assert judge(repo).new == NEW
    assert not sprung.exists()


@pytest.mark.parametrize(
    "variables",
    [
        {"GIT_EXTERNAL_DIFF": "false"},
        {"GIT_PAGER": "false", "PAGER": "false"},
        {"GIT_DIFF_OPTS": "--unified=9"},
        {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "color.diff", "GIT_CONFIG_VALUE_0": "always"},
        {"GIT_LITERAL_PATHSPECS": "0", "GIT_ICASE_PATHSPECS": "1"},
        {"GIT_TRACE": "1", "GIT_TRACE_SETUP": "1"},
        {"GIT_NAMESPACE": "other"},
        {"LANG": "de_DE.UTF-8", "LANGUAGE": "de", "LC_ALL": "de_DE.UTF-8"},
        {"GIT_OBJECT_DIRECTORY": "/nowhere"},
        {"GIT_COMMON_DIR": "/nowhere"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_variables_change_nothing(
    repo: Repo, judge: Judge, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    repo.write("é b.py", AFTER)
    repo.git("add", "--all")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert judge(repo).new == NEW


@pytest.mark.parametrize("before", [BEFORE, f"{BEFORE}\n"])
@pytest.mark.parametrize("after", [AFTER, f"{AFTER}\n", f"{AFTER}\n\n"])
def test_missing_newlines_at_the_end(make_repo: MakeRepo, judge: Judge, before: str, after: str) -> None:
    repo = make_repo({"é b.py": before})
    repo.write("é b.py", after)
    repo.git("add", "--all")
    assert judge(repo).new == NEW


def test_lines_that_look_like_a_diff(make_repo: MakeRepo, judge: Judge) -> None:
    text = '"""\n@@ -1,3 +1,9 @@\n--- a/x\n+++ b/x\ndiff --git a/x b/x\n"""\nimport os\n'
    repo = make_repo({"a.py": text + 'A = os.environ["A"]\n'})
    repo.write("a.py", text + 'A = os.environ["A"]\n' + text + 'A = os.environ["A"]\n')
    repo.git("add", "--all")
    assert judge(repo).new == ["a.py:16 HL101"]
