"""`holdline branches --push`: to a bare repository, as a file and over HTTP, with somebody else at work there."""

from __future__ import annotations

import base64
import http.server
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdline_runtime import get_env

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

READ = 'import os\n\n\ndef test():\n    assert os.getenv("A") is None\n'
FILES = {**{f"tests/{folder}/test_{n}.py": READ for folder in ("a", "b", "c") for n in range(2)}, "README": "hello\n"}
CAP = ("--max-files-per-branch", "4")
PREFIX = "holdline/env-access"
A = f"{PREFIX}/tests.a"
SECRET = "s3cr3t-t0ken"


class Backend(http.server.BaseHTTPRequestHandler):
    """`git http-backend` behind a server of the standard library, for those who know the password."""

    root: Path
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        expected = "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()
        if self.headers.get("Authorization") != expected:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else self.chunks()
        env = {
            **get_env(),
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "me",
        }
        done = subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().splitlines()]
        status = next((value for name, value in fields if name == "Status"), "200 OK")
        self.send_response(int(status.split()[0]))
        for name, value in fields:
            if name != "Status":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def chunks(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return b""
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """An empty bare repository that takes pushes."""
    path = tmp_path / "served" / "hub.git"
    path.mkdir(parents=True)
    for command in (["init", "--quiet", "--bare"], ["config", "http.receivepack", "true"]):
        subprocess.run(["git", *command], cwd=path, check=True)
    return path


@pytest.fixture
def web(bare: Path) -> Iterator[str]:
    """Its address over HTTP, with the password in it."""
    handler = type("Handler", (Backend,), {"root": bare.parent})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://me:{SECRET}@127.0.0.1:{server.server_port}/hub.git"
        server.shutdown()
        thread.join()


@pytest.fixture
def repo(make_repo: MakeRepo, bare: Path) -> Repo:
    repo = make_repo(FILES)
    repo.git("remote", "add", "origin", f"file://{bare}")
    repo.git("push", "--quiet", "--set-upstream", "origin", "main")
    return repo


def remote_heads(bare: Path) -> dict[str, str]:
    command = ["git", "for-each-ref", "--format=%(refname:short) %(objectname)", f"refs/heads/{PREFIX}"]
    listed = subprocess.run(command, cwd=bare, capture_output=True, check=True, text=True).stdout
    return dict(line.split(" ") for line in listed.splitlines())


def local_heads(repo: Repo) -> dict[str, str]:
    listed = repo.git("for-each-ref", "--format=%(refname:short) %(objectname)", f"refs/heads/{PREFIX}")
    return dict(line.split(" ") for line in listed.splitlines())


@pytest.fixture
def push(call: Run) -> Callable[..., Any]:
    """Push again: exit code, and by shard its state."""

    def run(repo: Repo, *arguments: str, remote: str = "origin") -> tuple[int, dict[str, str]]:
        done = call(repo.root, "branches", "--format", "json", *CAP, "--push", remote, *arguments)
        return done.code, {b["name"].rpartition(".")[2]: b["state"] for b in done.json["branches"]}

    return run


@pytest.fixture
def colleague(repo: Repo, bare: Path, tmp_path: Path) -> Callable[[], Repo]:
    """A fresh clone of somebody else."""

    def clone() -> Repo:
        path = tmp_path / f"colleague{len(list(tmp_path.glob('colleague*')))}"
        subprocess.run(["git", "clone", "--quiet", f"file://{bare}", str(path)], check=True)
        return type(repo)(path)

    return clone


def test_push_to_a_file(repo: Repo, shell: Run, push: Run, bare: Path) -> None:
    done = shell(repo.root, "branches", *CAP, "--push", "origin")
    assert (done.code, done.err) == (0, "")
    assert done.text.endswith("\n3 branches: 3 new; 3 pushed to origin\n")
    assert remote_heads(bare) == local_heads(repo) != {}
    done = shell(repo.root, "branches", *CAP, "--push", "origin")
    assert done.text.endswith("\n3 branches: 3 unchanged\n")


def test_push_over_http(repo: Repo, shell: Run, web: str, bare: Path) -> None:
    done = shell(repo.root, "branches", *CAP, "--push", web)
    assert (done.code, done.err) == (0, "")
    assert remote_heads(bare) == local_heads(repo) != {}
    assert SECRET not in done.text
    repo.git("remote", "set-url", "origin", web)
    done = shell(repo.root, "branches", *CAP, "--push", "origin", "--format", "json")
    assert {b["state"] for b in done.json["branches"]} == {"unchanged"}
    assert SECRET not in done.text + done.err


def test_passwords_are_never_shown(repo: Repo, shell: Run, web: str) -> None:
    for wrong in (
        web.replace(SECRET, "wr0ng-one"),
        web.replace("hub.git", "none.git"),
        web.replace("127.0.0.1", "no.invalid"),
    ):
        done = shell(repo.root, "branches", "--push", wrong)
        assert done.code == 2
        assert "git ls-remote failed for http://***@" in done.complaint
        assert SECRET not in done.err
        assert "wr0ng-one" not in done.err


def test_a_dry_run_looks_at_the_remote_and_leaves_no_trace(
    repo: Repo, shell: Run, push: Run, colleague: Run, snapshot: Run, bare: Path
) -> None:
    push(repo)
    other = colleague()
    other.git("checkout", "--quiet", A)
    other.write("README", "theirs\n")
    other.commit("theirs")
    other.git("push", "--quiet")
    before = snapshot(repo.root), snapshot(bare)
    done = shell(repo.root, "branches", *CAP, "--push", "origin", "--dry-run")
    assert done.code == 0
    assert "tests.a: diverged: on the remote somebody put " in done.err
    assert (snapshot(repo.root), snapshot(bare)) == before


def test_somebody_pushed_to_it(repo: Repo, push: Run, colleague: Run, bare: Path) -> None:
    push(repo)
    other = colleague()
    other.git("checkout", "--quiet", A)
    other.write("README", "theirs\n")
    theirs = other.commit("theirs")
    other.git("push", "--quiet")
    local = local_heads(repo)
    repo.write("tests/a/test_0.py", "# new\n" + READ)
    repo.write("tests/b/test_0.py", "# new\n" + READ)
    repo.commit("moved")
    code, found = push(repo, "--base", "main")
    assert (code, found) == (1, {"a": "diverged", "b": "stale", "c": "unchanged"})
    assert remote_heads(bare)[A] == theirs
    assert local_heads(repo)[A] == local[A]
    assert remote_heads(bare)[f"{PREFIX}/tests.b"] == local_heads(repo)[f"{PREFIX}/tests.b"]


def test_stale_branches_are_updated_there(repo: Repo, push: Run, bare: Path) -> None:
    push(repo)
    before = remote_heads(bare)
    repo.write("tests/a/test_0.py", "# new\n" + READ)
    repo.commit("moved")
    repo.git("push", "--quiet")
    code, found = push(repo)
    assert (code, found) == (0, {"a": "stale", "b": "unchanged", "c": "unchanged"})
    after = remote_heads(bare)
    assert {name for name in after if after[name] != before[name]} == {A}
    assert after == local_heads(repo)


def test_from_another_clone(repo: Repo, push: Run, colleague: Run, bare: Path) -> None:
    """What we made is known again without any memory of it."""
    push(repo)
    before = remote_heads(bare)
    other = colleague()
    code, found = push(other)
    assert (code, set(found.values())) == (0, {"unchanged"})
    assert remote_heads(bare) == local_heads(other) == before
    third = colleague()
    third.write("tests/a/test_0.py", "# new\n" + READ)
    third.commit("moved")
    third.git("push", "--quiet")
    code, found = push(third)
    assert (code, found) == (0, {"a": "stale", "b": "unchanged", "c": "unchanged"})
    # and the first clone, whose branch is now an old one of ours, follows
    code, found = push(repo)
    assert (code, set(found.values())) == (0, {"unchanged"})
    assert local_heads(repo) == remote_heads(bare)


def test_a_shallow_clone(repo: Repo, push: Run, bare: Path, tmp_path: Path) -> None:
    push(repo)
    repo.write("README", "more\n")
    repo.commit("more")
    repo.git("push", "--quiet")
    path = tmp_path / "shallow"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{bare}", str(path)], check=True)
    code, found = push(type(repo)(path))
    assert (code, set(found.values()) <= {"unchanged", "stale"}) == (0, True)
    assert remote_heads(bare) == local_heads(type(repo)(path))


@pytest.mark.parametrize("prune", [True, False], ids=["pruned", "not pruned"])
def test_deleted_there(repo: Repo, push: Run, bare: Path, prune: bool) -> None:
    push(repo)
    before = local_heads(repo)
    subprocess.run(["git", "update-ref", "-d", f"refs/heads/{A}"], cwd=bare, check=True)
    if prune:
        repo.git("fetch", "--quiet", "--prune")
    code, found = push(repo)
    assert (code, found) == (0, {"a": "unchanged" if prune else "recreated", "b": "unchanged", "c": "unchanged"})
    assert remote_heads(bare) == local_heads(repo) == before


def test_merged_there(repo: Repo, push: Run, colleague: Run, bare: Path) -> None:
    push(repo)
    other = colleague()
    other.git("merge", "--quiet", "--squash", f"origin/{A}")
    other.git("commit", "--quiet", "-m", "squashed")
    other.git("push", "--quiet")
    tracking = repo.git("rev-parse", "origin/main")
    assert push(repo, "--dry-run") == (0, {"b": "unchanged", "c": "unchanged", "a": "merged"})
    code, found = push(repo)  # the base is what the remote has now, fetched or not
    assert (code, found) == (0, {"b": "unchanged", "c": "unchanged", "a": "merged"})
    assert repo.git("rev-parse", "origin/main") == tracking
    assert A not in local_heads(repo)
    assert A in remote_heads(bare)  # forges delete it with the pull request


def test_one_merged_one_pushed_to_one_deleted(repo: Repo, push: Run, colleague: Run, bare: Path) -> None:
    push(repo)
    other = colleague()
    other.git("merge", "--quiet", "--no-ff", "--no-edit", f"origin/{A}")
    other.git("push", "--quiet")
    other.git("checkout", "--quiet", f"{PREFIX}/tests.b")
    other.write("tests/b/test_0.py", "# theirs\n")
    theirs = other.commit("theirs")
    other.git("push", "--quiet")
    other.git("push", "--quiet", "origin", f":{PREFIX}/tests.c")
    code, found = push(repo)
    assert (code, found) == (1, {"b": "diverged", "c": "recreated", "a": "merged"})
    assert remote_heads(bare)[f"{PREFIX}/tests.b"] == theirs
    assert remote_heads(bare)[f"{PREFIX}/tests.c"] == local_heads(repo)[f"{PREFIX}/tests.c"]


def test_a_push_of_somebody_else_just_now(repo: Repo, push: Run, shell: Run, bare: Path, sabotage: Run) -> None:
    push(repo)
    theirs = local_heads(repo)[f"{PREFIX}/tests.b"]
    repo.write("tests/a/test_0.py", "# new\n" + READ)
    repo.commit("moved")
    env = sabotage(f"""
import subprocess
from holdline.gitremotes import Remote
push = Remote.push
def late(self, pushes):
    subprocess.run(["git", "update-ref", "refs/heads/{A}", "{theirs}"], cwd={str(bare)!r}, check=True)
    return push(self, pushes)
Remote.push = late
""")
    done = shell(repo.root, "branches", *CAP, "--base", "main", "--push", "origin", env=env)
    assert done.code == 1
    assert f"holdline: {A}: diverged: somebody pushed to it just now: run again" in done.err
    assert remote_heads(bare)[A] == theirs


def test_a_remote_that_changes_while_we_look(
    repo: Repo, push: Run, shell: Run, colleague: Run, bare: Path, sabotage: Run
) -> None:
    push(repo)
    other = colleague()
    subprocess.run(["git", "update-ref", "-d", f"refs/heads/{A}"], cwd=bare, check=True)
    env = sabotage(f"""
import subprocess
from holdline.gitremotes import Remote
branches = Remote.branches
def early(self, prefix):
    return branches(self, prefix) | {{prefix + "tests.a": "{"1" * 40}"}}
Remote.branches = early
""")
    done = shell(other.root, "branches", *CAP, "--push", "origin", env=env)
    assert done.code == 2
    assert "tests.a" in done.complaint


def test_a_fork_that_is_pushed_to(repo: Repo, push: Run, bare: Path) -> None:
    """The base is the upstream's, the branches are where pushes go."""
    fork = bare.parent / "fork.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(fork)], check=True)
    repo.git("remote", "set-url", "--push", "origin", f"file://{fork}")
    assert push(repo) == (0, {"a": "new", "b": "new", "c": "new"})
    assert (remote_heads(bare), remote_heads(fork)) == ({}, local_heads(repo))
    assert push(repo) == (0, {"a": "unchanged", "b": "unchanged", "c": "unchanged"})
    other = type(repo)(bare.parent / "other")
    subprocess.run(["git", "clone", "--quiet", "--branch", A, str(fork), str(other.root)], check=True)
    other.write("README", "theirs\n")
    other.commit("theirs")
    other.git("push", "--quiet")
    assert push(repo) == (1, {"a": "diverged", "b": "unchanged", "c": "unchanged"})


def test_a_remote_that_refuses(repo: Repo, shell: Run, bare: Path) -> None:
    hook = bare / "hooks" / "update"
    hook.write_text(f'#!/bin/sh\ntest "$1" != refs/heads/{A}\n')
    hook.chmod(0o755)
    done = shell(repo.root, "branches", *CAP, "--push", "origin")
    assert done.code == 2
    assert f"holdline: {A}: not pushed: [remote rejected] (hook declined)\n" in done.err
    assert sorted(remote_heads(bare)) == [f"{PREFIX}/tests.b", f"{PREFIX}/tests.c"]
    hook.unlink()
    done = shell(repo.root, "branches", *CAP, "--push", "origin")
    assert (done.code, remote_heads(bare) == local_heads(repo)) == (0, True)


def test_the_pre_push_hook_runs(repo: Repo, shell: Run, bare: Path) -> None:
    hook = repo.write(".git/hooks/pre-push", "#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    done = shell(repo.root, "branches", *CAP, "--push", "origin")
    assert done.code == 2
    assert done.complaint == "holdline: git push failed for origin: not today"
    assert remote_heads(bare) == {}
    assert len(local_heads(repo)) == 3
    repo.write(".git/hooks/pre-push", "#!/bin/sh\ncat > pushed\n")
    assert shell(repo.root, "branches", *CAP, "--push", "origin").code == 0
    assert len((repo.root / "pushed").read_text().splitlines()) == 3


def test_remotes_that_are_not_there(repo: Repo, shell: Run, tmp_path: Path) -> None:
    done = shell(repo.root, "branches", "--push", "nowhere")
    assert done.code == 2
    assert "git ls-remote failed for nowhere: 'nowhere' does not appear to be a git repository" in done.complaint
    repo.git("remote", "set-url", "origin", str(tmp_path / "gone"))
    done = shell(repo.root, "branches", "--push", "origin")
    assert "does not appear to be a git repository" in done.complaint


def test_settings_of_push_have_no_say(repo: Repo, shell: Run, bare: Path) -> None:
    for key, value in {
        "push.followTags": "true",
        "push.default": "matching",
        "fetch.prune": "true",
        "push.recurseSubmodules": "on-demand",
    }.items():
        repo.git("config", key, value)
    repo.git("tag", "-a", "v1", "-m", "v1")
    repo.git("branch", "private")
    assert shell(repo.root, "branches", *CAP, "--push", "origin").code == 0
    listed = subprocess.run(["git", "for-each-ref", "--format=%(refname)"], cwd=bare, capture_output=True, check=True)
    refs = os.fsdecode(listed.stdout).split()
    assert refs == [*(f"refs/heads/{name}" for name in sorted(remote_heads(bare))), "refs/heads/main"]
