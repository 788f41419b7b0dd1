"""Facts that the documentation and the packaging state, kept true."""

from __future__ import annotations

import csv
import os
import re
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PAGES = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")])


def targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


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
