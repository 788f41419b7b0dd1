"""What a script asks of the CI that runs it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from holdline_runtime.ci_guard.providers import GITHUB, GITLAB, PROVIDERS
from holdline_runtime.ci_guard.refusal import CIGuardMisuse

LEVELS = ("claimed", "corroborated", "attested")

#: The audience a token is asked for, and has to have, unless told otherwise. A token for anybody else is none for us.
AUDIENCE = "holdline-ci-guard"
#: The variable that holds GitLab's token unless told otherwise; it is the name under `id_tokens` of the job.
TOKEN_VARIABLE = "HOLDLINE_ID_TOKEN"


@dataclass(frozen=True)
class Attestation:
    """How a token is obtained and checked. The issuer and the authorities come from the caller, never from a variable.

    `issuer` is None for the provider's public one; `ca_file` None for the system's authorities; `timeout` is in seconds
    and covers all of it.
    """

    audience: str = AUDIENCE
    issuer: str | None = None
    token_variable: str = TOKEN_VARIABLE
    ca_file: str | None = None
    timeout: float = 10.0

    def __post_init__(self) -> None:
        if not self.audience:
            raise CIGuardMisuse("the audience is empty")
        if not self.timeout > 0:
            raise CIGuardMisuse("the timeout is not above 0 seconds")
        if self.issuer is not None and not self.issuer.startswith("https://"):
            raise CIGuardMisuse("the issuer is no https:// URL")


@dataclass(frozen=True)
class Requirement:
    """The level that is asked for, the repository and refs that may run it, and variables that must be set.

    `provider` is the key of the one provider that is meant, or empty for any.
    """

    level: str
    provider: str
    repository: str
    refs: tuple[str, ...]
    credentials: tuple[str, ...]
    attestation: Attestation

    @property
    def place(self) -> str:
        """The job that would be let through, in words."""
        if not self.repository:
            return "a CI job"
        name = next((known.name for known in PROVIDERS if known.key == self.provider), "CI")
        return f"a {name} job of {self.repository} on {' or '.join(self.refs)}"

    def takes(self, ref: str) -> bool:
        """Tell whether a ref, in full, is one of those."""
        return any(fnmatchcase(ref, pattern) for pattern in self.refs)


def required(
    level: str | None,
    provider: str | None,
    repository: str | None,
    ref: str | Iterable[str] | None,
    production: bool,
    credentials: str | Iterable[str],
    attestation: Attestation,
) -> Requirement:
    """Check the settings of a call, and fill in the level. CIGuardMisuse where they would guard less than they say."""
    refs = tuple(map(_full, _listed(ref)))
    named = _listed(credentials)
    if level is None:
        level = _default(production, bool(named), bool(repository))
    if level not in LEVELS:
        raise CIGuardMisuse(f"there is no level {level!r}, there are {', '.join(LEVELS)}")
    if production and level != "attested" and not (level == "corroborated" and named):
        raise CIGuardMisuse("production wants level attested, or corroborated with credentials that only CI has")
    _check_place(level, provider, repository, refs)
    return Requirement(level, provider or "", repository or "", refs, named, attestation)


def _check_place(level: str, provider: str | None, repository: str | None, refs: tuple[str, ...]) -> None:
    if provider is not None and provider not in [known.key for known in PROVIDERS]:
        raise CIGuardMisuse(
            f"there is no provider {provider!r}, there are {', '.join(known.key for known in PROVIDERS)}"
        )
    if (level != "claimed" or repository or refs) and not (repository and refs):
        raise CIGuardMisuse("the expected repository and ref are to be named together, and above claimed they must be")
    if level == "claimed" and (repository or provider):
        raise CIGuardMisuse("what is claimed says no provider, repository and ref: ask for level corroborated")
    # The other one signs for a repository of the same name as well, whoever has it there.
    if level == "attested" and provider not in (GITHUB.key, GITLAB.key):
        raise CIGuardMisuse(
            f"level attested wants the provider, {GITHUB.key} or {GITLAB.key}: the others sign no token"
        )


def _default(production: bool, credentials: bool, repository: bool) -> str:
    if production:
        return "corroborated" if credentials else "attested"
    return "corroborated" if repository else "claimed"


def _listed(given: str | Iterable[str] | None) -> tuple[str, ...]:
    items = () if given is None else (given,) if isinstance(given, str) else tuple(given)
    if not all(isinstance(item, str) and item for item in items):
        raise CIGuardMisuse("a ref or the name of a credential is empty")
    return items


def _full(ref: str) -> str:
    """Return a ref in full: a bare name is a branch's, `*` is any ref."""
    return ref if ref == "*" or ref.startswith("refs/") else f"refs/heads/{ref}"
