"""`require_ci`: the calls that scripts make."""

from __future__ import annotations

from holdline_runtime.ci_guard import evidence
from holdline_runtime.ci_guard.production import is_production
from holdline_runtime.ci_guard.refusal import CIGuardRefusal
from holdline_runtime.ci_guard.requirement import AUDIENCE, TOKEN_VARIABLE, Attestation, Requirement, required
from holdline_runtime.ci_guard.runs import CIRun
from holdline_runtime.startup import startup_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeVar

    T = TypeVar("T")


def require_ci(
    level: str | None = None,
    *,
    provider: str | None = None,
    repository: str | None = None,
    ref: str | Iterable[str] | None = None,
    production: bool = False,
    credentials: str | Iterable[str] = (),
    audience: str = AUDIENCE,
    issuer: str | None = None,
    token_variable: str = TOKEN_VARIABLE,
    ca_file: str | None = None,
    timeout: float = 10.0,
) -> CIRun:
    """Let the script go on in CI, and end it anywhere else: exit code 1, one line on standard error.

    To be called before anything is imported that connects. What counts are the variables that the process was started
    with; patches, overlays and writes to `os.environ` do not.

    `level` is "claimed", "corroborated" or "attested". Without one it is what the other arguments ask for: "attested"
    with `production`, "corroborated" with `repository`, else "claimed". Above "claimed", `repository` ("acme/shop") and
    `ref` must be named: a branch, a ref in full, or several, with `*` for any text. `provider` is "github", "gitlab",
    "jenkins", "circleci", "azure" or "buildkite"; "attested" wants one of the first two. `production` wants
    "attested", or "corroborated" with `credentials`, the names of variables that only CI has. The rest is for
    attestation: the token's `audience`, its `issuer` (default: the provider's public one), the variable that holds
    GitLab's token, a PEM file of authorities in place of the system's, and the seconds that all of it may take.

    Raises `CIGuardRefusal`, a `SystemExit`; nothing else, so that no `except Exception` lets a script go on.
    """
    attestation = (audience, issuer, token_variable, ca_file, timeout)
    return _closed(
        lambda: _judged(required(level, provider, repository, ref, production, credentials, Attestation(*attestation)))
    )


def require_ci_for_production(
    url: str,
    *,
    hosts: str | Iterable[str],
    provider: str | None = None,
    repository: str,
    ref: str | Iterable[str],
    credentials: str | Iterable[str] = (),
    audience: str = AUDIENCE,
    issuer: str | None = None,
    token_variable: str = TOKEN_VARIABLE,
    ca_file: str | None = None,
    timeout: float = 10.0,
) -> CIRun | None:
    """Let a script that people may run go on with any database but production's, which it may have in CI alone.

    `url` is what the script is about to connect to (a URL of any kind, or `host=… dbname=…`), `hosts` are the names and
    addresses of production's databases, `*` for any text. Where the URL has one of them, this is `require_ci` with
    `production`; else it returns None. An empty URL is refused. A tunnel to production has another address: that is
    what the database's fingerprint is for.
    """
    attestation = (audience, issuer, token_variable, ca_file, timeout)

    def judge() -> CIRun | None:
        requirement = required(None, provider, repository, ref, True, credentials, Attestation(*attestation))
        return _judged(requirement) if is_production(url, hosts) else None

    return _closed(judge)


def _judged(requirement: Requirement) -> CIRun:
    try:
        environ = startup_environment()
    except OSError:
        raise CIGuardRefusal(
            "the variables that the process was started with cannot be read",
            "mount /proc, and run it without set-user-ID or capabilities",
        ) from None
    return judged(environ, requirement)


def judged(environ: Mapping[str, str], requirement: Requirement) -> CIRun:
    """Return the run that these variables tell of, or refuse."""
    evidence.claimed(environ, requirement)
    evidence.credentials_present(environ, requirement)
    if requirement.level == "claimed":
        return CIRun("claimed")
    provider, run = evidence.corroborated(environ, requirement)
    if requirement.level == "corroborated":
        return run
    from holdline_runtime.ci_guard.attestation import attested

    return attested(environ, provider, run, requirement)


def _closed(judge: Callable[[], T]) -> T:
    """Refuse too where the guard fails itself: an `Exception` might be swallowed, and the script go on."""
    try:
        return judge()
    except Exception as error:
        raise CIGuardRefusal(
            f"the guard failed ({type(error).__name__})", "check the types of its arguments, or report this as a bug"
        ) from error
