"""Facts that the layout and the documentation state, kept true."""

from __future__ import annotations

import ast
import csv
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
SOURCES = ("toolkit", "migrations", "hooks")
MODULES = sorted(path for root in SOURCES for path in (PROJECT / root).rglob("*.py"))
PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")])
LONGEST = 400  # lines of a module


def imports(path: Path, *, top_level: bool = False) -> Iterator[str]:
    """The modules that a file imports, anywhere or just when it is imported itself."""
    tree = ast.parse(path.read_bytes())
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def packages_of(*modules: str) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_modules_stay_short(path: Path) -> None:
    length = len(path.read_bytes().splitlines())
    assert length <= LONGEST


def test_only_the_gateway_runs_programs_and_git() -> None:
    users = [p.name for p in MODULES if packages_of(*imports(p)) & {"subprocess", "git", "gitdb"}]
    assert users == ["gitobjects.py", "gitprocess.py"]


def test_only_the_gateway_knows_how_git_is_run() -> None:
    users = {p.name for p in MODULES if set(imports(p)) & {"holdline.gitprocess", "holdline.gitobjects"}}
    assert users == {"git.py", "gitobjects.py", "rewriting.py"}  # the last one asks whether GitPython is there


def test_the_engine_gets_its_migrations_from_the_command_line() -> None:
    for path in (PROJECT / "toolkit").rglob("*.py"):
        imported = packages_of(*imports(path))
        assert "holdline_hooks" not in imported or path.parent.name == "cli", path
        assert "holdline_hooks" not in packages_of(*imports(path, top_level=True)), path
        assert "holdline_migrations" not in imported or path.name == "surroundings.py", path
        assert "holdline_migrations" not in packages_of(*imports(path, top_level=True)), path


def test_the_runtime_imports_nothing_of_the_engine() -> None:
    for path in (PROJECT / "toolkit" / "holdline_runtime").rglob("*.py"):
        assert not packages_of(*imports(path)) & {"holdline", "holdline_migrations", "holdline_hooks"}, path


def test_the_base_install_needs_nothing() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["dependencies"] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        if path.startswith("https:"):
            continue
        assert (page.parent / path).exists(), f"{page.name}: {link}"
        assert path or anchor in anchors, f"{page.name}: {link}"


def test_the_index_lists_every_page() -> None:
    index = (PROJECT / "docs" / "index.md").read_text()
    for page in PROJECT.glob("docs/*.md"):
        assert page.name == "index.md" or f"]({page.name})" in index


def test_every_make_command_that_is_told_exists() -> None:
    known = targets((PROJECT / "Makefile").read_text())
    command = re.compile(r"\bmake ([a-z]+)\b(?=`|\s+(?:#|[A-Z]+=)|$)", re.MULTILINE)
    told = {name for page in PAGES for name in command.findall(page.read_text())}
    assert {"demo", "test", "lint", "corpus"} <= told <= known


def test_scripts_can_be_run() -> None:
    for script in (".ci/run", "scripts/find_python.sh", "corpus/run_suite.sh"):
        assert os.access(PROJECT / script, os.X_OK), script


def test_the_corpus_page_has_every_suite() -> None:
    page = (PROJECT / "docs" / "corpus.md").read_text()
    with (PROJECT / "corpus" / "suites.tsv").open(newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    for row in rows:
        assert f"| {row['name']} {row['version']} | {row['python']} | {int(row['passed']):,} |" in page
        assert (PROJECT / "corpus" / "constraints" / f"{row['name']}.txt").is_file()
    passed = sum(int(row["passed"]) for row in rows)
    assert f"{passed:,} tests" in (PROJECT / "README.md").read_text()
