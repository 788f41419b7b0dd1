"""`holdline install` and `uninstall`: through pre-commit where the repository uses it, else native hooks.

What is about to be done is written down first: after a crash at any moment, `uninstall` still knows what to take back.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline_hooks import native, state
from holdline_hooks.config_file import read_config, with_entry, write_config
from holdline_hooks.config_text import CONFIG, hooks_in, take_out
from holdline_hooks.programs import find_pre_commit, run_pre_commit
from holdline_hooks.report import Report
from holdline_hooks.script import Hook
from holdline_hooks.staging import leave_staging
from holdline_hooks.state import State


def install(repo: Repository, hooks: Sequence[Hook], *, native_only: bool = False) -> Report:
    """Put `holdline check` into these hooks. A second time changes nothing; an older version's hooks are upgraded.

    Raises HoldlineError, before anything is changed, where what is there is not understood or cannot be kept.
    """
    report, known = Report(), state.load(repo.common_dir)
    text = None if native_only else read_config(repo.root)
    if text is not None and repo.hooks_setting():
        report.done.append(f"core.hooksPath is set, so pre-commit installs nothing: native hooks, besides {CONFIG}")
        text = None
    if text is None:
        _leave_pre_commit(repo, known, hooks, report)
        _install_native(repo, known, hooks, report)
    else:
        _install_through_pre_commit(repo, known, hooks, text, report)
    return report


def uninstall(repo: Repository) -> Report:
    """Put back what was there before `install`, byte for byte; what was edited since stays and is told."""
    report, known = Report(), state.load(repo.common_dir)
    _leave_native(repo, known, list(Hook), report)
    _leave_pre_commit(repo, known, list(Hook), report)
    leave_staging(repo, known, report)
    if not report.left:
        for made in reversed([path for paths in known.folders.values() for path in paths]):
            _remove_if_empty(Path(made))
        state.save(repo.common_dir, State())
    if hooks_in(read_config(repo.root) or "") and not report.left:
        report.done.append(f"{CONFIG} has an entry for Holdline that was not put in from here: it stays")
    return report


def _install_native(repo: Repository, known: State, hooks: Sequence[Hook], report: Report) -> None:
    folder = repo.hooks_path()
    steps = [native.plan(folder, hook, sys.executable) for hook in hooks]
    _note_folder(folder, known)
    known.native = state.add(known.native, hooks)
    state.save(repo.common_dir, known)
    native.make_folder(folder)
    for hook, step in zip(hooks, steps, strict=True):
        native.carry_out(step)
        kept = ", what was there before runs first" if step.keep else ""
        report.done.append(f"{hook}: {step.change.value} in {step.path}{kept}")
    report.done.extend(_whose_folder(repo, folder))


def _install_through_pre_commit(
    repo: Repository, known: State, hooks: Sequence[Hook], text: str, report: Report
) -> None:
    missing = [hook for hook in hooks if hook not in hooks_in(text)]
    changed, entry = _with_missing(text, known.entry, missing)
    scripts = repo.common_dir / "hooks"
    lacking = [hook for hook in hooks if not native.is_pre_commits(scripts / hook)]
    command = find_pre_commit()

    known.entry = entry
    known.through_pre_commit = state.add(known.through_pre_commit, hooks)
    if lacking and command:
        known.scripts = state.add(known.scripts, lacking)
        _note_folder(scripts, known)
    state.save(repo.common_dir, known)
    _leave_native(repo, known, hooks, report)
    if lacking and command:
        run_pre_commit(command, "install", repo.root, lacking)
    if missing:
        write_config(repo.root, text, changed)

    for hook in hooks:
        report.done.append(f"{hook}: {'added to' if hook in missing else 'already in'} {CONFIG}")
    if lacking and command:
        report.done.append(f"pre-commit installed for {' and '.join(lacking)}")
    elif lacking:
        types = " ".join(f"--hook-type {hook}" for hook in lacking)
        report.left.append(
            f"pre-commit is not installed: run `pip install pre-commit` and `pre-commit install {types}`"
        )
    if shutil.which("holdline") is None:
        report.left.append(f"`holdline` is not on PATH, where {CONFIG} has it from: activate its environment to commit")


def _with_missing(text: str, entry: str, missing: Sequence[Hook]) -> tuple[str, str]:
    """The configuration with the hooks it lacks, and our entry in it; that of an earlier install grows."""
    if not missing:
        return text, entry
    without = take_out(text, entry) if entry else None
    if without is None:
        return with_entry(text, missing)
    return with_entry(without, [hook for hook in Hook if hook in missing or hook in hooks_in(entry)])


def _leave_native(repo: Repository, known: State, hooks: Sequence[Hook], report: Report) -> None:
    """Take our native hooks out, wherever they were put; core.hooksPath may have changed since."""
    for folder in dict.fromkeys([*known.folders, str(repo.hooks_path())]):
        for hook in hooks:
            try:
                if done := native.remove(Path(folder), hook):
                    report.done.append(done)
            except HoldlineError as error:
                report.left.append(str(error))
    if not report.left and known.native:
        known.native = [hook for hook in known.native if hook not in hooks]
        state.save(repo.common_dir, known)


def _leave_pre_commit(repo: Repository, known: State, hooks: Sequence[Hook], report: Report) -> None:
    """Take out of pre-commit what was put there for these hooks, and no more."""
    leaving = [hook for hook in hooks if hook in known.through_pre_commit]
    if not leaving:
        return
    _take_out_entry(repo, known, leaving, report)
    scripts = [
        hook for hook in leaving if hook in known.scripts and native.is_pre_commits(repo.common_dir / "hooks" / hook)
    ]
    command = find_pre_commit()
    if scripts and command:
        run_pre_commit(command, "uninstall", repo.root, scripts)
        report.done.append(f"pre-commit uninstalled for {' and '.join(scripts)}")
    elif scripts:
        types = " ".join(f"--hook-type {hook}" for hook in scripts)
        report.left.append(f"pre-commit is gone: install it again and run `pre-commit uninstall {types}`")
    if not report.left:
        known.through_pre_commit = [hook for hook in known.through_pre_commit if hook not in leaving]
        known.scripts = [hook for hook in known.scripts if hook not in leaving]
        state.save(repo.common_dir, known)


def _take_out_entry(repo: Repository, known: State, leaving: Sequence[Hook], report: Report) -> None:
    text = read_config(repo.root)
    if text is None or not known.entry or not any(hook in hooks_in(text) for hook in leaving):
        return
    changed, entry = take_out(text, known.entry), ""
    if changed is None:
        report.left.append(f"{CONFIG}: Holdline's entry was edited since it was put in: take it out yourself")
        return
    staying = [hook for hook in hooks_in(known.entry) if hook not in leaving]
    if staying:
        changed, entry = with_entry(changed, staying)
    write_config(repo.root, text, changed)
    known.entry = entry
    report.done.append(f"{', '.join(leaving)}: taken out of {CONFIG}")


def _note_folder(folder: Path, known: State) -> None:
    known.folders.setdefault(str(folder), [str(path) for path in native.missing_folders(folder)])


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # gone, or somebody else's by now
        return


def _whose_folder(repo: Repository, folder: Path) -> list[str]:
    """A line on who else gets the hooks, where that is not this clone alone."""
    if folder.is_relative_to(repo.common_dir):
        return []
    if folder.is_relative_to(repo.root):
        inside = folder.relative_to(repo.root).as_posix() + "/"
        tracked = any(file.path.startswith(inside) for file in repo.tracked())
        whose = (
            "which git tracks: commit them for everyone" if tracked else "in the working tree: keep them out of commits"
        )
        return [f"core.hooksPath is {folder}, {whose}; they name this machine's Python, else run `holdline` from PATH"]
    return [f"core.hooksPath is {folder}, outside this repository: the hooks run wherever it is set"]
