"""`holdline doctor`: what is installed, what is stale, and what to do about it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from holdline import __version__
from holdline.git import Repository
from holdline_hooks import native, state
from holdline_hooks.config_file import read_config
from holdline_hooks.config_text import CONFIG, hooks_in
from holdline_hooks.programs import find_pre_commit, has_holdline
from holdline_hooks.report import Finding
from holdline_hooks.script import Hook
from holdline_hooks.staging_diagnosis import examine_staging
from holdline_hooks.state import State

_AGAIN = "run `holdline install`"


def examine(repo: Repository) -> list[Finding]:
    """Look at this clone's hooks, and at what keeps its tests to staging, and change nothing."""
    known = state.load(repo.common_dir)
    found = [*_native(repo, known), *_elsewhere(repo, known), *_through_pre_commit(repo, known)]
    found += examine_staging(repo.root, known)
    return found or [Finding(False, f"Holdline is not installed here: {_AGAIN}")]


def _native(repo: Repository, known: State) -> Iterator[Finding]:
    folder = repo.hooks_path()
    for hook in Hook:
        found = native.find(folder, hook)
        if found is not None:
            trouble = _trouble(found)
            state_of = f"native, Holdline {found.script.version}, {found.path}"
            yield Finding(not trouble, f"{hook}: {state_of}{': ' + trouble if trouble else ''}")
        elif hook in known.native and str(folder) in known.folders:
            what = "replaced by something else" if os.path.lexists(folder / hook) else "gone"
            yield Finding(False, f"{hook}: Holdline's hook {folder / hook} is {what}: {_AGAIN}")
        if found is None and os.path.lexists(folder / hook.original):
            yield Finding(
                False, f"{hook}: {folder / hook.original} is not run any more: {_AGAIN}, or `holdline uninstall`"
            )


def _trouble(found: native.Found) -> str:
    """What is wrong with a hook of ours and what to do; empty where nothing is."""
    if not found.script.pristine:
        return "edited since: move your part elsewhere, delete the hook, and " + _AGAIN
    if not found.is_executable:
        return f"not executable, so git does not run it: {_AGAIN}"
    if not has_holdline(found.script.python):
        return f"Holdline is gone from {found.script.python}: {_AGAIN}"
    if found.script.version != __version__:
        return f"this is {__version__}: {_AGAIN}"
    return ""


def _elsewhere(repo: Repository, known: State) -> Iterator[Finding]:
    """Hooks that git does not look at any more."""
    now = repo.hooks_path()
    for folder in map(Path, known.folders):
        left = [hook for hook in Hook if folder != now and native.find(folder, hook)]
        if left:
            hooks = " and ".join(left)
            where = f"git runs hooks from {now} now"
            yield Finding(False, f"{hooks}: installed in {folder}, but {where}: `holdline uninstall`, then {_AGAIN}")


def _through_pre_commit(repo: Repository, known: State) -> Iterator[Finding]:
    text = read_config(repo.root)
    present = hooks_in(text or "")
    for hook in Hook:
        if hook not in present:
            if hook in known.through_pre_commit:
                missing = "has no entry for it" if text is not None else "is gone"
                yield Finding(False, f"{hook}: {CONFIG} {missing}: {_AGAIN}")
            continue
        trouble = _pre_commit_trouble(repo, hook)
        yield Finding(not trouble, f"{hook}: through pre-commit, in {CONFIG}{': ' + trouble if trouble else ''}")


def _pre_commit_trouble(repo: Repository, hook: Hook) -> str:
    """Why pre-commit does not run the entry, and what to do; empty where it does."""
    if repo.hooks_setting():
        if native.find(repo.hooks_path(), hook):
            return ""
        return f"core.hooksPath is set, so git does not run pre-commit: {_AGAIN}"
    if not _is_run_by_pre_commit(repo.common_dir / "hooks", hook):
        return f"pre-commit is not installed for it here: {_AGAIN}"
    if find_pre_commit() is None:
        return "pre-commit is missing: pip install pre-commit"
    if shutil.which("holdline") is None:
        return "`holdline` is not on PATH, where the entry has it from: activate its environment"
    return ""


def _is_run_by_pre_commit(folder: Path, hook: Hook) -> bool:
    """Whether pre-commit's script is the hook, or what a native one of ours keeps and runs."""
    return native.is_pre_commits(folder / hook) or native.is_pre_commits(folder / hook.original)
