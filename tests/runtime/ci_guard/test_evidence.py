"""Claimed and corroborated: each provider's variables, and each way in which they do not add up."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline_runtime.ci_guard.guard import judged
from holdline_runtime.ci_guard.providers import PROVIDERS, names_of
from holdline_runtime.ci_guard.refusal import CIGuardRefusal
from holdline_runtime.ci_guard.requirement import Attestation, Requirement, required
from holdline_runtime.ci_guard.runs import CIRun

JOBS: dict[str, dict[str, str]] = runpy.run_path(str(Path(__file__).with_name("jobs.py")))["ALL"]


def wanted(
    ref: str | tuple[str, ...] = "main", repository: str = "acme/shop", provider: str | None = None
) -> Requirement:
    return required("corroborated", provider, repository, ref, False, (), Attestation())


CLAIM = required("claimed", None, None, None, False, (), Attestation())


def refusal(environ: dict[str, str], requirement: Requirement) -> str:
    with pytest.raises(CIGuardRefusal) as caught:
        judged(environ, requirement)
    assert str(caught.value).count("\n") == 0
    return caught.value.reason


def test_all_six_are_here() -> None:
    assert [provider.name for provider in PROVIDERS] == list(JOBS)


@pytest.mark.parametrize("name", JOBS)
def test_a_job_is_corroborated(name: str) -> None:
    run = judged(JOBS[name], wanted())
    assert (run.level, run.provider, run.repository, run.ref) == ("corroborated", name, "acme/shop", "refs/heads/main")
    assert run.run_id in JOBS[name].values()


@pytest.mark.parametrize("name", JOBS)
def test_a_job_is_claimed(name: str) -> None:
    assert judged(JOBS[name], CLAIM) == CIRun("claimed")


@pytest.mark.parametrize("value", ["", "false", "0", "no", "off", "False", "maybe"])
def test_ci_that_does_not_say_yes_is_no_claim_whatever_else_is_set(value: str) -> None:
    assert "does not say yes" in refusal({**JOBS["GitHub Actions"], "CI": value}, CLAIM)


def test_nothing_is_no_claim() -> None:
    assert refusal({}, CLAIM) == "CI was not set when the process was started"


def test_ci_alone_is_claimed_and_not_corroborated() -> None:
    assert judged({"CI": "true"}, CLAIM).level == "claimed"
    assert "by no provider that is known" in refusal({"CI": "true"}, wanted())


@pytest.mark.parametrize(("name", "variable"), [(p.name, v) for p in PROVIDERS for v in p.shapes if v != p.marker])
def test_each_variable_must_be_there_and_have_its_form(name: str, variable: str) -> None:
    job = dict(JOBS[name])
    without = {key: value for key, value in job.items() if key != variable}
    assert variable in refusal(without, wanted())
    assert variable in refusal({**job, variable: ""}, wanted())
    if variable not in ("GITHUB_EVENT_NAME", "JOB_NAME", "BUILD_TAG"):  # which may be any text
        for wrong in ("fake", "0", "-1", " 1", f"{job[variable]}\n", f"{job[variable]} x"):
            assert variable in refusal({**job, variable: wrong}, wanted())


@pytest.mark.parametrize("name", JOBS)
def test_a_marker_has_one_value(name: str) -> None:
    provider = next(p for p in PROVIDERS if p.name == name)
    assert provider.marker in refusal({**JOBS[name], provider.marker: "no"}, wanted())


@pytest.mark.parametrize("first", JOBS)
@pytest.mark.parametrize("second", JOBS)
def test_two_providers_at_once_are_none(first: str, second: str) -> None:
    if first != second:
        assert "at once" in refusal({**JOBS[first], **JOBS[second]}, wanted())


@pytest.mark.parametrize("name", JOBS)
def test_another_repository_is_refused(name: str) -> None:
    assert "the repository of this" in refusal(JOBS[name], wanted(repository="acme/other"))


@pytest.mark.parametrize("name", JOBS)
def test_another_ref_is_refused(name: str) -> None:
    reason = refusal(JOBS[name], wanted("release"))
    assert "the ref of this" in reason
    assert "refs/heads/main" in reason


@pytest.mark.parametrize("name", JOBS)
def test_several_refs_and_patterns(name: str) -> None:
    assert judged(JOBS[name], wanted(("release", "main"))).ref == "refs/heads/main"
    assert judged(JOBS[name], wanted("refs/heads/m*")).ref == "refs/heads/main"
    assert judged(JOBS[name], wanted("*")).ref == "refs/heads/main"
    assert refusal(JOBS[name], wanted("refs/tags/*"))


TAGS = {
    "GitHub Actions": {"GITHUB_REF": "refs/tags/v1"},
    "GitLab": {"CI_COMMIT_TAG": "v1", "CI_COMMIT_BRANCH": ""},
    "Jenkins": {"TAG_NAME": "v1", "BRANCH_NAME": "v1"},
    "CircleCI": {"CIRCLE_TAG": "v1", "CIRCLE_BRANCH": ""},
    "Azure Pipelines": {"BUILD_SOURCEBRANCH": "refs/tags/v1"},
    "Buildkite": {"BUILDKITE_TAG": "v1"},
}


@pytest.mark.parametrize("name", JOBS)
def test_a_tag_is_no_branch_of_that_name(name: str) -> None:
    job = {**JOBS[name], **TAGS[name]}
    assert judged(job, wanted("refs/tags/v*")).ref == "refs/tags/v1"
    assert refusal(job, wanted("v1"))


PROPOSED = {
    "GitHub Actions": {"GITHUB_REF": "refs/pull/7/merge", "GITHUB_EVENT_NAME": "pull_request"},
    "GitLab": {"CI_MERGE_REQUEST_IID": "7", "CI_COMMIT_REF_NAME": "main"},
    "Jenkins": {"CHANGE_ID": "7", "BRANCH_NAME": "main"},
    "CircleCI": {"CIRCLE_PR_NUMBER": "7", "CIRCLE_BRANCH": "main"},
    "Azure Pipelines": {"BUILD_SOURCEBRANCH": "refs/heads/main", "SYSTEM_PULLREQUEST_PULLREQUESTID": "7"},
    "Buildkite": {"BUILDKITE_PULL_REQUEST": "7", "BUILDKITE_BRANCH": "main"},
}


@pytest.mark.parametrize("name", JOBS)
def test_somebodys_change_is_not_on_main_whatever_its_branch_is_called(name: str) -> None:
    assert refusal({**JOBS[name], **PROPOSED[name]}, wanted())


def test_pull_request_target_names_main_for_anybodys_change() -> None:
    job = {**JOBS["GitHub Actions"], "GITHUB_EVENT_NAME": "pull_request_target"}
    assert "pull_request_target" in refusal(job, wanted())


def test_workflows_that_act_runs_on_a_laptop_are_no_ci() -> None:
    assert "your own machine" in refusal({**JOBS["GitHub Actions"], "ACT": "true"}, wanted())


@pytest.mark.parametrize(
    "change",
    [{"BUILD_URL": "https://elsewhere.example/job/1/"}, {"BUILD_TAG": "jenkins-x-1"}, {"BUILD_NUMBER": "154"}],
)
def test_jenkins_variables_must_fit_each_other(change: dict[str, str]) -> None:
    assert refusal({**JOBS["Jenkins"], **change}, wanted())


def test_jenkins_without_a_multibranch_project() -> None:
    job = {**JOBS["Jenkins"], "BRANCH_NAME": "", "GIT_BRANCH": "origin/main"}
    assert judged(job, wanted()).ref == "refs/heads/main"
    assert "is not told" in refusal({**job, "GIT_BRANCH": ""}, wanted())


def test_a_repository_may_be_named_with_its_host_where_the_variables_have_a_url() -> None:
    assert judged(JOBS["Buildkite"], wanted(repository="github.com/acme/shop")).level == "corroborated"
    evil = {**JOBS["Buildkite"], "BUILDKITE_REPO": "git@evil.example:acme/shop.git"}
    assert refusal(evil, wanted(repository="github.com/acme/shop"))


def test_azure_repositories_of_another_provider_go_by_their_own_name() -> None:
    job = {**JOBS["Azure Pipelines"], "BUILD_REPOSITORY_PROVIDER": "GitHub", "BUILD_REPOSITORY_NAME": "acme/shop"}
    assert judged(job, wanted()).repository == "acme/shop"


def test_no_password_of_a_clone_url_is_shown() -> None:
    reason = refusal(JOBS["Jenkins"], wanted(repository="acme/other"))
    assert "'acme/shop'" in reason
    assert "hunter2" not in reason


def test_control_characters_stay_out_of_the_message() -> None:
    reason = refusal({**JOBS["GitHub Actions"], "GITHUB_REPOSITORY": "evil\n\x1b[31m" + "x" * 500}, wanted())
    assert "\x1b" not in reason
    assert len(reason) < 250


@given(st.text(max_size=60))
def test_any_clone_url_can_be_read(url: str) -> None:
    assert len(names_of(url)) in (0, 1, 2)


@given(st.dictionaries(st.sampled_from(sorted({key for job in JOBS.values() for key in job})), st.text(max_size=12)))
def test_random_variables_are_refused_cleanly(environ: dict[str, str]) -> None:
    assert refusal(environ, wanted())


@pytest.mark.parametrize("credential", [{}, {"DEPLOY_KEY": ""}])
def test_a_missing_credential_is_named(credential: dict[str, str]) -> None:
    requirement = required(None, None, "acme/shop", "main", True, "DEPLOY_KEY", Attestation())
    assert requirement.level == "corroborated"
    assert "DEPLOY_KEY" in refusal({**JOBS["GitLab"], **credential}, requirement)
    assert judged({**JOBS["GitLab"], "DEPLOY_KEY": "s"}, requirement).level == "corroborated"


@pytest.mark.parametrize("name", JOBS)
def test_the_provider_may_be_named(name: str) -> None:
    for provider in PROVIDERS:
        if provider.name == name:
            assert judged(JOBS[name], wanted(provider=provider.key)).provider == name
        else:
            assert refusal(JOBS[name], wanted(provider=provider.key)) == f"the variables are those of {name}"
