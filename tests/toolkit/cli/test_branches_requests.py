"""`holdline branches --open-prs`: what `gh` and `glab` are told. A recorder stands in for them on PATH."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline.forges import Forge, ForgeCommand, Proposal, choose_forge

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

READ = 'import os\n\n\ndef test():\n    assert os.getenv("A") is None\n'
FILES = {
    "tests/conftest.py": READ,
    **{f"tests/{folder}/test_{n}.py": READ for folder in ("a", "b") for n in range(2)},
    "CODEOWNERS": "/tests/ @org/qa\n/tests/a/ @ann @org/qa ann@example.org\n",
}
CAP = ("--max-files-per-branch", "4")
PREFIX = "holdline/env-access"

# Remembers each call, with what comes on standard input; lists the requests it was told to open.
RECORDER = """\
#!{python}
import json, pathlib, sys
folder = pathlib.Path({folder!r})
name, arguments = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
text = sys.stdin.read()
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps([name, *arguments, text]) + "\\n")
head = next((arguments[n + 1] for n, a in enumerate(arguments) if a in ("--head", "--source-branch")), "")
if (folder / "broken").exists() and "create" in arguments:
    sys.exit("pull request create failed: GraphQL: " + (folder / "broken").read_text())
opened = folder / "opened"
known = opened.read_text().split() if opened.exists() else []
def remember(number):
    said = [arguments[n + 1] for n, a in enumerate(arguments) if a == "--description"]
    (folder / f"text{{number}}").write_text(said[0] if said else text)
if "create" in arguments:
    opened.write_text(" ".join([*known, head]))
    remember(len(known) + 1)
    print("Warning: 1 uncommitted change")
    print(f"https://forge.example/{{len(known) + 1}}")
elif "list" in arguments:
    numbers = [n for n, h in enumerate(known, 1) if h == head]
    keys = ("number", "url", "state", "body") if name == "gh" else ("iid", "web_url", "state", "description")
    states = json.loads((folder / "states").read_text()) if (folder / "states").exists() else {{}}
    usual = "OPEN" if name == "gh" else "opened"
    values = [(n, f"https://forge.example/{{n}}", states.get(str(n), usual), (folder / f"text{{n}}").read_text())
              for n in numbers]
    print(json.dumps([dict(zip(keys, v)) for v in values]))
else:
    remember(arguments[2])
"""


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """`forge("gh")` puts a recorder of that name on a PATH that has no other; the folder of its record."""

    def install(*names: str) -> Path:
        folder = tmp_path / "forge"
        folder.mkdir()
        for name in names:
            (folder / name).write_text(RECORDER.format(python=sys.executable, folder=str(folder)))
            (folder / name).chmod(0o755)
        git = subprocess.run(["sh", "-c", "command -v git"], capture_output=True, check=True, text=True).stdout.strip()
        (folder / "git").symlink_to(git)
        monkeypatch.setenv("PATH", str(folder))
        return folder

    return install


@pytest.fixture
def repo(make_repo: MakeRepo, tmp_path: Path) -> Repo:
    hub = tmp_path / "hub.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(hub)], check=True)
    repo = make_repo(FILES)
    repo.git("remote", "add", "origin", str(hub))
    repo.git("push", "--quiet", "origin", "main")
    return repo


def calls(folder: Path) -> list[list[str]]:
    path = folder / "calls"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def open_requests(run: Run, repo: Repo, *arguments: str) -> Any:
    return run(repo.root, "branches", *CAP, "--base", "main", "--push", "origin", "--open-prs", *arguments)


def option(call: list[str], name: str) -> list[str]:
    return [call[n + 1] for n, a in enumerate(call) if a == name]


def test_github(repo: Repo, shell: Run, forge: Run) -> None:
    folder = forge("gh")
    done = open_requests(shell, repo, "--draft", "--label", "holdline", "--label", "tests")
    assert (done.code, done.err) == (0, "")
    assert f"{PREFIX}/tests: https://forge.example/1\n" in done.text
    assert done.text.endswith("3 branches: 3 new; 3 pushed to origin; 3 pull requests opened\n")
    looked, opened = calls(folder)[2:4]
    assert looked[1:7] == ["pr", "list", "--state", "all", "--head", f"{PREFIX}/tests.a"]
    assert option(looked, "--json") == ["number,url,state,body"]
    assert opened[:7] == ["gh", "pr", "create", "--head", f"{PREFIX}/tests.a", "--base", "main"]
    assert option(opened, "--title") == ["env-access: tests/a (2 files)"]
    assert option(opened, "--label") == ["holdline", "tests"]
    assert option(opened, "--reviewer") == ["ann", "org/qa"]
    assert option(opened, "--body-file") == ["-"]
    assert "--draft" in opened
    text = opened[-1]
    for part in (
        "| `tests/a/test_0.py` | 1 | 0 |",
        "violations in 2 files: 2 before, 0 after",
        "the environment is read directly (HL101)",
        "it parses",
        "Tests were not run",
        f"Best merged after {PREFIX}/tests",
        "`holdline_runtime`",
        "git revert",
    ):
        assert part in text, part
    assert "@ann" not in text


def test_gitlab(repo: Repo, shell: Run, forge: Run) -> None:
    folder = forge("glab")
    done = open_requests(shell, repo, "--draft", "--label", "holdline")
    assert (done.code, done.err) == (0, "")
    looked, opened = calls(folder)[2:4]
    assert looked[:-1] == ["glab", "mr", "list", "--all", *("--source-branch", f"{PREFIX}/tests.a"), "--output", "json"]
    assert opened[:7] == ["glab", "mr", "create", "--source-branch", f"{PREFIX}/tests.a", "--target-branch", "main"]
    assert option(opened, "--reviewer") == ["ann"]  # a group cannot be asked
    assert option(opened, "--label") == ["holdline"]
    assert "--yes" in opened
    assert "--draft" in opened
    assert "| `tests/a/test_0.py` | 1 | 0 |" in option(opened, "--description")[0]


@pytest.mark.parametrize("name", ["gh", "glab"])
def test_open_ones_stay_and_follow_their_branch(repo: Repo, shell: Run, forge: Run, name: str) -> None:
    folder = forge(name)
    open_requests(shell, repo)
    (folder / "calls").unlink()
    done = open_requests(shell, repo)
    assert done.code == 0
    assert f"{PREFIX}/tests.a: https://forge.example/2\n" in done.text
    assert {call[2] for call in calls(folder)} == {"list"}
    (folder / "calls").unlink()
    repo.write("tests/a/test_1.py", READ + READ)
    repo.commit("moved")
    assert open_requests(shell, repo).code == 0
    (updated,) = [call for call in calls(folder) if call[2] != "list"]
    assert updated[1:4] == (["pr", "edit", "2"] if name == "gh" else ["mr", "update", "2"])
    assert "3 before, 0 after" in " ".join(updated)
    # a text that was rewritten by a person is theirs; one that could not be brought up to date is tried again
    (folder / "text1").write_text("mine")
    (folder / "text2").write_text((folder / "text2").read_text().replace("<!-- holdline ", "<!-- holdline 0"))
    (folder / "calls").unlink()
    assert open_requests(shell, repo).code == 0
    (updated,) = [call for call in calls(folder) if call[2] != "list"]
    assert updated[3] == "2"


@pytest.mark.parametrize(
    ("host", "names", "arguments", "program", "where"),
    [
        ("github.com", ("gh", "glab"), [], "gh", "org/name"),
        ("gitlab.example.com", ("gh", "glab"), [], "glab", "https://gitlab.example.com/org/name"),
        ("git.example.com", ("gh",), [], "gh", "git.example.com/org/name"),
        ("git.example.com", ("gh", "glab"), ["--forge", "glab"], "glab", "https://git.example.com/org/name"),
    ],
)
def test_which_forge(
    repo: Repo, forge: Run, host: str, names: tuple[str, ...], arguments: list[str], program: str, where: str
) -> None:
    folder = forge(*names)
    url = f"https://me:pa55@{host}/org/name.git"
    chosen = choose_forge(arguments[1] if arguments else None, url)
    assert chosen == program
    ForgeCommand(Forge(chosen), repo.root, url).propose(Proposal("b", "main", "t", "x"))
    assert {(c[0], *option(c, "--repo")) for c in calls(folder)} == {(program, where)}
    assert "pa55" not in str(calls(folder))


@pytest.mark.parametrize(
    ("names", "arguments", "complaint"),
    [
        ((), [], "neither gh nor glab is installed"),
        (("gh", "glab"), [], "both gh and glab are installed"),
        (("gh",), ["--forge", "glab"], "--open-prs needs glab: install it"),
    ],
)
def test_no_forge(
    repo: Repo, shell: Run, forge: Run, names: tuple[str, ...], arguments: list[str], complaint: str
) -> None:
    forge(*names)
    done = open_requests(shell, repo, *arguments)
    assert done.code == 2
    assert complaint in done.complaint
    assert repo.git("for-each-ref", "refs/heads/holdline") == ""


def test_a_base_that_is_no_branch(repo: Repo, shell: Run, forge: Run) -> None:
    forge("gh")
    done = open_requests(shell, repo, "--base", "HEAD~0")
    assert done.code == 2
    assert "is no branch to merge into: name one with --base" in done.complaint


def test_a_forge_that_fails_loses_nothing(repo: Repo, shell: Run, forge: Run) -> None:
    folder = forge("gh")
    (folder / "broken").write_text("no such label")
    done = open_requests(shell, repo)
    assert done.code == 2
    assert done.err.splitlines() == [
        f"holdline: {PREFIX}/{name}: no pull request: gh pr create failed: "
        "pull request create failed: GraphQL: no such label"
        for name in ("tests", "tests.a", "tests.b")
    ]
    (folder / "broken").unlink()
    done = open_requests(shell, repo)
    assert (done.code, "3 pull requests opened" in done.text) == (0, True)


def test_no_request_for_what_is_refused(repo: Repo, shell: Run, forge: Run) -> None:
    folder = forge("gh")
    shell(repo.root, "branches", *CAP, "--base", "main")
    repo.git("checkout", "--quiet", f"{PREFIX}/tests.a")
    repo.write("tests/a/test_0.py", "# mine\n")
    repo.commit("mine")
    repo.git("checkout", "--quiet", "main")
    done = open_requests(shell, repo)
    assert done.code == 1
    assert [option(c, "--head") for c in calls(folder) if c[2] == "create"] == [
        [f"{PREFIX}/tests"],
        [f"{PREFIX}/tests.b"],
    ]


@pytest.mark.parametrize(("name", "closed", "merged"), [("gh", "CLOSED", "MERGED"), ("glab", "closed", "merged")])
def test_what_was_closed_is_not_opened_again(
    repo: Repo, shell: Run, forge: Run, name: str, closed: str, merged: str
) -> None:
    folder = forge(name)
    open_requests(shell, repo)
    (folder / "states").write_text(json.dumps({"2": closed, "3": merged}))
    done = open_requests(shell, repo)
    assert done.code == 0
    assert done.err == (
        f"holdline: {PREFIX}/tests.a: https://forge.example/2 was closed without a merge: not opened again\n"
    )
    assert f"{PREFIX}/tests.b: https://forge.example/4\n" in done.text
    assert done.text.endswith("1 pull request opened\n")
