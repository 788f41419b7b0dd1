"""The provider's own signed word for the run.

- GitHub: https://docs.github.com/en/actions/reference/security/oidc
- GitLab: https://docs.gitlab.com/ci/secrets/id_token_authentication/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from holdline_runtime.ci_guard.fetching import Deadline, FetchError, fetch_json
from holdline_runtime.ci_guard.providers import GITHUB, GITLAB, Environ, Provider
from holdline_runtime.ci_guard.refusal import CIGuardRefusal, shown
from holdline_runtime.ci_guard.requirement import Attestation, Requirement
from holdline_runtime.ci_guard.runs import CIRun
from holdline_runtime.ci_guard.verification import TokenError, verified_claims

_REQUEST_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
_REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"


@dataclass(frozen=True)
class _Issuer:
    """An issuer of tokens: its public `issuer`, how a token is had, and which claims say what.

    `same` are claims that must have the value of a variable: another run's token is no proof of this one.
    """

    issuer: str
    token: Callable[[Environ, Attestation, Deadline], str]
    advice: Callable[[Attestation], str]
    repository: str
    ref: Callable[[Mapping[str, Any]], object]
    same: Mapping[str, str]
    event: str
    untrusted_events: frozenset[str]


def attested(environ: Environ, provider: Provider, run: CIRun, requirement: Requirement) -> CIRun:
    """Return the run as its provider has signed it; refuse whatever it has not."""
    issuer = _ISSUERS[provider.key]
    settings = requirement.attestation
    deadline = Deadline(settings.timeout)
    name = settings.issuer or issuer.issuer
    try:
        token = issuer.token(environ, settings, deadline)
    except (FetchError, TokenError) as error:
        raise CIGuardRefusal(f"{provider.name} gave no identity token: {error}", issuer.advice(settings)) from None
    try:
        claims = verified_claims(token, name, settings.audience, deadline, settings.ca_file)
    except TokenError as error:
        raise CIGuardRefusal(f"the identity token proves nothing: {error}", issuer.advice(settings)) from None
    except FetchError as error:
        raise CIGuardRefusal(
            f"the identity token cannot be verified, for want of the keys of {name}: {error}", "try again later"
        ) from None
    reason = _amiss(claims, issuer, environ, requirement)
    if reason:
        raise CIGuardRefusal(f"the identity token is for another job: {reason}", f"run it from {requirement.place}")
    return replace(run, level="attested")


def _amiss(claims: Mapping[str, Any], issuer: _Issuer, environ: Environ, requirement: Requirement) -> str:
    repository, ref = claims.get(issuer.repository), issuer.ref(claims)
    if repository != requirement.repository:
        return f"its repository is {shown(str(repository))}"
    if not isinstance(ref, str) or not requirement.takes(ref):
        return f"its ref is {shown(str(ref))}"
    if claims.get(issuer.event) in issuer.untrusted_events:
        return f"it was started by {claims[issuer.event]}, which anybody's change can do"
    for claim, variable in issuer.same.items():
        if str(claims.get(claim)) != environ.get(variable):
            return f"its {claim} is not {variable}"
    return ""


def _from_github(environ: Environ, settings: Attestation, deadline: Deadline) -> str:
    url, secret = environ.get(_REQUEST_URL), environ.get(_REQUEST_TOKEN)
    if not url or not secret:
        raise TokenError(f"{_REQUEST_URL} and {_REQUEST_TOKEN} are not both set")
    address = f"{url}{'&' if '?' in url else '?'}audience={quote(settings.audience, safe='')}"
    answer = fetch_json(address, deadline, settings.ca_file, {"Authorization": f"Bearer {secret}"})
    token = answer.get("value") if isinstance(answer, dict) else None
    if not isinstance(token, str):
        raise TokenError("the answer holds none")
    return token


def _from_gitlab(environ: Environ, settings: Attestation, deadline: Deadline) -> str:
    token = environ.get(settings.token_variable)
    if not token:
        raise TokenError(f"{settings.token_variable} is not set")
    return token


def _gitlab_ref(claims: Mapping[str, Any]) -> object:
    kind = {"branch": "heads", "tag": "tags"}.get(str(claims.get("ref_type")))
    ref = f"refs/{kind}/{claims.get('ref')}" if kind else None
    return ref if claims.get("ref_path", ref) == ref else claims["ref_path"]


_ISSUERS = {
    GITHUB.key: _Issuer(
        "https://token.actions.githubusercontent.com",
        _from_github,
        lambda settings: "give the job `permissions: id-token: write`",
        "repository",
        lambda claims: claims.get("ref"),
        {"run_id": "GITHUB_RUN_ID", "run_attempt": "GITHUB_RUN_ATTEMPT"},
        "event_name",
        frozenset({"pull_request", "pull_request_target"}),
    ),
    GITLAB.key: _Issuer(
        "https://gitlab.com",
        _from_gitlab,
        lambda settings: f"give the job `id_tokens: {settings.token_variable}: aud: {settings.audience}`",
        "project_path",
        _gitlab_ref,
        {"pipeline_id": "CI_PIPELINE_ID", "job_id": "CI_JOB_ID"},
        "pipeline_source",
        frozenset({"merge_request_event", "external_pull_request_event"}),
    ),
}
