"""What each CI provider puts into the environment of a job, as its documentation lists it.

- GitHub Actions: https://docs.github.com/en/actions/reference/variables-reference
- GitLab: https://docs.gitlab.com/ci/variables/predefined_variables/
- Jenkins: https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables and `/env-vars.html/` of
  any Jenkins; `GIT_URL` and `GIT_BRANCH` are its Git plugin's
- CircleCI: https://circleci.com/docs/reference/variables/
- Azure Pipelines: https://learn.microsoft.com/en-us/azure/devops/pipelines/build/variables
- Buildkite: https://buildkite.com/docs/pipelines/environment-variables

A change that somebody proposes (a pull request, from a fork above all) is never on the branch it is named after or
aimed at: its ref is `refs/pull/…`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

Environ = Mapping[str, str]

NUMBER = re.compile(r"[1-9][0-9]{0,19}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TRUE = re.compile("true")
_ANY = re.compile(r".+", re.DOTALL)
_HTTP = re.compile(r"https?://[^/\s]+/\S*")
_REF = re.compile(r"refs/\S+")


@dataclass(frozen=True)
class Provider:
    """A provider, which calls name by its `key`: the variable that is its `marker`, and what corroborates it.

    `shapes` are the variables that each job has, with their form, among them `run`. `repository` returns the names that
    the job's repository goes by, `ref` its ref in full, either nothing where the variables do not say. `conflict` says
    what does not fit together.
    """

    key: str
    name: str
    marker: str
    run: str
    shapes: Mapping[str, re.Pattern[str]]
    repository: Callable[[Environ], tuple[str, ...]]
    ref: Callable[[Environ], str]
    conflict: Callable[[Environ], str] = lambda environ: ""


def names_of(url: str) -> tuple[str, ...]:
    """Return what a clone URL's repository goes by: its path, alone and behind the host. No user, no password.

    >>> names_of("git@github.com:acme/shop.git")
    ('acme/shop', 'github.com/acme/shop')
    >>> names_of("https://user:secret@git.example:8443/acme/shop")
    ('acme/shop', 'git.example/acme/shop')
    """
    if "://" in url:
        try:
            parts = urlsplit(url)
            host, path = parts.hostname or "", parts.path
        except ValueError:
            return ()
    else:
        host, _, path = url.rpartition("@")[2].partition(":")
    return _named(host, path.strip("/").removesuffix(".git"))


def _named(host: str, path: str) -> tuple[str, ...]:
    return ((path, f"{host}/{path}") if host else (path,)) if path else ()


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _ref(environ: Environ, tag: str, branch: str) -> str:
    if environ.get(tag):
        return f"refs/tags/{environ[tag]}"
    return f"refs/heads/{environ[branch]}" if environ.get(branch) else ""


def _github_conflict(environ: Environ) -> str:
    if environ.get("ACT"):
        return "ACT is set: that is act, which runs workflows on your own machine"
    if environ.get("GITHUB_EVENT_NAME") == "pull_request_target":
        return "the event is pull_request_target, which names the base branch for anybody's pull request"
    return ""


def _gitlab_ref(environ: Environ) -> str:
    # CI_COMMIT_REF_NAME of a merge request from a fork is a branch of the fork, be it called main
    if environ.get("CI_MERGE_REQUEST_IID"):
        return f"refs/merge-requests/{environ['CI_MERGE_REQUEST_IID']}/head"
    return _ref(environ, "CI_COMMIT_TAG", "CI_COMMIT_BRANCH")


def _jenkins_ref(environ: Environ) -> str:
    if environ.get("CHANGE_ID"):
        return f"refs/pull/{environ['CHANGE_ID']}/head"
    if environ.get("TAG_NAME") or environ.get("BRANCH_NAME"):
        return _ref(environ, "TAG_NAME", "BRANCH_NAME")
    branch = environ.get("GIT_BRANCH", "").removeprefix("origin/")
    return f"refs/heads/{branch}" if branch else ""


def _jenkins_conflict(environ: Environ) -> str:
    if not environ["BUILD_URL"].startswith(environ["JENKINS_URL"]):
        return "BUILD_URL is not below JENKINS_URL"
    if environ["BUILD_TAG"] != f"jenkins-{environ['JOB_NAME'].replace('/', '-')}-{environ['BUILD_NUMBER']}":
        return "BUILD_TAG is not made of JOB_NAME and BUILD_NUMBER"
    return ""


def _circleci_ref(environ: Environ) -> str:
    if environ.get("CIRCLE_PR_NUMBER"):  # set for pull requests from forks alone
        return f"refs/pull/{environ['CIRCLE_PR_NUMBER']}/head"
    return _ref(environ, "CIRCLE_TAG", "CIRCLE_BRANCH")


def _azure_repository(environ: Environ) -> tuple[str, ...]:
    name = environ.get("BUILD_REPOSITORY_NAME", "")
    if environ.get("BUILD_REPOSITORY_PROVIDER") == "TfsGit":  # a bare name, which each project may have
        project = environ.get("SYSTEM_TEAMPROJECT", "")
        return (f"{project}/{name}",) if project and name else ()
    return _named(_host(environ.get("BUILD_REPOSITORY_URI", "")), name)


def _azure_conflict(environ: Environ) -> str:
    if environ.get("SYSTEM_PULLREQUEST_PULLREQUESTID") and environ["BUILD_SOURCEBRANCH"].startswith("refs/heads/"):
        return "SYSTEM_PULLREQUEST_PULLREQUESTID is set: it is the build of a pull request, not of a branch"
    return ""


def _buildkite_ref(environ: Environ) -> str:
    if environ.get("BUILDKITE_PULL_REQUEST", "false") not in ("false", ""):
        return f"refs/pull/{environ['BUILDKITE_PULL_REQUEST']}/head"
    return _ref(environ, "BUILDKITE_TAG", "BUILDKITE_BRANCH")


GITHUB = Provider(
    "github",
    "GitHub Actions",
    "GITHUB_ACTIONS",
    "GITHUB_RUN_ID",
    {
        "GITHUB_ACTIONS": _TRUE,
        "GITHUB_RUN_ID": NUMBER,
        "GITHUB_RUN_NUMBER": NUMBER,
        "GITHUB_RUN_ATTEMPT": NUMBER,
        "GITHUB_SHA": _COMMIT,
        "GITHUB_EVENT_NAME": _ANY,
        "GITHUB_REF": _REF,
    },
    lambda environ: _named("", environ.get("GITHUB_REPOSITORY", "")),
    lambda environ: environ["GITHUB_REF"],
    _github_conflict,
)
GITLAB = Provider(
    "gitlab",
    "GitLab",
    "GITLAB_CI",
    "CI_PIPELINE_ID",
    {
        "GITLAB_CI": _TRUE,
        "CI_PIPELINE_ID": NUMBER,
        "CI_JOB_ID": NUMBER,
        "CI_PROJECT_ID": NUMBER,
        "CI_COMMIT_SHA": _COMMIT,
    },
    lambda environ: _named("", environ.get("CI_PROJECT_PATH", "")),
    _gitlab_ref,
)
PROVIDERS = (
    GITHUB,
    GITLAB,
    Provider(
        "jenkins",
        "Jenkins",
        "JENKINS_URL",
        "BUILD_NUMBER",
        {"JENKINS_URL": _HTTP, "BUILD_NUMBER": NUMBER, "BUILD_URL": _HTTP, "JOB_NAME": _ANY, "BUILD_TAG": _ANY},
        lambda environ: names_of(environ.get("GIT_URL", "")),
        _jenkins_ref,
        _jenkins_conflict,
    ),
    Provider(
        "circleci",
        "CircleCI",
        "CIRCLECI",
        "CIRCLE_WORKFLOW_ID",
        {"CIRCLECI": _TRUE, "CIRCLE_WORKFLOW_ID": _UUID, "CIRCLE_BUILD_NUM": NUMBER, "CIRCLE_SHA1": _COMMIT},
        lambda environ: names_of(environ.get("CIRCLE_REPOSITORY_URL", "")),
        _circleci_ref,
    ),
    Provider(
        "azure",
        "Azure Pipelines",
        "TF_BUILD",
        "BUILD_BUILDID",
        {
            "TF_BUILD": re.compile("[Tt]rue"),
            "BUILD_BUILDID": NUMBER,
            "SYSTEM_JOBID": _UUID,
            "SYSTEM_TEAMPROJECTID": _UUID,
            "BUILD_SOURCEVERSION": _COMMIT,
            "BUILD_SOURCEBRANCH": _REF,
        },
        _azure_repository,
        lambda environ: environ["BUILD_SOURCEBRANCH"],
        _azure_conflict,
    ),
    Provider(
        "buildkite",
        "Buildkite",
        "BUILDKITE",
        "BUILDKITE_BUILD_ID",
        {
            "BUILDKITE": _TRUE,
            "BUILDKITE_BUILD_ID": _UUID,
            "BUILDKITE_JOB_ID": _UUID,
            "BUILDKITE_BUILD_NUMBER": NUMBER,
        },
        lambda environ: names_of(environ.get("BUILDKITE_REPO", "")),
        _buildkite_ref,
    ),
)
