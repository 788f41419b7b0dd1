"""The recipes of docs/ci.md and action.yml: valid by the systems' own schemas, and run as those systems run them."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from holdline import bases

if TYPE_CHECKING:
    from .conftest import Job, Origin

PROJECT = Path(__file__).parents[2]
GITHUB = ("holdline", "holdline-shallow", "holdline-sarif", "holdline-plain")
PULL_REQUEST = {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main", "GITHUB_HEAD_REF": "topic"}


def test_the_action_is_valid() -> None:
    validate("vendor.github-actions", PROJECT / "action.yml")


def test_the_recipes_are_valid(recipes: dict[str, str], tmp_path: Path) -> None:
    names: dict[str, list[Path]] = {"vendor.github-workflows": [], "vendor.gitlab-ci": []}
    for number, (name, text) in enumerate(recipes.items()):
        path = tmp_path / f"{number}.yml"
        path.write_text(text)
        names["vendor.github-workflows" if name.startswith(".github/workflows/") else "vendor.gitlab-ci"].append(path)
    for schema, paths in names.items():
        assert len(paths) >= 2
        validate(schema, *paths)


def test_an_invalid_recipe_is_told(tmp_path: Path) -> None:
    path = tmp_path / "bad.yml"
    path.write_text("holdline:\n  script: [holdline check]\n  artefacts: {}\n")
    with pytest.raises(AssertionError):
        validate("vendor.gitlab-ci", path)


def test_the_page_names_every_variable() -> None:
    page = (PROJECT / "docs" / "ci.md").read_text()
    for variable in (*bases._CI_COMMITS, *bases._CI_BRANCHES):
        assert f"`{variable}`" in page


@pytest.mark.parametrize("name", GITHUB)
def test_github(
    name: str, proposed: tuple[Origin, bool], recipes: dict[str, str], on_github: Callable[..., Job]
) -> None:
    origin, violates = proposed
    workflow = yaml.safe_load(recipes[f".github/workflows/{name}.yml"])
    job = on_github(workflow, origin, "refs/pull/1/merge", PULL_REQUEST, {})
    assert job.exit_code == int(violates), job.log
    if name == "holdline-sarif":
        check_sarif(job, violates)
    else:
        assert ("::error file=change.py,line=3," in job.log) is violates, job.log
        assert job.log.count("::error") == int(violates)


def test_a_push_on_github(
    proposed: tuple[Origin, bool], recipes: dict[str, str], on_github: Callable[..., Job]
) -> None:
    """The merge is pushed to main: what it brings there is the change alone."""
    origin, violates = proposed
    workflow = yaml.safe_load(recipes[".github/workflows/holdline-push.yml"])
    job = on_github(workflow, origin, "refs/pull/1/merge", {}, {"github.event.before": origin.main})
    assert job.exit_code == int(violates), job.log
    assert ("::error file=change.py" in job.log) is violates


def test_one_commit_is_no_verdict(
    proposed: tuple[Origin, bool], recipes: dict[str, str], on_github: Callable[..., Job]
) -> None:
    """What happens to who forgets `fetch-depth`: neither everything is new nor nothing."""
    origin, _ = proposed
    text = recipes[".github/workflows/holdline.yml"]
    assert "fetch-depth: 0" in text
    workflow = yaml.safe_load(text.replace("fetch-depth: 0", "fetch-depth: 1"))
    job = on_github(workflow, origin, "refs/pull/1/merge", PULL_REQUEST, {})
    assert job.exit_code == 2
    assert "fetch" in job.log
    assert "::error" not in job.log


def test_inputs_are_not_run(
    proposed: tuple[Origin, bool], recipes: dict[str, str], on_github: Callable[..., Job], tmp_path: Path
) -> None:
    """What a pull request may choose, such as a branch's name, reaches the shell as text."""
    origin, _ = proposed
    workflow = yaml.safe_load(recipes[".github/workflows/holdline.yml"])
    (job,) = workflow["jobs"].values()
    mark = tmp_path / "mark"
    job["steps"][-1]["with"] = {"base": f"$(touch {mark})", "args": f"`touch {mark}`"}
    assert on_github(workflow, origin, "refs/pull/1/merge", PULL_REQUEST, {}).exit_code == 2
    assert not mark.exists()


def test_arguments_of_the_action(
    proposed: tuple[Origin, bool], recipes: dict[str, str], on_github: Callable[..., Job]
) -> None:
    origin, _ = proposed
    workflow = yaml.safe_load(recipes[".github/workflows/holdline.yml"])
    (job,) = workflow["jobs"].values()
    job["steps"][-1]["with"] = {"format": "text", "args": "--select HL102 change.py"}
    done = on_github(workflow, origin, "refs/pull/1/merge", PULL_REQUEST, {})
    assert done.exit_code == 0, done.log
    assert "no new violation" in done.log


@pytest.mark.parametrize("merged", [False, True], ids=["merge request", "merged results"])
@pytest.mark.parametrize("name", [".gitlab-ci.yml", ".gitlab-ci.yml, shallow"])
def test_gitlab(
    name: str,
    merged: bool,
    proposed: tuple[Origin, bool],
    recipes: dict[str, str],
    on_gitlab: Callable[..., Job],
) -> None:
    origin, violates = proposed
    variables = {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_REF_PATH": "refs/merge-requests/1/head",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": origin.parting,
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": origin.main if merged else "",
    }
    ref = f"refs/merge-requests/1/{'merge' if merged else 'head'}"
    job = on_gitlab(yaml.safe_load(recipes[name]), origin, ref, variables)
    assert job.exit_code == int(violates), job.log
    assert ("change.py:3:7: HL101" in job.log) is violates
    assert "brought.py" not in job.log
    for report in job.uploads:
        root = ET.parse(report).getroot()
        assert [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None] == (
            ["change.py:3:7"] if violates else []
        )
    assert len(job.uploads) == ("shallow" not in name)


def check_sarif(job: Job, violates: bool) -> None:
    (upload,) = job.uploads
    (run,) = json.loads(upload.read_bytes())["runs"]
    places = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]]
    states = [r["baselineState"] for r in run["results"]]
    assert (places, states) == ((["change.py"], ["new"]) if violates else ([], []))


def validate(schema: str, *paths: Path) -> None:
    """Check files against a schema that check-jsonschema carries."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
