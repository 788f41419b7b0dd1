"""What a repository holds, as one string that changes with it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from holdline.config import HOLDLINE_TOML, PYPROJECT_TOML
from holdline.fleet.processes import Limits, run_bounded
from holdline.gitprocess import sealed
from holdline.linter_process import Finished

_DIFF = ("diff", "--binary", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=all")


def run_git(
    folder: Path,
    arguments: Sequence[str],
    limits: Limits,
    variables: Mapping[str, str] | None = None,
    keep_open: Sequence[int] = (),
) -> Finished:
    """Run git in a folder, within the limits."""
    command, environment = sealed(arguments, variables or {})
    return run_bounded(command, environment, folder, limits, keep_open)


def head_of(folder: Path, limits: Limits) -> str | None:
    """The commit that is checked out; None where there is none, or no repository."""
    done = run_git(folder, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], limits)
    return done.stdout.decode().strip() if done.exit == 0 else None


def state_of(folder: Path, limits: Limits, *, with_refs: bool) -> str:
    """A digest of what git tracks around a folder, as it stands in the working tree; "" where that cannot be told.

    A configuration that git does not track counts as well, and so do all references where they matter.
    """
    root = run_git(folder, ["rev-parse", "--show-toplevel"], limits)
    if root.exit:
        return ""
    top = Path(os.fsdecode(root.stdout).removesuffix("\n"))
    questions: list[Sequence[str]] = [["ls-files", "--stage", "-z"], _DIFF]
    if with_refs:
        questions.append(["for-each-ref", "--format=%(objectname) %(refname)"])
    digest = hashlib.sha256(repr((os.fspath(folder), head_of(folder, limits))).encode(errors="surrogateescape"))
    for question in questions:
        done = run_git(top, question, limits)
        if done.exit:
            return ""
        digest.update(b"%d\0" % len(done.stdout) + done.stdout)
    for name in (HOLDLINE_TOML, PYPROJECT_TOML):
        with contextlib.suppress(OSError):
            if (top / name).is_file():  # what else it may be (a pipe, say) might keep us for ever
                digest.update(b"\0" + (top / name).read_bytes())
    return digest.hexdigest()
