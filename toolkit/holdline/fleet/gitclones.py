"""Our own clones of remotes: made once, brought up to date with each run, thrown away whenever the user likes."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from holdline.fleet.gitstate import run_git, state_of
from holdline.fleet.processes import JobError, Limits
from holdline.fleet.values import Job
from holdline_runtime import get_env

_TARGET = "refs/fleet/target"
_KEPT = "refs/fleet/kept"
#: A connection that stands still, and maintenance that would go on by itself, are not to outlive us.
_FLAGS = (
    *("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60"),
    *("-c", "gc.autoDetach=false", "-c", "maintenance.autoDetach=false"),
    *("-c", "user.name=holdline fleet", "-c", "user.email=holdline@localhost"),  # for what is kept of changes
)
_BRANCHES = "+refs/heads/*:refs/remotes/origin/*"
_WAIT = 0.1


def cache_folder() -> Path:
    """Where clones are kept if the user names no folder."""
    environ = get_env()
    base = environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "holdline" / "fleet"


def clone_folder(job: Job) -> Path:
    """The folder of a remote's clone; every repository of a list has one of its own."""
    work = Path(job.work) if job.work else cache_folder()
    key = hashlib.sha256(repr((job.name, job.source, job.ref)).encode(errors="surrogatepass")).hexdigest()
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", job.name)[:40].strip("-")
    return work / "clones" / f"{readable or 'repository'}-{key[:12]}"


@contextlib.contextmanager
def clone_in_use(job: Job, limits: Limits) -> Iterator[tuple[Path, int]]:
    """A remote's clone, with the descriptor of its lock: whoever inherits that keeps others out."""
    folder = clone_folder(job)
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(f"{folder}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            limits.check()
            time.sleep(_WAIT)
        yield folder, lock
    finally:
        os.close(lock)


def variables_for(job: Job) -> dict[str, str]:
    """What leads git from the address in the clone's configuration to the one with the password in it.

    An environment is its user's to read; a command line is anybody's, and a configuration file stays.
    """
    if not job.url or job.url == job.source:
        return {}
    count = get_env().get("GIT_CONFIG_COUNT", "")
    index = int(count) if count.isdigit() else 0
    return {
        "GIT_CONFIG_COUNT": str(index + 1),
        f"GIT_CONFIG_KEY_{index}": f"url.{job.url}.insteadOf",
        f"GIT_CONFIG_VALUE_{index}": job.source,
    }


def update_clone(job: Job, folder: Path, lock: int, limits: Limits) -> None:
    """Bring the clone to what the remote has. Raises JobError with git's complaint.

    A scan needs one commit, everything else the history. What was changed in the clone (by `migrate`, say) is kept
    under a reference of its own; what is as an earlier run left it stays so.
    """
    clone = _Clone(job, folder, lock, limits)
    if not (folder / ".git" / "HEAD").exists():
        folder.mkdir(exist_ok=True)
        clone.git("init", "--quiet")
    _remove_stale_locks(folder / ".git")
    clone.git("config", "remote.origin.url", job.source)
    clone.git("config", "remote.origin.fetch", _BRANCHES)
    clone.fetch()
    target = clone.git("rev-parse", "--verify", f"{_TARGET}^{{commit}}")
    if clone.is_as_left(target):
        return
    clone.keep_changes()
    clone.git("checkout", "--quiet", "--force", "--detach", target, "--")


class _Clone:
    """Git in one clone."""

    def __init__(self, job: Job, folder: Path, lock: int, limits: Limits) -> None:
        self._job = job
        self._folder = folder
        self._lock = lock
        self._limits = limits

    def git(self, *arguments: str) -> str:
        """What a command of git prints."""
        variables = variables_for(self._job)
        done = run_git(self._folder, [*_FLAGS, *arguments], self._limits, variables, [self._lock])
        if done.exit:
            raise JobError(f"git {arguments[0]}: {_complaint(done.stderr)}")
        return os.fsdecode(done.stdout).strip()

    def knows(self, name: str) -> bool:
        """Whether a name stands for a commit here."""
        return run_git(self._folder, ["rev-parse", "--verify", "--quiet", name], self._limits).exit == 0

    def fetch(self) -> None:
        """Fetch the commit that is asked for, and for what writes the branches and their history."""
        target = f"+{self._job.ref or 'HEAD'}:{_TARGET}"
        is_shallow = (self._folder / ".git" / "shallow").exists()
        if self._job.command == "scan" and (is_shallow or not self.knows(_TARGET)):
            self.git("fetch", "--quiet", "--no-tags", "--depth=1", "origin", target)
            return
        depth = ["--unshallow"] if is_shallow else []
        self.git("fetch", "--quiet", "--prune", *depth, "origin", _BRANCHES, target)
        if self._job.command == "branches":  # it asks what a pull request would be merged into; not each remote says
            with contextlib.suppress(JobError):
                self.git("remote", "set-head", "origin", "--auto")

    def is_as_left(self, target: str) -> bool:
        """Whether the clone stands on the commit, and holds what the remembered run left there."""
        remembered = self._job.remembered
        if not remembered or not remembered.state or remembered.commit != target:
            return False
        with_refs = self._job.command == "branches"
        return state_of(self._folder, self._limits, with_refs=with_refs) == remembered.state

    def keep_changes(self) -> None:
        """Give what was changed in tracked files since the checkout a reference."""
        if not self.knows("HEAD"):
            return  # just made
        if kept := self.git("stash", "create"):
            self.git("update-ref", f"{_KEPT}/{kept}", kept)


def _remove_stale_locks(git_dir: Path) -> None:
    """Git, killed, leaves the locks of its files behind. We hold the clone's: nobody of ours is at work."""
    for lock in (*git_dir.glob("*.lock"), *(git_dir / "refs").rglob("*.lock")):
        lock.unlink(missing_ok=True)


def _complaint(stderr: bytes) -> str:
    """The first line that says what is wrong; hints, and what the remote prints, stand around it."""
    lines = [line.strip() for line in os.fsdecode(stderr).splitlines() if line.strip()]
    serious = [line for line in lines if line.startswith(("fatal:", "error:", "ssh:"))]
    first = (serious or lines or ["it failed without a word"])[0]
    return first.removeprefix("fatal: ").removeprefix("error: ")
