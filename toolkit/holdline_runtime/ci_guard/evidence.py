"""What the variables of the start say: whether CI is claimed, and whether one provider's variables bear it out."""

from __future__ import annotations

from holdline_runtime.ci_guard.providers import PROVIDERS, Environ, Provider
from holdline_runtime.ci_guard.refusal import CIGuardRefusal, shown
from holdline_runtime.ci_guard.requirement import Requirement
from holdline_runtime.ci_guard.runs import CIRun

_YES = frozenset({"true", "1", "yes", "on"})


def claimed(environ: Environ, requirement: Requirement) -> None:
    """Refuse where nothing says that this is CI, or `CI` says that it is not."""
    said = environ.get("CI")
    if said is not None and said.lower() not in _YES:
        raise _refused("CI is set, but does not say yes", requirement)
    if said is None and not _marked(environ):
        raise _refused("CI was not set when the process was started", requirement)


def corroborated(environ: Environ, requirement: Requirement) -> tuple[Provider, CIRun]:
    """Return the provider and the run that its variables describe; refuse what is amiss, missing or another job."""
    provider = _provider(environ, requirement)
    for name, shape in provider.shapes.items():
        if not environ.get(name):
            raise _refused(f"{name} is not set, and every job of {provider.name} has it", requirement)
        if not shape.fullmatch(environ[name]):
            raise _refused(f"{name} is not what {provider.name} sets it to", requirement)
    conflict = provider.conflict(environ)
    if conflict:
        raise _refused(conflict, requirement)
    names = provider.repository(environ)
    if requirement.repository not in names:
        said = f"is {shown(names[0])}" if names else "is not told by its variables"
        raise _refused(f"the repository of this {provider.name} job {said}", requirement)
    ref = provider.ref(environ)
    if not ref or not requirement.takes(ref):
        said = f"is {shown(ref)}" if ref else "is not told by its variables"
        raise _refused(f"the ref of this {provider.name} job {said}", requirement)
    return provider, CIRun("corroborated", provider.name, requirement.repository, ref, environ[provider.run])


def credentials_present(environ: Environ, requirement: Requirement) -> None:
    """Refuse where a credential that only CI has is missing. Its value is nobody's business."""
    for name in requirement.credentials:
        if not environ.get(name):
            raise _refused(f"{name}, a credential that only CI has, is not set", requirement)


def _marked(environ: Environ) -> list[Provider]:
    return [provider for provider in PROVIDERS if environ.get(provider.marker)]


def _provider(environ: Environ, requirement: Requirement) -> Provider:
    marked = _marked(environ)
    if not marked:
        markers = ", ".join(provider.marker for provider in PROVIDERS)
        raise _refused(f"CI is claimed, but by no provider that is known (none of {markers} is set)", requirement)
    if len(marked) > 1:
        names = " and ".join(f"{provider.name} ({provider.marker})" for provider in marked)
        raise _refused(f"the variables of {names} are set at once, and a job has one provider", requirement)
    if requirement.provider not in ("", marked[0].key):
        raise _refused(f"the variables are those of {marked[0].name}", requirement)
    return marked[0]


def _refused(reason: str, requirement: Requirement) -> CIGuardRefusal:
    return CIGuardRefusal(reason, f"run it from {requirement.place}")
