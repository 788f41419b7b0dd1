"""`holdline fleet`: many repositories, of which some fail, hang, change, or are remote; run again, killed, interrupted."""

from __future__ import annotations

import base64
import http.server
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from jsonschema import Draft202012Validator

from holdline_runtime import get_env

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

Run = Callable[..., Any]

READ = 'import os\n\nX = os.environ["X"]\n'
SCHEMA = Path(__file__).parents[3] / "docs" / "json-schema" / "holdline-fleet-1.schema.json"


@pytest.fixture
def fleet(tmp_path: Path) -> Callable[..., Path]:
    """`fleet(name=table, …)` writes the list; a table is TOML, or a repository to be taken as a clone."""

    def write(head: str = "", **repositories: str | Repo) -> Path:
        tables = [head]
        for name, table in repositories.items():
            table = table if isinstance(table, str) else f"path = '{table.root}'"
            tables.append(f"[[repositories]]\nname = '{name}'\n{table}\n")
        file = tmp_path / "fleet.toml"
        file.write_text("\n".join(tables))
        return file

    return write


@pytest.fixture
def report(shell: Run, tmp_path: Path) -> Callable[..., Any]:
    """`report(code, *arguments)` runs the fleet and gives its JSON, checked against the schema, and its rows by name."""
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))

    def run(code: int, *arguments: str, **settings: Any) -> tuple[Any, dict[str, Any]]:
        options = ("--work", "work", "--format", "json")
        done = shell(tmp_path, "fleet", *options, "fleet.toml", *arguments, **settings)
        assert done.code == code, done.err
        validator.validate(done.json)
        return done.json, {row["name"]: row for row in done.json["repositories"]}

    return run


@pytest.fixture
def dirty(make_repo: MakeRepo) -> Repo:
    return make_repo({"tests/test_a.py": READ, "app.py": "X = 1\n"}, name="dirty")


@pytest.fixture
def clean(make_repo: MakeRepo) -> Repo:
    return make_repo({"app.py": "X = 1\n"}, name="clean")


def test_the_schema_is_sound() -> None:
    Draft202012Validator.check_schema(json.loads(SCHEMA.read_text()))


def test_one_broken_one_clean_one_with_violations(
    shell: Run, fleet: Run, clean: Repo, dirty: Repo, tmp_path: Path
) -> None:
    fleet(clean=clean, broken="path = 'nowhere'", dirty=dirty)
    done = shell(tmp_path, "fleet", "--work", "work", "fleet.toml", "scan", "--fail-on-violations")
    assert done.code == 2
    lines = [line.split() for line in done.text.splitlines()]
    assert lines[0] == ["repository", "commit", "checked", "violations", "problems", "score", "seconds", "outcome"]
    head = {repo: repo.git("rev-parse", "--short=9", "HEAD").strip() for repo in (clean, dirty)}
    assert [[*line[:7], *line[8:]] for line in (lines[1], lines[3])] == [
        ["clean", head[clean], "1", "0", "0", "100.0", "%", "ok"],
        ["dirty", head[dirty], "2", "1", "0", "50.0", "%", "found"],
    ]
    assert " ".join(lines[2]).startswith("broken - - - - - 0.0 failed: there is no folder ")
    assert " ".join(lines[4][:7]) == "all - 3 1 0 66.7 %"
    assert " ".join(lines[4][8:]) == "3 repositories: 1 ok, 1 found, 1 failed"
    told = done.err.splitlines()
    assert len(told) == 3
    assert {line.split("] ")[1].split(" (")[0].split(" on ")[0] for line in told} == {
        "clean: ok",
        "dirty: found",
        f"broken: failed: there is no folder {tmp_path / 'nowhere'}",
    }


def test_exit_codes_and_quiet(shell: Run, fleet: Run, clean: Repo, dirty: Repo, tmp_path: Path) -> None:
    fleet(clean=clean, dirty=dirty)
    done = shell(tmp_path, "fleet", "-q", "--work", "w", "fleet.toml", "scan")
    assert (done.code, done.text, done.err) == (0, "2 repositories: 2 ok\n", "")
    done = shell(tmp_path, "-q", "fleet", "--work", "w", "-o", "out", "fleet.toml", "migrate", "--check")
    assert (done.code, done.text, done.err) == (1, "", "")
    assert (tmp_path / "out").read_text() == "2 repositories: 1 ok, 1 found\n"


def test_a_second_run_repeats_what_changed_or_failed(report: Run, fleet: Run, clean: Repo, dirty: Repo) -> None:
    fleet(clean=clean, dirty=dirty, late="path = 'late'")
    _, first = report(2, "scan")
    assert [row["resumed"] for row in first.values()] == [False] * 3
    dirty.write("tests/test_a.py", "X = 1\n")  # not even committed
    late = dirty.root.parent / "late"
    late.mkdir()
    _, second = report(2, "scan")
    assert [row["resumed"] for row in second.values()] == [True, False, False]
    assert second["clean"] == {**first["clean"], "resumed": True}
    assert [rows["dirty"]["figures"]["violations"] for rows in (first, second)] == [1, 0]
    assert "late is not in a git repository" in second["late"]["message"]
    dirty.write("tests/test_a.py", READ * 2)
    subprocess.run(["git", "init", "--quiet", str(late)], check=True)
    body, third = report(0, "scan")
    assert [row["resumed"] for row in third.values()] == [True, False, False]
    assert body["totals"]["figures"]["violations"] == 2
    assert body["totals"]["repositories"] == {"ok": 3, "found": 0, "failed": 0}
    clean.write("holdline.toml", "")  # git does not know of it: it counts
    _, fourth = report(0, "scan")
    assert [row["resumed"] for row in fourth.values()] == [False, True, True]
    _, other = report(1, "scan", "--fail-on-violations")
    assert not any(row["resumed"] for row in other.values())


def test_fresh_and_retry_failed(shell: Run, report: Run, fleet: Run, clean: Repo, tmp_path: Path) -> None:
    fleet(clean=clean, late="path = 'late'")
    report(2, "scan")
    clean.write("app.py", READ)

    def resumed(option: str) -> list[bool]:
        done = shell(tmp_path, "fleet", option, "--work", "work", "--format", "json", "fleet.toml", "scan")
        return [row["resumed"] for row in done.json["repositories"]]

    assert resumed("--retry-failed") == [True, False]
    assert resumed("--fresh") == [False, False]
    assert resumed("--retry-failed") == [True, False]
    done = shell(tmp_path, "fleet", "--fresh", "--retry-failed", "fleet.toml", "scan")
    assert done.complaint.startswith("holdline fleet: argument --retry-failed: not allowed with argument --fresh")


def test_migrate_writes_and_is_not_repeated(report: Run, fleet: Run, dirty: Repo, shell: Run) -> None:
    dirty.write("notes.txt", "mine\n")
    dirty.write("app.py", "X = 2\n")  # a change of the user's stays as it is
    fleet(dirty=dirty)
    _, first = report(0, "migrate")
    assert b"get_env()" in dirty.read("tests/test_a.py")
    assert (dirty.read("app.py"), dirty.read("notes.txt")) == (b"X = 2\n", b"mine\n")
    assert first["dirty"]["figures"] == {"checked": 1, "changed": 1, "fixed": 1, "remaining": 0, "problems": 0}
    _, second = report(0, "migrate")
    assert second["dirty"] == {**first["dirty"], "resumed": True}
    assert shell(dirty.root, "undo").code == 0
    assert dirty.read("tests/test_a.py") == READ.encode()
    _, third = report(0, "migrate")
    assert not third["dirty"]["resumed"]
    assert third["dirty"]["figures"]["fixed"] == 1


def test_a_configuration_and_arguments_for_one(report: Run, fleet: Run, dirty: Repo, tmp_path: Path) -> None:
    (tmp_path / "lax.toml").write_text("exclude = ['tests/**']\n")
    here = f"path = '{dirty.root}'\n"
    fleet(
        "arguments.scan = ['--fail-on-violations']",
        plain=dirty,
        lax=here + "config = 'lax.toml'",
        one=here + "arguments.scan = ['app.py']",
    )
    _, rows = report(1, "scan")
    assert {name: (row["outcome"], row["figures"]["checked"]) for name, row in rows.items()} == {
        "plain": ("found", 2),
        "lax": ("ok", 1),
        "one": ("ok", 1),
    }
    assert rows["one"]["arguments"] == ["app.py"]


def test_remotes(report: Run, fleet: Run, dirty: Repo, make_repo: MakeRepo, tmp_path: Path) -> None:
    dirty.commit("second")
    dirty.git("tag", "v1")
    dirty.git("branch", "topic")
    fleet(
        main=f"url = 'file://{dirty.root}'",
        tag=f"url = '{dirty.root}'\nref = 'v1'",
        lost=f"url = '{dirty.root}'\nref = 'no-such'",
        gone="url = 'nowhere.git'",
        empty=f"url = '{make_repo(name='empty').root}'",
    )
    _, first = report(2, "scan")
    assert {name: row["figures"] and row["figures"]["violations"] for name, row in first.items()} == {
        **dict.fromkeys(("main", "tag"), 1),
        **dict.fromkeys(("lost", "gone", "empty")),
    }
    assert first["lost"]["message"] == "git fetch: couldn't find remote ref no-such"
    assert first["gone"]["message"].startswith(f"git fetch: '{tmp_path / 'nowhere.git'}' does not appear to be a git ")
    assert first["empty"]["message"] == "git fetch: couldn't find remote ref HEAD"
    clone = Path(first["main"]["folder"])
    assert clone.is_relative_to(tmp_path / "work" / "clones")
    assert (clone / ".git" / "shallow").exists()  # a scan needs no history

    new = (dirty.write("more.py", READ), dirty.commit())[1]
    _, second = report(2, "scan")
    assert (second["main"]["commit"], second["main"]["figures"]["violations"]) == (new, 2)
    assert (second["tag"]["resumed"], second["main"]["resumed"]) == (True, False)

    dirty.git("commit", "--quiet", "--amend", "--message", "rewritten")
    _, third = report(2, "migrate", "--scope", "all")
    assert third["main"]["figures"]["fixed"] == 2
    assert not (clone / ".git" / "shallow").exists()
    assert "get_env()" in (clone / "more.py").read_text()
    assert dirty.read("more.py") == READ.encode()
    _, fourth = report(2, "migrate", "--scope", "all")
    assert fourth["main"]["resumed"]


def test_what_was_changed_in_a_clone_of_ours_is_kept(report: Run, fleet: Run, dirty: Repo) -> None:
    fleet(main=f"url = '{dirty.root}'")
    _, rows = report(0, "scan")
    clone = Path(rows["main"]["folder"])
    (clone / "app.py").write_text("mine\n")
    (clone / ".git" / "index.lock").touch()  # a git that was killed
    dirty.write("app.py", "theirs\n")
    dirty.commit()
    report(0, "scan")
    assert (clone / "app.py").read_text() == "theirs\n"
    git = ["git", "-C", str(clone)]
    kept = subprocess.run([*git, "for-each-ref", "--format=%(refname)", "refs/fleet/kept"], capture_output=True)
    (name,) = kept.stdout.decode().split()
    shown = subprocess.run([*git, "show", f"{name}:app.py"], capture_output=True)
    assert shown.stdout == b"mine\n"


class _Locked(http.server.BaseHTTPRequestHandler):
    """Asks for a password, and has nothing to give to those who know one."""

    told: ClassVar[set[str]] = set()

    def do_GET(self) -> None:
        word = self.headers.get("Authorization", "")
        self.told.add(base64.b64decode(word.removeprefix("Basic ")).decode())
        self.send_response(404 if word else 401)
        self.send_header("WWW-Authenticate", 'Basic realm="shop"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def locked() -> Iterator[str]:
    """The address of a server, without its scheme, that wants a password."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Locked) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_password_goes_to_the_remote_and_nowhere_else(shell: Run, fleet: Run, locked: str, tmp_path: Path) -> None:
    fleet(secret=f"url = 'http://ann:s3cr3t@{locked}/shop.git'")
    done = shell(tmp_path, "fleet", "--work", "work", "--format", "json", "fleet.toml", "scan")
    assert done.code == 2
    assert "ann:s3cr3t" in _Locked.told
    (row,) = done.json["repositories"]
    assert row["source"] == f"http://{locked}/shop.git"
    assert row["message"] == f"git fetch: repository 'http://{locked}/shop.git/' not found"
    assert b"s3cr3t" not in done.out + done.err.encode()
    files = [file for file in (tmp_path / "work").rglob("*") if file.is_file()]
    assert any(file.name == "config" for file in files)
    assert not [file for file in files if b"s3cr3t" in file.read_bytes()]


def test_a_repository_that_hangs_is_given_up(report: Run, fleet: Run, clean: Repo, dirty: Repo, stall: Run) -> None:
    hung = stall(dirty.root)
    fleet(dirty=f"path = '{dirty.root}'\ntimeout = 4", clean=clean)
    _, rows = report(2, "scan")
    assert rows["dirty"]["message"] == "not done after 4 s: give it a larger `timeout`"
    assert rows["clean"]["outcome"] == "ok"
    hung.end()
    fleet(dirty=dirty, clean=clean)
    _, rows = report(0, "scan")
    assert (rows["dirty"]["resumed"], rows["clean"]["resumed"]) == (False, True)


@pytest.fixture
def started(scripts: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`started(*arguments)` starts a fleet and lets it run."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [str(scripts / "holdline"), "fleet", "--work", "work", *arguments]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        running.append(subprocess.Popen(command, cwd=tmp_path, env={**get_env()}, text=True, **pipes))  # type: ignore[call-overload]
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_in_the_midst(
    how: signal.Signals, started: Run, report: Run, fleet: Run, clean: Repo, dirty: Repo, stall: Run
) -> None:
    hung = stall(dirty.root)
    fleet(clean=clean, dirty=dirty, other=dirty)
    process = started("--jobs", "1", "fleet.toml", "scan")
    assert process.stderr.readline().startswith("holdline: [1/3] clean: ok")  # told once it is remembered
    hung.wait_until_reached()
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    hung.wait_until_left()  # nothing of it lives on
    assert out == ""
    if how is signal.SIGINT:
        assert process.returncode == 130
        said = "holdline: interrupted: 1 of 3 repositories done; the same command goes on with the rest"
        assert err == f"{said}\n"
    hung.end()
    _, rows = report(0, "scan")
    assert [row["resumed"] for row in rows.values()] == [True, False, False]


@pytest.mark.skipif(find_spec("holdline.cli.branches_command") is None, reason="there is no `holdline branches`")
def test_branches_of_a_remote(report: Run, fleet: Run, dirty: Repo, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(dirty.root), str(bare)], check=True)
    fleet(bare=f"url = '{bare}'")
    _, first = report(0, "branches", "--push", "origin")
    assert first["bare"]["figures"] == {"branches": 1, "files": 1, "before": 1, "after": 0, "problems": 0}
    branches = ["git", "-C", str(bare), "branch", "--list", "--format=%(refname)", "holdline/*"]
    (made,) = subprocess.run(branches, check=True, capture_output=True, text=True).stdout.split()
    _, second = report(0, "branches", "--push", "origin")
    assert second["bare"]["resumed"]
    subprocess.run(["git", "-C", str(bare), "update-ref", "-d", made], check=True)
    _, third = report(0, "branches", "--push", "origin")
    assert not third["bare"]["resumed"]


def test_hostile_names(shell: Run, make_repo: MakeRepo, tmp_path: Path) -> None:
    odd = make_repo({"tests/test_a.py": READ}, name="a\x1b[31m\nb $(touch x) 'é'")
    file = tmp_path / "fleet.toml"
    path, evil = json.dumps(str(odd.root)), json.dumps("../\x1b]0;\x07/\u202e x")
    file.write_text(f"[[repositories]]\npath = {path}\n[[repositories]]\nname = {evil}\nurl = {path}\n")
    done = shell(tmp_path, "fleet", "--work", "w\x1b", "fleet.toml", "scan")
    assert done.code == 0, done.err
    assert not any(c in done.text + done.err for c in "\x1b\x07\u202e")
    assert len(done.text.splitlines()) == 4
    assert all(p.parent == tmp_path / "w\x1b" / "clones" for p in (tmp_path / "w\x1b" / "clones").iterdir())


def test_modules_of_a_repository_are_not_run(report: Run, fleet: Run, make_repo: MakeRepo, tmp_path: Path) -> None:
    trap = "open('/proc/self/fd/2', 'w').write('trapped')\nraise SystemExit(1)\n"
    repo = make_repo({"json.py": trap, "holdline/__init__.py": trap, "a.py": READ}, name="trap")
    fleet(trap=repo)
    options = ("--work", "work", "--format", "json", "fleet.toml", "scan")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "holdline", "fleet", *(o.replace("fleet.toml", "../fleet.toml") for o in options)],
        cwd=repo.root,
        env={**get_env()},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["repositories"][0]["figures"]["checked"] == 3


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["fleet.toml", "scan", "--min-scoer", "5"], "holdline scan: unrecognized arguments: --min-scoer"),
        (
            ["fleet.toml", "scan", "--format", "text"],
            "holdline: --format is for `holdline fleet` to say: put it before",
        ),
        (["fleet.toml", "check"], "holdline fleet: argument COMMAND: invalid choice: 'check'"),
        (["no.toml", "scan"], "holdline: "),
        (["--jobs", "2", "--scheduler", "tcp://h:1", "fleet.toml", "scan"], "holdline: --jobs is for this machine"),
        (["--scheduler", "h", "fleet.toml", "scan"], "holdline: --scheduler: expected an address such as 'tcp://"),
        (["--config", "no.toml", "fleet.toml", "scan"], "holdline: --config: "),
        (["--work", "fleet.toml", "fleet.toml", "scan"], "holdline: "),
    ],
)
def test_wrong_command_lines(
    arguments: list[str], complaint: str, call: Run, fleet: Run, clean: Repo, tmp_path: Path
) -> None:
    fleet(clean=clean)
    done = call(tmp_path, "fleet", *(arguments if "--work" in arguments else ["--work", "work", *arguments]))
    assert done.code == 2
    assert done.complaint.startswith(complaint)


def test_clones_are_kept_in_the_users_cache(shell: Run, fleet: Run, dirty: Repo, tmp_path: Path) -> None:
    fleet(a=f"url = '{dirty.root}'")
    cache = tmp_path / "cache"
    done = shell(tmp_path, "fleet", "fleet.toml", "scan", env={"XDG_CACHE_HOME": str(cache)})
    assert done.code == 0, done.err
    assert {p.name for p in (cache / "holdline" / "fleet").iterdir()} == {"clones", "fleet-1.sqlite3"}
