"""Running a command in a worktree: which contents it sees, in which environment, and what is remembered of it."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from holdline.cache import ScanCache
from holdline.suites import Suite, import_root

PYTHON = sys.executable


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "worktree" / "repo"
    (root / "sub").mkdir(parents=True)
    (root / "module.py").write_bytes(b"X = 1\n")
    return root


def suite(root: Path, line: str, below: str = "", memory: ScanCache | None = None, **more: object) -> Suite:
    originals = {"module.py": b"X = 1\n"}
    known = memory or ScanCache.disabled()
    return Suite(line, Path("/checkout"), root, below, "digest", originals, known, **more)  # type: ignore[arg-type]


def test_a_change_of_the_same_size_in_the_same_second_is_seen(root: Path) -> None:
    tests = suite(root, f"{PYTHON} -c 'import module; print(module.X)'")
    assert [tests.run({"module.py": b"X = %d\n" % n}).tail for n in range(9)] == [str(n) for n in range(9)]
    assert tests.run({}).tail == "1"


def test_the_same_again_is_not_run_again_in_this_process_or_the_next(root: Path, tmp_path: Path) -> None:
    count = f"echo x >> {tmp_path}/runs; wc -l < {tmp_path}/runs"
    with ScanCache.open(tmp_path, "f") as memory:
        tests = suite(root, count, memory=memory)
        assert [tests.run({}).tail, tests.run({}).tail, tests.run({}, attempt=1).tail] == ["1", "1", "2"]
        assert tests.run({"module.py": b"X = 2\n"}).tail == "3"
        assert tests.run({"module.py": b"X = 1\n"}).tail == "1"  # as it was
        assert (tests.made, tests.remembered) == (3, 0)
    with ScanCache.open(tmp_path, "f") as memory:
        tests = suite(root, count, memory=memory)
        assert [tests.run({}).tail, tests.run({"module.py": b"X = 2\n"}).tail] == ["1", "3"]
        assert (tests.made, tests.remembered) == (0, 2)
        assert suite(root, count, memory=memory, forget=True).run({}).tail == "4"
        assert suite(root, f"{count} ", memory=memory).run({}).tail == "5"
        assert suite(root, count, "sub", memory=memory).run({}).tail == "6"


def test_what_a_test_did_to_a_file_is_undone(root: Path) -> None:
    tests = suite(root, "cat module.py; rm module.py")
    assert [tests.run({"module.py": b"X = %d\n" % n}).tail for n in (2, 1)] == ["X = 2", "X = 1"]


def test_folder_and_environment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/checkout/lib:/elsewhere")
    monkeypatch.setenv("GIT_DIR", "/checkout/.git")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-x")
    line = 'echo "$PWD $PYTHONPATH $GIT_DIR" > ../paths; echo "$PYTEST_ADDOPTS" > ../options'
    suite(root, line, "sub", import_roots=("src",)).run({})
    assert (root / "paths").read_text() == f"{root}/sub {root}/src:{root}/lib:/elsewhere \n"
    assert (root / "options").read_text().startswith(f"-x --junit-xml={root.parent}/junit.xml -o junit_family=xunit1 ")


def test_python_path_is_left_alone_where_it_need_not_change(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert suite(root, "echo ${PYTHONPATH-none}").run({}).tail == "none"


def test_what_takes_too_long_is_stopped_with_all_it_started(root: Path) -> None:
    tests = suite(root, "sleep 50 & echo $! > child; sleep 50", timeout=0.5)
    assert tests.run({}).status is None
    child, deadline = int((root / "child").read_text()), time.monotonic() + 30
    while is_alive(child):  # the signal is sent; the system takes its time
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_an_import_root_is_the_first_folder_that_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "src/pkg/sub").mkdir(parents=True)
    for folder in ("src/pkg", "src/pkg/sub"):
        (tmp_path / folder / "__init__.py").touch()
    assert import_root(tmp_path, "src/pkg/sub/module.py") == "src"
    assert import_root(tmp_path, "src/script.py") == "src"
    assert import_root(tmp_path, "script.py") == "."
