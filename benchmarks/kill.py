"""Kill `migrate` and `undo` at random moments, 300 times, and look what is left: see docs/robustness.md.

Each round takes a fresh copy of one repository, starts `migrate` in a process group of its own and kills the whole
group (SIGKILL: the workers and git with it) at a random moment: by the clock, from the start of the process to its end,
or by progress, just behind a random file, since writing takes a part of the run only. Then every file must be old or
new in every byte and in its mode. Half of the rounds go on with `migrate`, which must end like an undisturbed run, and
with `undo` until there is no run left, which must restore everything. The other half undo first, and kill that undo as
well. Exit code 1 where anything is otherwise; the seed in the report repeats a round.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import mixed

from holdline_runtime import get_env

MIGRATE = ("migrate", "--scope", "all", "--quiet")
UNDO = ("undo", "--quiet")
NOTHING_TO_UNDO = "holdline: there is no run to undo here"
#: What must never lie about once the next run is through, below the repository and below its git folder.
STRAY = (".holdline-*", ".git/**/*.lock", ".git/**/tmp_*", ".git/objects/obj*", ".git/holdline/*-journal")

Files = dict[str, tuple[bytes, int]]
"""Bytes and mode of each file of a working tree."""


class Broken(Exception):
    """Something is not as it must be."""


@dataclass
class Tally:
    """What the rounds met."""

    met: Counter[str] = field(default_factory=Counter)
    written: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Usual:
    """An undisturbed command: its words, how many seconds it takes, and the files it writes, in order."""

    words: tuple[str, ...]
    seconds: float
    order: tuple[str, ...]


@dataclass(frozen=True)
class Scene:
    """The repository to copy, its files before and after an undisturbed run, that run and its undo."""

    template: Path
    old: Files
    new: Files
    run: Usual
    undo: Usual

    @property
    def changing(self) -> int:
        """How many files a run rewrites."""
        return len(self.run.order)


def main() -> int:
    """Set up, play the rounds, print what they met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="rounds (300)")
    parser.add_argument("--files", type=int, default=600, help="files of the repository (600)")
    parser.add_argument("--seed", type=int, default=0, help="number of the first round (0)")
    parser.add_argument("--work", type=Path, help="a folder on the file system to try (the system's temporary one)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdline-kill-", dir=arguments.work) as folder:
        scene = prepare(Path(folder).resolve(), arguments.files)
        tell(
            f"{len(scene.old)} files, {scene.changing} to rewrite; undisturbed: "
            f"migrate {scene.run.seconds:.2f} s, undo {scene.undo.seconds:.2f} s"
        )
        tally = Tally()
        for seed in range(arguments.seed, arguments.seed + arguments.kills):
            try:
                play(scene, Path(folder).resolve() / "copy", seed, tally)
            except Broken as error:
                tell(f"round {seed}: {error}")
                return 1
            if not (seed + 1) % 50:
                tell(f"… round {seed + 1}")
    tell(f"{arguments.kills} rounds, nothing torn, nothing lost, nothing left behind")
    for what, count in sorted(tally.met.items()):
        tell(f"  {count:4}  {what}")
    if tally.written:
        tell(f"  files rewritten when killed in between: {min(tally.written)} to {max(tally.written)}")
    return 0


def prepare(folder: Path, files: int) -> Scene:
    """Build the repository and take the measure of an undisturbed run and undo on a copy of it."""
    template, copy = folder / "template", folder / "undisturbed"
    mixed.build(template, files)
    old = snapshot(template)
    shutil.copytree(template, copy, symlinks=True)
    runs, undos = [], []
    for _ in range(3):
        runs.append(observe(copy, MIGRATE))
        new = snapshot(copy)
        undos.append(observe(copy, UNDO))
        require(snapshot(copy) == old, "undo of an undisturbed run does not restore every byte and mode")
    shutil.rmtree(copy)
    return Scene(template, old, new, *(min(usual, key=lambda u: u.seconds) for usual in (runs, undos)))


def observe(root: Path, words: tuple[str, ...]) -> Usual:
    """Run a command undisturbed."""
    before = {path: (root / path).stat().st_ino for path in snapshot(root)}
    begun = time.monotonic()
    finish(root, words)
    seconds = time.monotonic() - begun
    after = {path: (root / path).stat() for path in before}
    order = sorted(after, key=lambda path: after[path].st_mtime_ns)
    return Usual(words, seconds, tuple(path for path in order if after[path].st_ino != before[path]))


def play(scene: Scene, root: Path, seed: int, tally: Tally) -> None:
    """One round on a fresh copy. Raises Broken."""
    moments = random.Random(seed)
    shutil.copytree(scene.template, root, symlinks=True)
    try:
        died = kill(root, scene.run, scene.run.order, moments)
        written = look(scene, root)
        tally.met[_moment("migrate", died, written, scene.changing)] += 1
        if 0 < written < scene.changing:
            tally.written.append(written)
        if seed % 2:
            if not written:
                resume(scene, root)
            pending = changed(scene, root)
            died = kill(root, scene.undo, [path for path in scene.undo.order if path in pending], moments)
            tally.met[_moment("undo", died, len(pending) - look(scene, root), len(pending))] += 1
            undo_all(scene, root)
            resume(scene, root)
        else:
            resume(scene, root)
            undo_all(scene, root)
    finally:
        shutil.rmtree(root)


def _moment(command: str, died: bool, done: int, most: int) -> str:
    if not died:
        return f"{command}: through before the kill, or nothing to do"
    if not done:
        return f"{command}: killed before the first file"
    return f"{command}: killed behind the last file" if done == most else f"{command}: killed between two files"


def resume(scene: Scene, root: Path) -> None:
    """The next run: it ends like an undisturbed one and leaves nothing behind."""
    finish(root, MIGRATE)
    require(snapshot(root) == scene.new, "the next run does not end like an undisturbed one")
    require_tidy(root)


def undo_all(scene: Scene, root: Path) -> None:
    """Undo until there is nothing to undo: all is as it was."""
    while True:
        done = holdline(root, UNDO)
        if done.returncode:
            require(done.stderr.startswith(NOTHING_TO_UNDO), f"undo fails: {done.stderr}")
            break
    require(snapshot(root) == scene.old, "undo does not restore every byte and mode")
    require_tidy(root)


def kill(root: Path, usual: Usual, pending: Sequence[str], moments: random.Random) -> bool:
    """Start a command that will write the files `pending` and kill its whole process group at a random moment; whether
    it was still there.
    """
    by_clock = moments.random() < 0.5
    seconds = (
        moments.uniform(0, usual.seconds) if by_clock else moments.uniform(0, 2 * usual.seconds / len(usual.order))
    )
    awaited = root / moments.choice(pending)
    found = awaited.stat().st_ino
    process = subprocess.Popen(
        [sys.executable, "-m", "holdline", *usual.words],
        cwd=root,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not by_clock and process.poll() is None and awaited.stat().st_ino == found:
        time.sleep(0.0002)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    died = process.poll() is None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    with contextlib.suppress(ProcessLookupError):
        while True:  # the workers are dead, but maybe not gone
            os.killpg(process.pid, 0)
            time.sleep(0.001)
    return died


def look(scene: Scene, root: Path) -> int:
    """How many files are new; all others must be old, and none anything else."""
    now = snapshot(root)
    names = {path for path in now if ".holdline-" not in path}  # one that is left is the next run's to remove
    require(names == scene.old.keys(), f"files came or went: {sorted(names ^ scene.old.keys())[:3]}")
    torn = [path for path in names if now[path] not in (scene.old[path], scene.new[path])]
    require(not torn, f"neither old nor new: {sorted(torn)[:3]}")
    return len(changed(scene, root))


def changed(scene: Scene, root: Path) -> set[str]:
    """The files that are not old."""
    now = snapshot(root)
    return {path for path in scene.old if now[path] != scene.old[path]}


def require_tidy(root: Path) -> None:
    """Nothing of what died is left: no temporary file, no lock."""
    stray = [str(path.relative_to(root)) for pattern in STRAY for path in root.rglob(pattern)]
    require(not stray, f"left behind: {stray[:3]}")


def snapshot(root: Path) -> Files:
    """Every file of the working tree."""
    found = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            path = Path(folder, name)
            found[str(path.relative_to(root))] = (path.read_bytes(), path.stat().st_mode)
    return found


def finish(root: Path, command: tuple[str, ...]) -> None:
    """Run a command to its end, which must be a good one."""
    done = holdline(root, command)
    require(not done.returncode, f"holdline {' '.join(command)} exits with {done.returncode}: {done.stderr}")


def holdline(root: Path, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "holdline", *command],
        cwd=root,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def environment() -> dict[str, str]:
    """This process's, without what would lead git elsewhere."""
    return {name: value for name, value in get_env().items() if not name.startswith("GIT_")}


def require(holds: bool, otherwise: str) -> None:
    """Raise Broken where something does not hold."""
    if not holds:
        raise Broken(otherwise)


def tell(line: str) -> None:
    """Put a line on standard output at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
