"""Lets a script that changes production run in CI alone; call it before anything is imported that connects.

Three levels: *claimed* (a variable says CI), *corroborated* (one provider's variables fit together and name the
expected repository and ref) and *attested* (the provider has signed that). Who controls a process's environment can
claim and corroborate anything; only what is attested is proof. Standard library only, but for the extra `[oidc]`.
"""

from holdline_runtime.ci_guard.guard import require_ci, require_ci_for_production
from holdline_runtime.ci_guard.refusal import CIGuardRefusal
from holdline_runtime.ci_guard.runs import CIRun

__all__ = ["CIGuardRefusal", "CIRun", "require_ci", "require_ci_for_production"]
