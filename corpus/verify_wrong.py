#!/usr/bin/env python3
"""verify_wrong.py [NAME...]: does `migrate --verify` find exactly the edits that break tests, and keep the others?

For each suite named (default: python-dotenv, jupyter_core, invoke): prepare it as check_suite.py does, with the runtime
installed, and run its tests. Then mix `env-access` with a migration that is deliberately wrong: of the assertions
`assert x == y` that a passing test certainly reaches, every fourth becomes `assert not (x == y)`, up to WRONG of them,
the others `assert bool(x == y)`, which is harmless. `migrate --verify` with the suite's own command has to take back all of the
former and nothing else, and the tests' outcomes have to be what they were.

Environment: as for check_suite.py, and WRONG (default: 10), VERIFY_SCOPE (default: affected). Prints a line a suite; exits 1 if any falls short.
"""

import ast
import contextlib
import csv
import json
import re
import shutil
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import check_suite  # noqa: E402

from holdline.migration import Registry, Rule  # noqa: E402
from holdline.model import Edit, Fix, Safety, Site, Violation  # noqa: E402
from holdline_migrations.env_access import EnvAccess  # noqa: E402
from holdline_runtime import get_env  # noqa: E402

DEFAULT = ("python-dotenv", "jupyter_core", "invoke")
WRONG = int(get_env().get("WRONG", "10"))
SCOPE = get_env().get("VERIFY_SCOPE", "affected")
EVERY = 4
ACCESS = re.compile(r"environ|getenv|patch")


class Asserts:
    """The migration: `places` maps path and condition to whether the assertion there is to be turned round."""

    name = "asserts"
    summary = "assertions, some of them turned round"
    rules = (Rule("HL199", "assertion", "an assertion", "Some of these rewrites are wrong."),)

    def __init__(self, places):
        self.places = places

    def may_match(self, data):
        return b"assert" in data

    def watched_names(self, data):
        return ()

    def survey(self, path, data):
        return ()

    def check(self, source, context):
        found = []
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare):
                wrong = self.places.get(f"{source.path}:{ast.unparse(node.test)}")  # lines move with the imports
                if wrong is not None:
                    found.append(self.violation(source, node.test, wrong))
        return found

    def violation(self, source, node, wrong):
        span = source.span(node)
        head = b"not (" if wrong else b"bool("
        edit = Edit(span.start, span.end, head + source.data[span.start : span.end] + b")")
        fix = Fix(Safety.SAFE, (edit,), (Site(span.start, span.end),))
        place = (node.lineno, node.col_offset + 1, node.end_lineno, node.end_col_offset + 1)
        return Violation("HL199", "wrong" if wrong else "harmless", source.path, *place, text=ast.unparse(node), fix=fix)

    def dependency(self, config):
        return ""


def passing(junit):
    """The functions all of whose tests passed, as (classname, name)."""
    good, bad = set(), set()
    for case in ElementTree.parse(junit).getroot().iter("testcase"):
        key = (case.get("classname"), case.get("name", "").partition("[")[0])
        (bad if any(child.tag in ("failure", "error", "skipped") for child in case) else good).add(key)
    return good - bad


def candidates(source, tests, good):
    """Conditions asserted once in a file, where a passing test certainly comes by: in its own block, before any return."""
    for file in sorted((source / tests).rglob("*.py")):
        path = file.relative_to(source).as_posix()
        with contextlib.suppress(SyntaxError, ValueError):
            tree = ast.parse(file.read_bytes())
            module = path.removesuffix(".py").replace("/", ".")
            counts = Counter(ast.unparse(n.test) for n in ast.walk(tree) if isinstance(n, ast.Assert))
            groups = [(module, tree), *((f"{module}.{n.name}", n) for n in tree.body if isinstance(n, ast.ClassDef))]
            for group, node in groups:
                for function in node.body:
                    if isinstance(function, ast.FunctionDef) and (group, function.name) in good:
                        yield from (f"{path}:{text}" for text in asserted(function) if counts[text] == 1)


def asserted(function):
    for statement in function.body:
        if any(isinstance(n, ast.Return | ast.Yield | ast.With) for n in ast.walk(statement)):
            return
        if isinstance(statement, ast.Assert) and isinstance(statement.test, ast.Compare):
            if [type(op) for op in statement.test.ops] == [ast.Eq] and not ACCESS.search(ast.unparse(statement)):
                yield ast.unparse(statement.test)


def choose(found):
    """Which assertions to turn round: every fourth, spread over all files."""
    wrong = found[1::EVERY]
    step = max(1, len(wrong) // WRONG)
    chosen = set(wrong[::step][:WRONG])
    return {place: place in chosen for place in found}


def migrate(source, places, work, command):
    """Run `migrate --verify` with the mixed migrations in a process of its own, in the environment of run_suite.sh."""
    (work / "places.json").write_text(json.dumps(places))
    env = {"PATH": f"{work}/venv/bin:/usr/local/bin:/usr/bin:/bin", "HOME": str(work / "home"), "TMPDIR": str(work / "tmp"),
           "STUBS": str(check_suite.CORPUS / "stubs" / work.name), "LANG": "C.UTF-8", "TZ": "UTC", "USER": "tester",
           "LOGNAME": "tester", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    for folder in ("home", "tmp"):
        shutil.rmtree(work / folder, ignore_errors=True)
        (work / folder).mkdir()
    line = [sys.executable, __file__, "--migrate", str(work / "places.json"), "migrate", "-m", "env-access", "-m", "asserts",
            "--format", "json", "--verify", command, "--verify-scope", SCOPE]
    return check_suite.subprocess.run(line, cwd=source, env=env, capture_output=True, text=True, check=False)


def verify(row):
    """Verify one suite; returns the line to print and what is wrong."""
    name, work = row["name"], check_suite.WORK / row["name"]
    source = check_suite.prepare(name, work)
    check_suite.run_suite(name, work, "before.xml", EXTRA_PIP=check_suite.PROJECT)
    places = choose(list(candidates(source, row["tests"], passing(work / "before.xml"))))
    stubs = check_suite.CORPUS / "stubs" / name
    command = row["test"].replace('"$STUBS"', str(stubs)).replace("python ", f"{work}/venv/bin/python ", 1)
    started = time.monotonic()
    done = migrate(source, places, work, command)
    seconds = time.monotonic() - started
    if not done.stdout:
        return f"{name}: NOT verified: exit {done.returncode}", done.stderr.splitlines()[-5:]
    report = json.loads(done.stdout)
    verdict = report["verification"]
    dropped = {(f"{d['path']}:{v['text']}", v["code"]) for d in verdict["dropped"] for v in d["violations"]}
    wrong = {(place, "HL199") for place, is_wrong in places.items() if is_wrong}
    check_suite.run_suite(name, work, "after.xml")
    outcomes, differ, passed = check_suite.compare(work)
    faults = [*(f"not found: {p}" for p, _ in sorted(wrong - dropped)), *(f"taken back, though harmless: {p} {c}" for p, c in sorted(dropped - wrong)),
              *differ, *([] if passed else ["no test passed before"]), *(f"flaky: {t}" for t in verdict["flaky"])]
    unlike = bool(dropped ^ wrong or differ)
    fixed = {rule["code"]: rule["fixed"] for rule in report["rules"]}
    line = (
        f"{name}: {'NOT' if unlike else 'ok '} {verdict['tests']} tests, wrong edits {len(wrong)}, found {len(dropped & wrong)}, others taken back "
        f"{len(dropped - wrong)}, kept {fixed}, {verdict['runs']} runs ({verdict['selection']}) in {verdict['seconds']:.0f} s, {seconds:.0f} s in all, "
        f"exit {done.returncode}, outcomes {outcomes}"
    )
    return line, faults if unlike or verdict["flaky"] else []


def main(names):
    with open(check_suite.CORPUS / "suites.tsv", encoding="utf-8", newline="") as table:
        rows = {row["name"]: row for row in csv.DictReader(table, delimiter="\t")}
    bad = 0
    for name in names or DEFAULT:
        line, faults = verify(rows[name])
        print(line, *check_suite.shortened(faults), sep="\n    ", flush=True)
        bad += ": NOT" in line
    return int(bool(bad))


def migrate_here(places, arguments):
    from holdline.cli import main as holdline
    from holdline.cli import session

    registry = Registry((EnvAccess(), Asserts(json.loads(Path(places).read_text()))))
    session.load_registry = lambda: registry
    return holdline(arguments)


if __name__ == "__main__":
    sys.exit(migrate_here(sys.argv[2], sys.argv[3:]) if sys.argv[1:2] == ["--migrate"] else main(sys.argv[1:]))
