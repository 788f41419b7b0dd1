#!/usr/bin/env python3
"""check_suite.py [NAME...]: does `migrate` leave a real project's test outcomes as they were?

For each row of suites.tsv: unpack the pinned source, commit it to a fresh git repository, run its tests, count its
direct environment accesses, run `migrate` (safe fixes), install the runtime into the suite's environment, run the tests
again. A suite is ok if

- every test's outcome is what it was, and some passed;
- at least 95 % of the accesses asked for are gone, and `migrate` lists each one left with its reason;
- everything that parsed still parses, and a second run changes nothing;
- `migrate --dry-run` is a patch that `git apply` takes, and it gives the same bytes as `migrate`.

`make corpus` runs it. Needs `migrate` on PATH. Environment: HOLDLINE (the project, installed without its extra into the
suite's environment; default: the parent folder), CORPUS_DIR (folder of suites.tsv; default: beside this file), WORK
(where to work; default: holdline-corpus in the temporary folder, kept between runs), SDIST_DIR (sources already
downloaded), MIGRATE_ARGS (more arguments). Prints a line a suite; exits 1 if any falls short.
"""

import ast
import csv
import json
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

from holdline_runtime import get_env

warnings.simplefilter("ignore")  # of the sources that are parsed here
HERE = Path(__file__).resolve().parent
CORPUS = Path(get_env().get("CORPUS_DIR", HERE))
WORK = Path(get_env().get("WORK", Path(tempfile.gettempdir(), "holdline-corpus")))
PROJECT = get_env().get("HOLDLINE", str(HERE.parent))
MIGRATE_ARGS = get_env().get("MIGRATE_ARGS", "").split()
# What a safe run is not asked to remove: monkeypatch is off by default, replacing the environment object is unsafe.
NOT_ASKED = {"total", "mp_setenv", "mp_delenv", "mp_setitem", "mp_delitem", "mp_setattr", "patch_str", "patch_object",
             "patch_object_on_environ", "rebind", "environb", "getenvb"}
LEAST_GONE = 0.95
FAULTS_SHOWN = 12


@dataclass(frozen=True)
class Verdict:
    """What became of one suite; `faults` is empty where it is ok."""

    line: str
    faults: list[str]


class Unprepared(Exception):
    """The suite's source or environment could not be set up."""


def sh(args, cwd, **env):
    """Run a command and return it done, with its output as text."""
    return subprocess.run(
        args, cwd=cwd, capture_output=True, text=True, errors="replace", env=get_env().child_env(**env), check=False
    )


def run_suite(name, work, junit, **env):
    """Run a suite's tests with run_suite.sh; returns its exit status and the last line it said."""
    done = sh(["bash", HERE / "run_suite.sh", name, work], work, CORPUS_DIR=str(CORPUS), JUNIT_NAME=junit, **env)
    return done.returncode, (done.stderr.strip().splitlines() or [""])[-1]


def prepare(name, work):
    """Unpack, install and commit the suite, or put its source back as it was; returns the source's folder."""
    source = work / "src"
    work.mkdir(parents=True, exist_ok=True)
    if (source / ".git").exists():
        sh(["git", "checkout", "-q", "."], source)
        sh(["git", "clean", "-qfdX", "-e", "!*.egg-info"], source)
    status, why = run_suite(name, work, "none.xml", PREPARE_ONLY="1")
    if status:
        raise Unprepared(why)
    if not (source / ".git").exists():
        as_tester = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        for args in (["init", "-q"], ["add", "-A", "-f"], [*as_tester, "commit", "-qm", "base"]):
            sh(["git", *args], source)
    return source


def asked(source, row):
    """Accesses in the tests that a safe run should remove, counted by kind."""
    done = sh([sys.executable, HERE / "count_env.py", row["tests"], row["sources"]], source)
    kinds = json.loads(done.stdout)["tests"]
    return {k: v for k, v in kinds.items() if k not in NOT_ASKED and not k.startswith("q_")}


def places(source, row, kinds):
    """Where the tests hold accesses of these kinds, as (path, line)."""
    done = sh([sys.executable, HERE / "count_env.py", "--list", ",".join(kinds), row["tests"]], source)
    found = (line.split(" ", 3)[2].rpartition(":") for line in done.stdout.splitlines())
    return {(path, int(number)) for path, _, number in found}


def unlisted(source, row, kinds):
    """The accesses left that `migrate` does not list with a reason."""
    report = json.loads(migrate(source, "--dry-run", "--format", "json").stdout)
    listed = {
        (file["path"], line)
        for file in report["files"]
        for violation in file["remaining"]
        if violation["reason"]
        for line in range(violation["line"], violation["end_line"] + 1)
    }
    return sorted(places(source, row, kinds) - listed) if kinds else []


def unparsable(source):
    """The files that do not parse."""
    bad = set()
    for file in source.rglob("*.py"):
        try:
            ast.parse(file.read_bytes())
        except (SyntaxError, ValueError):
            bad.add(str(file))
    return bad


def migrate(source, *args):
    return sh(["migrate", *args, *MIGRATE_ARGS], source)


def apply_dry_run(source, applied):
    """Apply the dry run's diff to a copy of the source; returns what git had against it, "" if nothing."""
    shutil.rmtree(applied, ignore_errors=True)
    shutil.copytree(source, applied, symlinks=True)
    args = ["migrate", "--dry-run", *MIGRATE_ARGS]
    diff = subprocess.run(args, cwd=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    for apply in (["git", "apply", "--check", "--allow-empty"], ["git", "apply", "--allow-empty"]):
        done = subprocess.run(apply, cwd=applied, input=diff, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            return done.stderr.decode(errors="replace").strip()
    return ""


def differing(source, applied):
    """The tracked files that are not the same in both folders."""
    names = sh(["git", "ls-files", "-z"], source).stdout.split("\0")
    files = [n for n in names if n and (source / n).is_file()]
    return [n for n in files if (source / n).read_bytes() != (applied / n).read_bytes()]


def compare(work):
    """Compare the tests' outcomes; returns the counts, those whose outcome differs, and how many passed before."""
    done = sh([sys.executable, HERE / "junit_sets.py", work / "before.xml", work / "after.xml"], work)
    lines = done.stdout.splitlines()
    if not lines:
        return (done.stderr.strip().splitlines() or ["no result"])[-1], ["no outcomes to compare"], 0
    differ = ["a test's outcome differs", *lines[1:9]] if done.returncode else []
    return lines[0], differ, json.loads(lines[0])["a"]["passed"]


def check(row):
    """Check one suite."""
    name, work = row["name"], WORK / row["name"]
    try:
        source = prepare(name, work)
    except Unprepared as error:
        return Verdict(f"{name}: could not be prepared: {error}", ["not prepared"])
    run_suite(name, work, "before.xml")
    before, bad = asked(source, row), unparsable(source)
    refused = apply_dry_run(source, work / "applied")
    started = time.monotonic()
    done = migrate(source, "-q")
    seconds = time.monotonic() - started
    diff = sh(["git", "diff"], source).stdout
    again = migrate(source, "-q")
    stable = again.returncode == 0 and sh(["git", "diff"], source).stdout == diff
    after, broken = asked(source, row), unparsable(source) - bad
    run_suite(name, work, "after.xml", EXTRA_PIP=PROJECT)
    outcomes, differ, passed = compare(work)
    n, left = sum(before.values()), sum(after.values())
    hidden = unlisted(source, row, sorted(after))
    unlike = [] if refused else differing(source, work / "applied")
    faults = [
        *([f"migrate: {done.stderr.strip()[-500:]}"] if done.returncode else []),
        *(f"no longer parses: {file}" for file in sorted(broken)),
        *([] if stable else ["a second run changes something"]),
        *([f"git apply refuses the dry run: {refused}"] if refused else []),
        *(f"the dry run's diff gives other bytes: {file}" for file in unlike),
        *([f"only {n - left} of {n} gone"] if left > (1 - LEAST_GONE) * n else []),
        *(f"left, but not listed: {path}:{line}" for path, line in hidden),
        *differ,
        *([] if passed else ["no test passed before"]),
    ]
    line = (
        f"{name}: {'NOT' if faults else 'ok '} asked {n}, left {left} {after if left else ''}, migrate exit {done.returncode} "
        f"in {seconds:.1f} s, {len(broken)} broken, second run {'empty' if stable else 'CHANGES'}, "
        f"dry run {'DIFFERS' if refused or unlike else 'same'}, unlisted {len(hidden)}, outcomes {outcomes}"
    )
    return Verdict(line, faults)


def shortened(faults):
    more = len(faults) - FAULTS_SHOWN
    return [*faults[:FAULTS_SHOWN], f"… and {more} more"] if more > 0 else faults


def main(names):
    with open(CORPUS / "suites.tsv", encoding="utf-8", newline="") as table:
        rows = {row["name"]: row for row in csv.DictReader(table, delimiter="\t")}
    if unknown := [name for name in names if name not in rows]:
        print(f"no row {', '.join(unknown)} in {CORPUS / 'suites.tsv'}; there are: {', '.join(rows)}", file=sys.stderr)
        return 2
    verdicts = []
    for name in names or rows:
        verdicts.append(check(rows[name]))
        print(verdicts[-1].line, *shortened(verdicts[-1].faults), sep="\n    ", flush=True)
    good = sum(not v.faults for v in verdicts)
    print(f"{good}/{len(verdicts)} suites as before, violations gone")
    return int(good != len(verdicts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
