"""Answers are kept for a while, per endpoint and credentials, and shared by processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdline_runtime import get_env, patch_env
from holdline_runtime.services import Outcome, Status, cache, is_available, probe
from holdline_runtime.services.cache import cached, forget

from .conftest import answers, free_port, silent

if TYPE_CHECKING:
    from .conftest import Serve


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(cache, "time", clock)
    return clock


def folder() -> Path:
    [found] = Path(tempfile.gettempdir()).glob("holdline-services-*")
    return found


def test_an_available_service_is_asked_again_after_30_seconds(serve: Serve, clock: Clock) -> None:
    served = serve(silent)
    url = f"tcp://127.0.0.1:{served.port}"
    for moved, expected in ((0, 1), (29.9, 1), (0.2, 2), (29.9, 2), (-100, 3)):
        clock.now += moved
        assert is_available(url)
        assert settled(served) == expected
    assert probe(url, fresh=True).available
    assert settled(served) == 4
    forget()
    assert is_available(url)
    assert settled(served) == 5


def settled(served: object) -> int:
    """How many connections there were, once the accepting thread has counted them."""
    time.sleep(0.1)
    return int(served.connections)  # type: ignore[attr-defined]


def test_an_absent_one_after_5_seconds(serve: Serve, clock: Clock) -> None:
    served = serve(answers(b"-LOADING\r\n"))
    url = f"redis://127.0.0.1:{served.port}"
    for moved, expected in ((0, 1), (4.9, 1), (0.2, 2)):
        clock.now += moved
        assert probe(url).status is Status.ABSENT
        assert settled(served) == expected


def test_other_variables_make_it_another_question(serve: Serve) -> None:
    served = serve(answers(b"+OK\r\n+PONG\r\n"))
    for password in ("one", "two", "one"):
        with patch_env(REDIS_URL=f"redis://:{password}@127.0.0.1:{served.port}"):
            probe("redis")
    assert settled(served) == 2
    with patch_env(REDIS_URL=f"redis://127.0.0.1:{free_port()}"):
        assert probe("redis").status is Status.ABSENT


def test_neither_names_nor_contents_of_the_files_tell_a_credential(serve: Serve) -> None:
    url = f"redis://me:geheim@127.0.0.1:{serve(answers(b'-ERR geheim' + bytes([13, 10]))).port}"
    assert probe(url).status is Status.MISCONFIGURED
    files = [path for path in folder().iterdir() if path.is_file()]
    assert files
    assert all("geheim" not in path.name + path.read_text() for path in files)
    assert folder().stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_enter_is_not_used() -> None:
    shared = Path(tempfile.gettempdir()) / f"holdline-services-{os.getuid()}"
    shared.mkdir(exist_ok=True)
    shared.chmod(0o777)
    asked: list[int] = []

    def ask() -> Outcome:
        asked.append(1)
        return Outcome("tcp", "x", Status.AVAILABLE, "", 0)

    cached("key", 1, ask)
    cached("key", 1, ask)
    assert len(asked) == 2
    assert list(shared.iterdir()) == []


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"status": "odd", "asked": 0}', json.dumps({"asked": "x"})])
def test_a_damaged_file_only_costs_a_question(damage: str) -> None:
    outcome = Outcome("tcp", "x", Status.AVAILABLE, "", 0)
    cached("key", 1, lambda: outcome)
    (folder() / "key.json").write_text(damage)
    assert cached("key", 1, lambda: outcome) is outcome
    assert cached("key", 1, lambda: pytest.fail("asked again")) == outcome


ASK = "import sys; from holdline_runtime.services import probe; sys.exit(not probe(sys.argv[1], timeout=5).available)"


def test_processes_that_start_at_once_ask_once(serve: Serve, tmp_path: Path) -> None:
    def slow(connection: object) -> None:
        time.sleep(0.5)
        answers(b"HTTP/1.1 200 OK\r\n\r\n")(connection)  # type: ignore[arg-type]

    served = serve(slow)
    command = [sys.executable, "-c", ASK, f"http://127.0.0.1:{served.port}/"]
    environ = get_env().child_env(TMPDIR=str(tmp_path))
    children = [subprocess.Popen(command, env=environ) for _ in range(4)]
    assert [child.wait() for child in children] == [0, 0, 0, 0]
    assert served.connections == 1


def test_a_process_that_hangs_with_the_lock_does_not_hang_the_others() -> None:
    import fcntl

    cached("other", 1, lambda: Outcome("tcp", "x", Status.AVAILABLE, "", 0))
    with (folder() / "key.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        started = time.monotonic()
        assert cached("key", 0.2, lambda: Outcome("tcp", "x", Status.ABSENT, "", 0)).status is Status.ABSENT
        assert 0.15 < time.monotonic() - started < 2


def test_unknown_services_are_a_mistake_of_the_caller() -> None:
    for name in ("", "dokcer", "ftp://localhost", "kafka"):
        with pytest.raises(ValueError, match="there is no probe for"):
            probe(name)
    with pytest.raises(ValueError, match="no probe for 'amqp'"):
        probe("amqp://me:geheim@host")


def test_importing_asks_nothing_and_waits_for_nothing() -> None:
    program = """
import sys
asked = []
sys.addaudithook(lambda event, args: asked.append(event) if event.startswith("socket.") else None)
import holdline_runtime.services
assert asked == [], asked
"""
    subprocess.run([sys.executable, "-c", program], check=True)
