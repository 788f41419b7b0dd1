"""`holdline branches`: what is built, from what, and that nothing of the user's is touched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from holdline import fixing
from holdline.proofs import ProofError
from holdline_runtime import get_env

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

SCHEMA = Path(__file__).parents[3] / "docs" / "json-schema" / "holdline-branches-1.schema.json"
SHOP = Path(__file__).parents[3] / "examples" / "shop"

READ = 'import os\n\n\ndef test():\n    assert os.getenv("A") is None\n'
DONE = 'from holdline_runtime import get_env\n\n\ndef test():\n    assert get_env().get("A") is None\n'
REFUSED = "import os\n\n\ndef test():\n    assert vars(os.environ)\n"
FILES = {
    "tests/conftest.py": READ,
    **{f"tests/test_{n}.py": READ for n in range(2)},
    **{f"tests/auth/test_{n}.py": READ for n in range(3)},
    **{f"tests/pay/test_{n}.py": READ for n in range(7)},
    "tests/pay/test_left.py": READ + REFUSED,
    "tests/test_clean.py": "X = 1\n",
    "app/core.py": READ,
    "README": "hello\n",
}
CAP = ("--max-files-per-branch", "5")
PREFIX = "holdline/env-access"
NAMES = [f"{PREFIX}/{shard}" for shard in ("tests", "tests.auth", "tests.pay.part-1", "tests.pay.part-2")]


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    return make_repo(FILES)


def heads(repo: Repo, below: str = "refs/heads/holdline/") -> dict[str, str]:
    listed = repo.git("for-each-ref", "--format=%(refname:short) %(objectname)", below).splitlines()
    return dict(line.split(" ") for line in listed)


def test_each_directory_gets_a_branch(repo: Repo, shell: Run) -> None:
    done = shell(repo.root, "branches", *CAP)
    assert (done.code, done.err) == (0, "")
    rows = [line.split() for line in done.text.splitlines()]
    base = repo.git("rev-parse", "--short=9", "HEAD").strip()
    assert rows[0] == ["base:", "main", base]
    assert rows[2] == ["order", "branch", "files", "before", "after", "owners", "waits", "for", "state"]
    assert rows[3:7] == [
        ["1", NAMES[0], "3", "3", "0", "-", "-", "new"],
        ["2", NAMES[1], "3", "3", "0", "-", "1", "new"],
        ["3", NAMES[3], "4", "5", "1", "-", "1", "new"],  # more violations in one file
        ["4", NAMES[2], "4", "4", "0", "-", "1", "new"],
    ]
    assert done.text.endswith("\n4 branches: 4 new\n")
    assert sorted(heads(repo)) == sorted(NAMES)


def test_a_branch_is_one_commit_on_the_base(repo: Repo, call: Run) -> None:
    call(repo.root, "branches", *CAP)
    base = repo.git("rev-parse", "HEAD").strip()
    assert repo.git("rev-parse", f"{NAMES[1]}^@").split() == [base]
    assert repo.git("diff", "--name-status", base, NAMES[1]).split() == [
        part for n in range(3) for part in ("M", f"tests/auth/test_{n}.py")
    ]
    assert repo.git("show", f"{NAMES[1]}:tests/auth/test_0.py") == DONE
    assert repo.git("log", "-1", "--format=%an <%ae>|%cn <%ce>", NAMES[1]) == (
        "Test <test@example.org>|Test <test@example.org>\n"
    )
    repo.git("fsck", "--strict")


def test_the_message(repo: Repo, call: Run) -> None:
    call(repo.root, "branches", *CAP)
    message = repo.git("log", "-1", "--format=%B", NAMES[3])
    assert message.startswith("env-access: tests/pay, part 2 (4 files)\n\n")
    for part in (
        "the environment is read directly (HL101)",
        "violations in 4 files: 5 before, 1 after",
        "HL104: 1 before, 1 after",
        "tests/pay/test_left.py:10 (before): HL104 ",
        "it parses",
        "Tests were not run",
        "`holdline_runtime`",
        f"Best merged after {NAMES[0]}",
        "git revert",
        f"Holdline-Base: {repo.git('rev-parse', 'main')}",
    ):
        assert part in message.replace("\n", " ") or part in message, part
    trailers = repo.git("log", "-1", "--format=%(trailers:only,unfold,key=Holdline-Shard,valueonly)", NAMES[3])
    assert trailers.strip() == "tests.pay.part-2"


def test_a_dry_run_writes_nothing(repo: Repo, shell: Run, snapshot: Run) -> None:
    before = snapshot(repo.root)
    done = shell(repo.root, "branches", "--dry-run", *CAP)
    assert (done.code, done.err) == (0, "")
    assert done.text.endswith("4 branches: 4 new; nothing was changed\n")
    assert snapshot(repo.root) == before


def test_nothing_to_do(make_repo: MakeRepo, shell: Run) -> None:
    repo = make_repo({"tests/test_a.py": "X = 1\n"})
    done = shell(repo.root, "branches")
    assert (done.code, done.err) == (0, "")
    assert done.text.startswith("nothing to publish: no fix is to be made on main ")


def test_all_branches_merged_are_one_migration(repo: Repo, call: Run, tmp_path: Path) -> None:
    call(repo.root, "branches", *CAP)
    repo.git("merge", "--quiet", "--no-edit", *NAMES)
    merged = repo.git("rev-parse", "HEAD^{tree}")
    repo.git("reset", "--quiet", "--hard", "HEAD^1")
    call(repo.root, "migrate")
    repo.commit("migrated")
    assert repo.git("rev-parse", "HEAD^{tree}") == merged


@pytest.mark.parametrize("arguments", [[], ["--dry-run"], ["--push", "HUB"]], ids=["built", "dry", "pushed"])
def test_json(repo: Repo, shell: Run, tmp_path: Path, arguments: list[str]) -> None:
    hub = tmp_path / "hub.git"
    repo.git("init", "--quiet", "--bare", str(hub))
    repo.write("tests/test_broken.py", "import os\nX = os.environ['X'\n")
    repo.commit("broken")
    call = [str(hub) if part == "HUB" else part for part in arguments]
    found = shell(repo.root, "branches", "--format", "json", *CAP, *call).json
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(found)
    assert (found["dry_run"], found["by"], found["base"]["branch"]) == (call == ["--dry-run"], "directory", "main")
    last = found["branches"][2]
    assert (last["name"], last["state"], last["after"]) == (NAMES[3], "new", [NAMES[0]])
    assert last["violations"] == {"before": 5, "after": 1}
    assert {"path": "tests/pay/test_left.py", "fixed": 1, "left": 1} in last["files"]
    assert (last["commit"] is None, last["push"]) == (
        call == ["--dry-run"],
        {"problem": None} if len(call) > 1 else None,
    )
    assert [p["path"] for p in found["problems"]] == ["tests/test_broken.py"]


@pytest.mark.parametrize("seed", range(4))
def test_any_layout_merged_is_one_migration(make_repo: MakeRepo, call: Run, seed: int) -> None:
    """Directories at random, branches merged in an order at random, and some of them only in a second run."""
    random = Random(seed)
    folders = ["/".join(random.choices("abc", k=random.randint(1, 4))) for _ in range(12)]
    files = {f"tests/{f}/test_{random.randint(0, 9)}.py": READ + f"# {n}\n" for n, f in enumerate(folders * 3)}
    files |= {f"tests/{f}/conftest.py": READ for f in folders[:3]}
    files["CODEOWNERS"] = "/tests/a/ @ann\n/tests/b/ @bob @ann\n"
    repo = make_repo(files)
    options = (f"--max-files-per-branch={random.randint(1, 9)}", "--by", random.choice(["directory", "owner"]))
    call(repo.root, "migrate")
    repo.git("add", "--all")
    expected = repo.git("write-tree")
    repo.git("reset", "--quiet", "--hard")
    for part in (0.5, 1.0):
        found = call(repo.root, "branches", "--format", "json", *options).json["branches"]
        names = [b["name"] for b in found if b["state"] != "merged"]
        assert part == 0.5 or {b["state"] for b in found} <= {"merged", "unchanged"}
        for name in random.sample(names, round(len(names) * part)):
            repo.git("merge", "--quiet", "--no-edit", name)
    assert repo.git("rev-parse", "HEAD^{tree}") == expected
    found = call(repo.root, "branches", "--format", "json", *options).json["branches"]
    assert {b["state"] for b in found} == {"merged"}
    assert heads(repo) == {}


def test_a_folder_whose_name_git_would_split(make_repo: MakeRepo, call: Run, tmp_path: Path) -> None:
    repo = make_repo({"tests/test_a.py": READ}, name='re:po "x" \\y')
    done = call(repo.root, "branches", "--dry-run")
    assert (done.code, "1 branch: 1 new" in done.text) == (0, True)
    assert call(repo.root, "branches").code == 0


# the user's own


def make_a_mess(repo: Repo) -> None:
    """Staged, unstaged and untracked changes, a stash, and a rebase that stopped."""
    repo.write("tests/auth/test_0.py", READ + "# stashed\n")
    repo.git("stash")
    for name, text in (("topic", "topic\n"), ("other", "other\n")):
        repo.git("checkout", "--quiet", "-b", name, "main")
        repo.write("README", text)
        repo.commit(name)
    assert subprocess.run(["git", "rebase", "topic"], cwd=repo.root, capture_output=True, check=False).returncode
    repo.write("tests/auth/test_1.py", "import os\nSTAGED = os.environ['B']\n")
    repo.git("add", "tests/auth/test_1.py")
    repo.write("tests/auth/test_1.py", "this does not parse (\n")
    repo.write("tests/auth/test_new.py", READ)
    (repo.root / "tests/auth/test_2.py").unlink()
    repo.write("pyproject.toml", "[tool.holdline]\nnonsense = 1\n")


def test_nothing_of_the_users_is_touched(repo: Repo, shell: Run, snapshot: Run) -> None:
    expected = shell(repo.root, "branches", "--dry-run", "--format", "json", "--base", "main", *CAP).json
    make_a_mess(repo)
    before = snapshot(repo.root)
    done = shell(repo.root, "branches", "--base", "main", "--format", "json", *CAP)
    assert (done.code, done.err) == (0, "")
    ours = (".git/objects/", ".git/refs/heads/holdline/", ".git/refs/holdline/", ".git/logs/refs/heads/holdline/")
    after = snapshot(repo.root)
    assert {p: v for p, v in after.items() if not p.startswith(ours)} == {
        p: v for p, v in before.items() if not p.startswith(ours)
    }
    assert {p: v for p, v in after.items() if p in before} == before
    # and nothing of the working tree is in the branches
    assert [(b["name"], b["files"]) for b in done.json["branches"]] == [
        (b["name"], b["files"]) for b in expected["branches"]
    ]
    assert repo.git("show", f"{NAMES[1]}:tests/auth/test_1.py") == DONE


def test_split_indexes_and_sparse_checkouts_are_left_alone(repo: Repo, shell: Run, snapshot: Run) -> None:
    repo.git("sparse-checkout", "set", "--no-cone", "/app")
    repo.git("config", "core.splitIndex", "true")
    repo.git("update-index", "--split-index")
    before = snapshot(repo.root)
    assert shell(repo.root, "branches", *CAP).code == 0
    after = snapshot(repo.root)
    assert {p: v for p, v in after.items() if p in before} == before
    assert not [p for p in after.keys() - before.keys() if "index" in p]
    assert sorted(heads(repo)) == sorted(NAMES)


def test_modes_links_submodules_and_line_ends_stay(repo: Repo, call: Run) -> None:
    target = repo.write("tests/auth/test_0.py", READ)
    target.chmod(0o755)
    (repo.root / "tests/auth/test_link.py").symlink_to("test_0.py")
    repo.write("tests/auth/test_1.py", READ.replace("\n", "\r\n"))
    repo.write(".gitattributes", "*.py -text\n")
    repo.commit("odd")
    commit = repo.git("rev-parse", "HEAD").strip()
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},vendor/sub")
    repo.git("commit", "--quiet", "-m", "submodule")
    call(repo.root, "branches", *CAP)
    listed = repo.git("ls-tree", "-r", NAMES[1])
    modes = {line.split("\t")[1]: line.split(" ")[0] for line in listed.splitlines()}
    assert modes["tests/auth/test_0.py"] == "100755"
    assert modes["tests/auth/test_link.py"] == "120000"
    assert modes["vendor/sub"] == "160000"
    blob = subprocess.run(
        ["git", "cat-file", "blob", f"{NAMES[1]}:tests/auth/test_1.py"], cwd=repo.root, capture_output=True, check=True
    ).stdout
    assert blob == DONE.replace("\n", "\r\n").encode()


# the base


def test_the_base_is_the_remotes_default_branch(repo: Repo, call: Run, tmp_path: Path, make_repo: MakeRepo) -> None:
    repo.git("clone", "--quiet", str(repo.root), str(tmp_path / "clone"))
    clone = type(repo)(tmp_path / "clone")
    clone.git("checkout", "--quiet", "-b", "work")
    clone.write("tests/auth/test_0.py", "X = 1\n")
    clone.commit("work")
    found = call(clone.root, "branches", "--dry-run", "--format", "json", *CAP).json
    assert found["base"] == {
        "commit": repo.git("rev-parse", "main").strip(),
        "name": "origin/main",
        "branch": "main",
    }
    found = call(clone.root, "branches", "--dry-run", "--format", "json", "--base", "work", *CAP).json
    assert found["base"]["branch"] == "work"
    assert "tests/auth/test_0.py" not in [f["path"] for b in found["branches"] for f in b["files"]]
    found = call(clone.root, "branches", "--dry-run", "--format", "json", "--base", "work~1", *CAP).json
    assert found["base"]["branch"] is None


def test_the_configuration_is_that_of_the_base(repo: Repo, call: Run) -> None:
    repo.write("pyproject.toml", '[tool.holdline]\nexclude = ["tests/pay/**"]\n')
    repo.commit("configured")
    repo.write("pyproject.toml", "[tool.holdline]\n")
    found = call(repo.root, "branches", "--dry-run", "--format", "json", *CAP).json
    assert [b["name"] for b in found["branches"]] == NAMES[:2]
    repo.write("other.toml", 'exclude = ["tests/auth/**"]\n')
    done = call(repo.root, "branches", "--dry-run", "--format", "json", "--config", "other.toml", *CAP)
    assert sorted(b["name"] for b in done.json["branches"]) == [NAMES[0], *NAMES[2:]]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--base", "nowhere"], "the base nowhere is not in this clone"),
        (["tests/none"], "tests/none is not in the base main "),
        (["../elsewhere"], "is outside the repository"),
        (["--open-prs"], "--open-prs needs --push REMOTE"),
        (["--draft"], "--draft is about pull requests: add --open-prs"),
        (["--label", "x"], "--label is about pull requests: add --open-prs"),
        (["--by", "owner"], "there is no CODEOWNERS in main "),
        (["-m", "nothing"], "no migration is called 'nothing'"),
        (["--max-files-per-branch", "0"], "'0' is not a whole number above 0"),
    ],
)
def test_what_cannot_be_is_one_line(repo: Repo, shell: Run, arguments: list[str], complaint: str) -> None:
    done = shell(repo.root, "branches", *arguments)
    assert done.code == 2
    assert complaint in done.complaint
    assert heads(repo) == {}


def test_before_the_first_commit(make_repo: MakeRepo, shell: Run) -> None:
    done = shell(make_repo().root, "branches")
    assert (done.code, "there is no commit yet" in done.complaint) == (2, True)


def test_without_the_extra(repo: Repo, shell: Run, without: Run) -> None:
    done = shell(repo.root, "branches", env=without("git"))
    assert (done.code, "GitPython" in done.complaint) == (2, True)


def test_nobody_knows_who_commits(repo: Repo, shell: Run, tmp_path: Path) -> None:
    config = tmp_path / "empty"
    config.write_text("[user]\n\tuseConfigOnly = true\n")
    done = shell(repo.root, "branches", env={"GIT_CONFIG_GLOBAL": str(config)})
    assert (done.code, "set user.name and user.email" in done.complaint) == (2, True)
    assert heads(repo) == {}


def test_a_name_in_the_way(repo: Repo, shell: Run) -> None:
    repo.git("branch", "holdline")
    done = shell(repo.root, "branches")
    assert done.code == 2
    assert "refs/heads/holdline" in done.complaint
    assert sorted(heads(repo, "refs/heads/")) == ["holdline", "main"]


# options


def test_paths_choose_branches_and_cut_none(repo: Repo, call: Run) -> None:
    done = call(repo.root / "tests", "branches", "--format", "json", *CAP, "auth", "pay/test_0.py")
    assert [b["name"] for b in done.json["branches"]] == NAMES[1:3]
    assert len(done.json["branches"][1]["files"]) == 4
    assert sorted(heads(repo)) == NAMES[1:3]
    call(repo.root, "branches", *CAP)
    assert sorted(heads(repo)) == NAMES


def test_scope_and_unsafe(repo: Repo, call: Run) -> None:
    done = call(repo.root, "branches", "--dry-run", "--format", "json", "--scope", "source", *CAP)
    assert [b["name"] for b in done.json["branches"]] == [f"{PREFIX}/app"]
    repo.write(
        "tests/test_swap.py",
        'from unittest.mock import patch\n\n\n@patch("os.environ", {"A": "1"})\ndef test(): pass\n',
    )
    repo.commit("swap")
    for more, there in (([], False), (["--unsafe"], True)):
        done = call(repo.root, "branches", "--dry-run", "--format", "json", *CAP, *more)
        assert ("tests/test_swap.py" in [f["path"] for b in done.json["branches"] for f in b["files"]]) is there


def test_files_that_do_not_parse_are_named(repo: Repo, shell: Run) -> None:
    repo.write("tests/test_broken.py", "import os\nX = os.environ['X'\n")
    repo.commit("broken")
    done = shell(repo.root, "branches", *CAP)
    assert (done.code, done.err) == (0, "holdline: tests/test_broken.py:2: does not parse: '[' was never closed\n")


def test_a_rewrite_that_cannot_be_proved(repo: Repo, call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    prove = fixing.prove

    def doubt(source: Any, *rest: Any) -> Any:
        if source.path == "tests/auth/test_0.py":
            raise ProofError("for the test")
        return prove(source, *rest)

    monkeypatch.setattr(fixing, "prove", doubt)
    done = call(repo.root, "branches", "--jobs", "1", *CAP)
    assert done.code == 1
    assert "tests/auth/test_0.py: left as it was, the rewrite could not be proved: for the test" in done.err
    assert repo.git("diff", "--name-only", f"main...{NAMES[1]}").split() == [f"tests/auth/test_{n}.py" for n in (1, 2)]


def test_by_owner(repo: Repo, call: Run) -> None:
    repo.write(".github/CODEOWNERS", "* @org/all\n/tests/auth/ @ann @bob\n/tests/pay/test_0.py\n")
    repo.commit("owners")
    found = call(repo.root, "branches", "--by", "owner", "--format", "json", "--max-files-per-branch", "20").json
    shown = {b["name"].rpartition("/")[2].split(".")[0]: (b["owners"], len(b["files"])) for b in found["branches"]}
    assert shown == {"org-all": (["@org/all"], 10), "ann": (["@ann", "@bob"], 3), "unowned": ([], 1)}
    merged = [b["name"] for b in found["branches"]]
    repo.git("merge", "--quiet", "--no-edit", *merged)
    again = call(repo.root, "branches", "--by", "owner", "--format", "json", "--max-files-per-branch", "20").json
    assert {b["state"] for b in again["branches"]} == {"merged"}


# commits as git is configured


def test_signed_off(repo: Repo, call: Run) -> None:
    repo.git("config", "format.signOff", "true")
    call(repo.root, "branches", *CAP)
    assert repo.git("log", "-1", "--format=%(trailers:key=Signed-off-by,valueonly)", NAMES[0]).strip() == (
        "Test <test@example.org>"
    )
    assert call(repo.root, "branches", *CAP).text.endswith("4 branches: 4 unchanged\n")


def test_signed(repo: Repo, call: Run, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    signers = tmp_path / "signers"
    signers.write_text(f"test@example.org {(tmp_path / 'key.pub').read_text()}")
    repo.git("config", "gpg.format", "ssh")
    repo.git("config", "user.signingKey", str(key))
    repo.git("config", "gpg.ssh.allowedSignersFile", str(signers))
    call(repo.root, "branches", *CAP)
    assert {repo.git("log", "-1", "--format=%G?", name).strip() for name in NAMES} == {"N"}
    repo.git("for-each-ref", "--format=delete %(refname)", "refs/heads/holdline", "refs/holdline")
    for name in NAMES:
        repo.git("branch", "-D", "-q", name)
    repo.git("config", "commit.gpgSign", "true")
    assert call(repo.root, "branches", *CAP).code == 0
    assert {repo.git("log", "-1", "--format=%G?", name).strip() for name in NAMES} == {"G"}
    assert call(repo.root, "branches", *CAP).text.endswith("4 branches: 4 unchanged\n")


def test_a_key_that_is_not_there(repo: Repo, shell: Run) -> None:
    repo.git("config", "gpg.format", "ssh")
    repo.git("config", "user.signingKey", "/nowhere/key")
    repo.git("config", "commit.gpgSign", "true")
    done = shell(repo.root, "branches")
    assert done.code == 2
    assert "git commit-tree failed" in done.complaint
    assert heads(repo) == {}


def test_hooks_that_are_not_run_are_named(repo: Repo, shell: Run) -> None:
    for name in ("pre-commit", "commit-msg", "post-checkout", "reference-transaction"):
        hook = repo.write(f".git/hooks/{name}", "#!/bin/sh\ntouch ran\nexit 1\n")
        hook.chmod(0o755)
    done = shell(repo.root, "branches", *CAP)
    assert done.code == 0
    assert done.err == ("holdline: the hooks pre-commit, commit-msg are not run: there is no checkout to run them on\n")
    assert not (repo.root / "ran").exists()


def test_in_a_linked_worktree_and_under_a_hooks_variables(repo: Repo, shell: Run, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "--quiet", "-b", "side", str(linked))
    index = (repo.root / ".git/index").read_bytes()
    env = {"GIT_INDEX_FILE": str(repo.root / ".git/index"), "GIT_DIR": str(repo.root / ".git")}
    assert shell(linked, "branches", *CAP, env=env).code == 0
    assert sorted(heads(repo)) == sorted(NAMES)
    assert (repo.root / ".git/index").read_bytes() == index


def test_a_sha256_repository(tmp_path: Path, repo: Repo, call: Run) -> None:
    other = type(repo)(tmp_path / "sha256")
    other.root.mkdir()
    other.git("init", "--quiet", "--object-format=sha256")
    other.write("tests/test_a.py", READ)
    other.commit("start")
    assert call(other.root, "branches").code == 0
    assert call(other.root, "branches").text.endswith("1 branch: 1 unchanged\n")
    assert other.git("show", f"{PREFIX}/tests:tests/test_a.py") == DONE


def test_odd_names(repo: Repo, call: Run) -> None:
    for name in ("tests/ü mlaut/test_a.py", "tests/a.b/test_a.py", "tests/a_b/test_a.py", "tests/part-1/test_a.py"):
        repo.write(name, READ)
    raw = os.fsencode(repo.root) + b"/tests/\xff"
    os.mkdir(raw)  # noqa: PTH102
    Path(os.fsdecode(raw), "test_a.py").write_text(READ)
    repo.commit("odd")
    done = call(repo.root, "branches", "--format", "json", *CAP)
    assert done.code == 0
    names = [b["name"] for b in done.json["branches"]]
    assert len(set(names)) == len(names) == 9
    assert sorted(heads(repo)) == sorted(names)
    assert call(repo.root, "branches", *CAP).text.endswith("9 branches: 9 unchanged\n")


def test_each_branch_alone_passes_the_suite(repo: Repo, call: Run, tmp_path: Path) -> None:
    """The sample's 26 tests, run on every branch by itself."""
    shop = type(repo)(tmp_path / "shop")
    shutil.copytree(SHOP, shop.root, ignore=shutil.ignore_patterns("__pycache__"))
    shop.git("init", "--quiet")
    shop.commit("start")
    done = call(shop.root, "branches", "--format", "json", *CAP)
    names = [b["name"] for b in done.json["branches"]]
    assert len(names) == 3
    for name in names:
        shop.git("checkout", "--quiet", name)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-W", "ignore"]
        tested = subprocess.run(command, cwd=shop.root, env=get_env().child_env(), capture_output=True, check=False)
        assert tested.stdout.splitlines()[-1].startswith(b"26 passed"), (name, tested.stdout.decode())
