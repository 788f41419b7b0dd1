"""Attested: GitHub's and GitLab's signed word for this very job."""

from __future__ import annotations

import json
import runpy
import socket
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from holdline_runtime.ci_guard import CIGuardRefusal
from holdline_runtime.ci_guard.guard import judged
from holdline_runtime.ci_guard.requirement import Attestation, required
from holdline_runtime.ci_guard.runs import CIRun

JOBS = runpy.run_path(str(Path(__file__).with_name("jobs.py")))
SECRET = "request-secret"


class Job:
    """A job of GitHub or GitLab whose provider is the issuer on loopback; `claims` can be changed before it is judged."""

    def __init__(self, issuer: Any, name: str) -> None:
        self.issuer = issuer
        self.github = name == "github"
        self.environ: dict[str, str] = dict(JOBS["GITHUB" if self.github else "GITLAB"])
        self.claims: dict[str, Any] = {
            **({"repository": "acme/shop", "ref": "refs/heads/main", "event_name": "push"} if self.github else {}),
            **({"run_id": "1658821493", "run_attempt": "1"} if self.github else {}),
            **({} if self.github else {"project_path": "acme/shop", "ref": "main", "ref_type": "branch"}),
            **({} if self.github else {"ref_path": "refs/heads/main", "pipeline_source": "push"}),
            **({} if self.github else {"pipeline_id": "1519139981", "job_id": "8222997048"}),
        }
        self.settings: dict[str, Any] = {"issuer": issuer.url, "ca_file": issuer.ca_file, "timeout": 5.0}

    def judge(self, token: str | None = None, refs: Any = "main") -> CIRun:
        if token is None:
            token = self.issuer.sign(self.issuer.claims(**self.claims))
        if self.github:
            self.environ["ACTIONS_ID_TOKEN_REQUEST_URL"] = f"{self.issuer.url}/token?api-version=2"
            self.environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = SECRET
            self.issuer.answers["/token"] = json.dumps({"value": token, "count": 1}).encode()
        else:
            self.environ["HOLDLINE_ID_TOKEN"] = token
        return judged(self.environ, self.requirement(refs))

    def requirement(self, refs: Any = "main") -> Any:
        return required(
            "attested",
            "github" if self.github else "gitlab",
            "acme/shop",
            refs,
            False,
            (),
            Attestation(**self.settings),
        )

    def refusal(self, token: str | None = None, refs: Any = "main") -> str:
        with pytest.raises(CIGuardRefusal) as caught:
            self.judge(token, refs)
        text = str(caught.value)
        assert "\n" not in text
        assert SECRET not in text
        assert self.environ.get("HOLDLINE_ID_TOKEN", "eyJ") not in text
        return text


@pytest.fixture(params=["github", "gitlab"])
def job(issuer: Any, request: pytest.FixtureRequest) -> Job:
    return Job(issuer, request.param)


@pytest.fixture
def github(issuer: Any) -> Job:
    return Job(issuer, "github")


@pytest.fixture
def gitlab(issuer: Any) -> Job:
    return Job(issuer, "gitlab")


def test_a_good_token(job: Job) -> None:
    run = job.judge()
    assert (run.level, run.repository, run.ref) == ("attested", "acme/shop", "refs/heads/main")


def test_github_is_asked_for_our_audience_with_the_jobs_secret(github: Job) -> None:
    github.judge()
    path, headers = github.issuer.asked[0]
    assert path == "/token?api-version=2&audience=holdline-ci-guard"
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert all("Authorization" not in headers for _, headers in github.issuer.asked[1:])


def test_another_repository(job: Job) -> None:
    job.claims |= {"repository": "mallory/shop", "project_path": "mallory/shop"}
    assert "its repository is 'mallory/shop'" in job.refusal()


@pytest.mark.parametrize("claim", [None, 3, ["acme/shop"], "acme/shop ", "ACME/shop"])
def test_a_repository_that_is_not_quite_it(job: Job, claim: object) -> None:
    job.claims |= {"repository": claim, "project_path": claim}
    assert "its repository" in job.refusal()


def test_another_ref(job: Job) -> None:
    job.claims |= {"ref": "refs/heads/evil" if job.github else "evil", "ref_path": "refs/heads/evil"}
    assert "its ref is 'refs/heads/evil'" in job.refusal()


def test_a_tag_called_main(gitlab: Job) -> None:
    gitlab.claims |= {"ref_type": "tag", "ref_path": "refs/tags/main"}
    assert "its ref is 'refs/tags/main'" in gitlab.refusal()


def test_refs_of_the_token_that_do_not_agree(gitlab: Job) -> None:
    gitlab.claims["ref_path"] = "refs/merge-requests/1/head"
    assert "its ref is 'refs/merge-requests/1/head'" in gitlab.refusal()


def test_tokens_of_an_older_gitlab_have_no_ref_path(gitlab: Job) -> None:
    gitlab.claims["ref_path"] = None
    assert gitlab.judge().level == "attested"


def test_a_pull_request_from_a_fork(github: Job) -> None:
    github.claims |= {"ref": "refs/pull/7/merge", "event_name": "pull_request"}
    assert "its ref is 'refs/pull/7/merge'" in github.refusal()
    assert "pull_request, which anybody" in github.refusal(refs=["main", "refs/pull/*"])


def test_pull_request_target(github: Job) -> None:
    github.claims["event_name"] = "pull_request_target"  # whatever GITHUB_EVENT_NAME says
    assert "pull_request_target" in github.refusal()


def test_a_merge_request_from_a_forks_main(gitlab: Job) -> None:
    gitlab.claims["pipeline_source"] = "merge_request_event"
    assert "merge_request_event" in gitlab.refusal()


@pytest.mark.parametrize("claim", ["run_id", "run_attempt", "pipeline_id", "job_id"])
def test_the_token_of_another_run(issuer: Any, claim: str) -> None:
    job = Job(issuer, "github" if claim.startswith("run") else "gitlab")
    job.claims[claim] = "77"
    assert f"its {claim} is not" in job.refusal()


def test_a_repository_of_that_name_at_another_provider(github: Job, gitlab: Job) -> None:
    """GitLab signs for its own acme/shop, which may be anybody's."""
    gitlab.judge()
    with pytest.raises(CIGuardRefusal, match="the variables are those of GitLab"):
        judged(gitlab.environ, github.requirement())


def test_a_forged_signature(job: Job) -> None:
    token = job.issuer.sign(job.issuer.claims(**job.claims), key=job.issuer.other)
    assert "its signature is not the issuer's" in job.refusal(token)


def test_an_expired_token(job: Job) -> None:
    job.claims["exp"] = int(time.time()) - 3600
    assert "it has expired" in job.refusal()


def test_another_audience(job: Job) -> None:
    job.settings["audience"] = "another"
    assert "it is for another audience" in job.refusal()


def test_the_public_issuer_is_the_default_and_no_variable_changes_that(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # nobody there when it is closed: no test leaves the machine
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{server.getsockname()[1]}")
    monkeypatch.setenv("no_proxy", "localhost")
    job.settings["issuer"] = None
    job.environ |= {"CI_SERVER_URL": job.issuer.url, "GITHUB_SERVER_URL": job.issuer.url}
    said = job.refusal()
    assert ("token.actions.githubusercontent.com" if job.github else "https://gitlab.com") in said
    assert all("token" in path for path, _ in job.issuer.asked)  # nobody asked the impostor for keys


def test_no_token(job: Job) -> None:
    with pytest.raises(CIGuardRefusal) as caught:
        judged(job.environ, job.requirement())
    assert ("id-token: write" if job.github else "id_tokens: HOLDLINE_ID_TOKEN") in str(caught.value)


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"value": 3}', b'{"value": "x"}', b"null", b"<html>"])
def test_githubs_answer_holds_none(github: Job, body: bytes) -> None:
    github.judge()
    github.issuer.answers["/token"] = body
    with pytest.raises(CIGuardRefusal, match="identity token"):
        judged(github.environ, github.requirement())


@pytest.mark.parametrize("url", ["http://localhost/", "file:///etc/passwd", "https://u:p@localhost/"])
def test_githubs_secret_is_sent_over_tls_only(github: Job, url: str) -> None:
    github.environ |= {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": SECRET}
    with pytest.raises(CIGuardRefusal, match="no plain https"):
        judged(github.environ, github.requirement())


def test_a_header_cannot_be_smuggled_in(github: Job) -> None:
    github.environ["ACTIONS_ID_TOKEN_REQUEST_URL"] = github.issuer.url + "/token"
    github.environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = "x\r\nX-Evil: 1"
    with pytest.raises(CIGuardRefusal):
        judged(github.environ, github.requirement())
    assert github.issuer.asked == []


def test_keys_that_are_down_slow_or_huge(job: Job) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(1)

    del job.issuer.answers["/keys"]
    assert "for want of the keys" in job.refusal()
    job.issuer.answers["/keys"] = b" " * 1_000_000
    assert "larger than" in job.refusal()
    job.issuer.answers["/keys"] = slow
    job.settings["timeout"] = 0.4
    start = time.monotonic()
    assert "no answer within 0.4 s" in job.refusal()
    assert time.monotonic() - start < 1


def test_what_is_attested_is_corroborated_first(job: Job) -> None:
    job.environ["GITHUB_RUN_ID" if job.github else "CI_JOB_ID"] = "fake"
    assert job.refusal()
    assert job.issuer.asked == []


def test_through_the_call_of_a_script(job: Job, run_script: Any) -> None:
    job.judge()
    call = (
        "from holdline_runtime import require_ci\nrun = require_ci(production=True, repository='acme/shop', ref='main',"
    )
    call += f" provider={'github' if job.github else 'gitlab'!r},"
    call += f" issuer={job.issuer.url!r}, ca_file={job.issuer.ca_file!r})\nprint(run.level)"
    done = run_script(call, job.environ)
    assert (done.code, done.out, done.connected) == (0, "attested\n", True), done.err
    wrong = run_script(call.replace("acme/shop", "acme/other"), job.environ)
    assert (wrong.code, wrong.connected) == (1, False)
