"""What `scan`, `migrate --dry-run` and `migrate` do with a repository that was made to hurt: see docs/robustness.md.

One bad file of each kind among thousands of tiny ones; names that steer terminals or are no text; links that lead in
circles. Each command's time and peak memory (the whole process tree, sampled) are measured; each bad file must have its
one line, no output may hold a character that is not printable, and good files must be served as if they were alone.
Exit code 1 where anything is otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import mixed

from holdline_runtime import get_env

HEAD = b"import os\n"
ACCESS = b'os.environ["A"]'
GOOD = HEAD + b"x = " + ACCESS + b"\n"
BLANKS = b" " * 500_000
DONE = b'from holdline_runtime import get_env\nx = get_env()["A"]\n'

#: Files that cannot be judged, and what their line says.
BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "20_mb": (lambda: GOOD + b"# filler\n" * 2_300_000, "is too large to be judged"),
    "2_mb_of_accesses": (lambda: HEAD + (ACCESS + b"\n") * 130_000, "is too large to be judged"),
    "null_bytes": (lambda: GOOD + b"y = '\0'\n", "does not parse"),
    "null_bytes_alone": (lambda: b"environ\0" * 10_000, "does not parse"),
    "parentheses": (lambda: HEAD + b"x = " + b"(" * 90_000 + ACCESS + b")" * 90_000 + b"\n", "does not parse"),
    "brackets_left_open": (lambda: HEAD + b"x = " + b"[{(" * 90_000 + ACCESS, "does not parse"),
    "minus_signs": (lambda: HEAD + b"x = " + b"-" * 500_000 + ACCESS + b"\n", "does not parse"),
    "attributes": (lambda: HEAD + b"x = " + ACCESS + b".b" * 500_000 + b"\n", "does not parse"),
    "attributes_that_just_parse": (lambda: HEAD + b"x = " + ACCESS + b".b" * 30_000 + b"\n", "nested too deeply"),
    "calls": (lambda: HEAD + b"x = " + ACCESS + b"()" * 300_000 + b"\n", "does not parse"),
    "operators": (lambda: HEAD + b"x = " + ACCESS + b"+1" * 500_000 + b"\n", "does not parse"),
    "powers": (lambda: HEAD + b"x = " + ACCESS + b"**1" * 300_000 + b"\n", "does not parse"),
    "conditions": (lambda: HEAD + b"x = " + ACCESS + b" if 1 else 2" * 100_000 + b"\n", "does not parse"),
    "lambdas": (lambda: HEAD + b"x = " + b"lambda:" * 100_000 + ACCESS + b"\n", "does not parse"),
    "else_ifs": (lambda: GOOD + b"if 1: pass\n" + b"elif 2: pass\n" * 100_000, "nested too deeply"),
    "blocks": (lambda: HEAD + _blocks(150), "does not parse: too many levels of indentation"),
    "tabs_and_spaces": (lambda: HEAD + b"if 1:\n        x = 1\n\t" + ACCESS + b"\n", "does not parse"),
    "carriage_returns": (lambda: b"environ = (\r" * 90_000, "does not parse"),
    "not_utf8": (lambda: GOOD + b"# \xff\n", "is not valid utf-8"),
    "no_such_encoding": (lambda: b"# coding: nonsense\n" + GOOD, "cannot be decoded: unknown encoding"),
    "escape_codes": (lambda: GOOD + b"y = \x1b]0;owned\x07\n", "does not parse"),
}
#: Files that take their time, and come out well.
HEAVY: dict[str, Callable[[], bytes]] = {
    "one_line_of_1_mb": lambda: HEAD + b"x = '" + b"y" * 1_000_000 + b"', " + ACCESS + b"\n",
    "accesses_on_one_line": lambda: HEAD + b"x = [" + (ACCESS + b", ") * 5_000 + b"]\n",
    "accesses_on_one_line_not_ascii": lambda: HEAD + b"x = ['\xc3\xa9', " + (ACCESS + b", ") * 5_000 + b"]\n",
    "accesses_added_up": lambda: HEAD + b"x = " + b" + ".join([ACCESS] * 4_000) + b"\n",
    "accesses_in_functions": lambda: HEAD + b"".join(_function(n) for n in range(3_000)),
    "accesses_in_an_fstring": lambda: HEAD + b'x = f"' + b"{os.environ['A']}" * 3_000 + b'"\n',
    "names_assigned_at_once": lambda: HEAD + b"x = " * 20_000 + ACCESS + b"\n",
    "decorators": lambda: HEAD + b"".join(b"@f(%b)\n" % ACCESS for _ in range(2_000)) + b"def f(): pass\n",
    "calls_in_a_chain": lambda: HEAD + b"x = " + ACCESS + b".b()" * 2_000 + b"\n",
    "suppressions": lambda: HEAD + (ACCESS + b"  # holdline: allow[HL101] because\n") * 3_000,
    "blanks_in_a_suppression": lambda: (
        GOOD + b"# holdline: allow[HL101] " + b" until" * 50_000 + b" " * 500_000 + b"x\n"
    ),
    "escape_codes_in_text": lambda: HEAD + b"x = '\x1b[31m\x07\xc2\x9b\xe2\x80\xae', " + ACCESS + b"\n",
}
#: Names, below tests/, that must not reach a terminal as they are.
NAMES = [
    b"new\nline.py",
    b"carriage\rreturn.py",
    b"escape\x1b[31m\x07.py",
    b"tab\t.py",
    b"right\xe2\x80\xaeleft.py",
    b"c1\xc2\x9b31m.py",
    b"not\xffutf8\xc3.py",
    b"quote\"'&<>%::.py",
    b"-rf.py",
    b"::error file=x::.py",
    b"]]>.py",
]
COMMANDS = [
    *(("scan", "--no-cache", "--format", form) for form in ("text", "json", "sarif", "github", "junit")),
    ("scan",),
    ("scan",),
    *(("migrate", "--scope", "all", "--dry-run", "--format", form) for form in ("text", "json", "sarif")),
    ("migrate", "--scope", "all"),
    ("undo",),
]
QUICK = [COMMANDS[0], COMMANDS[7], *COMMANDS[-2:]]


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    code: int
    out: bytes
    err: bytes
    seconds: float
    megabytes: float


class Broken(Exception):
    """Something is not as it must be."""


def main() -> int:
    """Build the repository, run the commands, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", type=int, default=100_000, help="tiny files beside the bad ones (100,000)")
    parser.add_argument("--seconds", type=float, default=300, help="the most that a command may take (300)")
    parser.add_argument("--megabytes", type=float, default=1_500, help="the most memory it may take (1,500)")
    parser.add_argument("--quick", action="store_true", help="each command once")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdline-hostile-") as folder:
        root = Path(folder).resolve() / "repo"
        expected = build(root, arguments.tiny)
        tell(f"{len(mixed.git(root, 'ls-files', '-z').split(chr(0))) - 1:,} files\n\n{'seconds':>8} {'MB':>6}")
        try:
            for command in QUICK if arguments.quick else COMMANDS:
                outcome = run(root, command)
                tell(f"{outcome.seconds:8.1f} {outcome.megabytes:6.0f}  holdline {' '.join(command)}")
                require(outcome.seconds < arguments.seconds, "it took too long")
                require(outcome.megabytes < arguments.megabytes, "it took too much memory")
                inspect(command, outcome)
                if command == ("migrate", "--scope", "all"):
                    require_migrated(root, expected)
            require(snapshot(root, expected) == expected, "undo does not restore every byte")
        except Broken as error:
            tell(f"  {error}")
            return 1
    return 0


def build(root: Path, tiny: int) -> dict[bytes, bytes]:
    """The repository, and what its bad, heavy and oddly named files hold."""
    root.mkdir(parents=True)
    mixed.git(root, "init", "--quiet", "--initial-branch=main")
    stored = {
        **{b"tests/bad/%b.py" % name.encode(): make() for name, (make, _) in BAD.items()},
        **{b"tests/heavy/%b.py" % name.encode(): make() for name, make in HEAVY.items()},
        **{b"tests/names/" + name: GOOD for name in NAMES},
        **{b"tests/bad/" + name: GOOD + b"(" for name in NAMES},
        b"tests/fine.py": GOOD,
    }
    for name, content in stored.items():
        write(root, name, content)
    for number in range(tiny):
        write(root, b"tiny/%03d/m%05d.py" % (number // 500, number), b"import os\nn = %d\n" % number)
    (root / "tests/loop.py").symlink_to("loop.py")
    (root / "tests/bad/up").symlink_to("..")
    (root / "tests/ping.py").symlink_to("pong.py")
    (root / "tests/pong.py").symlink_to("ping.py")
    mixed.git(root, "add", "--all")
    mixed.git(root, "commit", "--quiet", "--message=start")
    become_link = root / "tests/became_a_link.py"
    write(root, b"tests/became_a_link.py", GOOD)
    mixed.git(root, "add", "tests/became_a_link.py")
    become_link.unlink()
    become_link.symlink_to("became_a_link.py")
    return stored


def write(root: Path, name: bytes, content: bytes) -> None:
    """Write a file, whatever its name."""
    path = root / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def inspect(command: tuple[str, ...], outcome: Outcome) -> None:
    """The exit code, that nothing is raw, and that each bad file has its line."""
    require(b"Traceback" not in outcome.err, f"a traceback: {outcome.err[-500:]!r}")
    require(outcome.code == 0, f"exit code {outcome.code}: {outcome.err[-500:]!r}")
    is_patch = "--dry-run" in command and command[-1] == "text"
    told = outcome.err if is_patch else outcome.out + outcome.err
    text = told.decode()  # fails where a lone surrogate came through
    raw = {c for c in text if not c.isprintable() and c != "\n"}
    require(not raw, f"printed raw: {raw}")
    if command[-1] == "json":
        problems = json.loads(outcome.out)["problems"]
        lines = [f"{problem['path']}: {problem['message']}" for problem in problems]
    else:
        lines = text.splitlines()
    if command[0] != "undo" and command[-1] in ("text", "json", "scan", "all"):
        require_lines(lines)


def require_lines(lines: Iterable[str]) -> None:
    """One line for each bad file, which says what is wrong with it."""
    lines = list(lines)
    for name, (_, message) in BAD.items():
        mine = [line for line in lines if f"tests/bad/{name}.py" in line]
        require(len(mine) == 1 and message in mine[0], f"{name}: {mine}")
        require(len(mine[0]) < 400, f"{name}: a line of {len(mine[0])} characters")
    odd = [line for line in lines if line.startswith("tests/bad/") and "was never closed" in line]
    require(len([line for line in odd if "brackets" not in line]) >= len(NAMES), f"odd names: {len(odd)} lines")


def require_migrated(root: Path, expected: dict[bytes, bytes]) -> None:
    """Bad files as they were; good ones rewritten."""
    now = snapshot(root, expected)
    bad = [name for name in expected if name.startswith(b"tests/bad/") and now[name] != expected[name]]
    require(not bad, f"changed: {bad}")
    good = [name for name in expected if expected[name] == GOOD and now[name] != DONE]
    require(not good, f"not rewritten: {good}")


def snapshot(root: Path, names: Iterable[bytes]) -> dict[bytes, bytes]:
    """What some files hold."""
    return {name: (root / os.fsdecode(name)).read_bytes() for name in names}


def run(root: Path, command: tuple[str, ...]) -> Outcome:
    """Run a command in a session of its own and watch its memory."""
    inherited = {k: v for k, v in get_env().items() if not k.startswith("GIT_")}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "holdline", *command],
            cwd=root,
            env=inherited | {"PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            time.sleep(0.05)
        seconds = time.monotonic() - begun
        out.seek(0)
        err.seek(0)
        return Outcome(process.returncode, out.read(), err.read(), seconds, peak)


def resident(session: int) -> float:
    """Megabytes of a session's processes, what they share counted once for each."""
    pages = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
                pages += int(fields[21]) if int(fields[3]) == session else 0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def require(holds: bool, otherwise: str) -> None:
    """Raise Broken where something does not hold."""
    if not holds:
        raise Broken(otherwise)


def tell(line: str) -> None:
    """Put a line on standard output at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _blocks(depth: int) -> bytes:
    return b"".join(b" " * n + b"if 1:\n" for n in range(depth)) + b" " * depth + ACCESS + b"\n"


def _function(number: int) -> bytes:
    return b"def f%d():\n    x = os.environ\n    return x['A'], %b\n" % (number, ACCESS)


if __name__ == "__main__":
    sys.exit(main())
