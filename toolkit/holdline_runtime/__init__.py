"""What migrated code imports: the environment as a mapping, and patches of it for tests.

Standard library only, and cheap to import: everything heavier than `os` is imported where it is first needed.
"""

from holdline_runtime import startup  # noqa: F401  # where only that is left, it looks at what there is now
from holdline_runtime.environment import Environment, get_env
from holdline_runtime.patching import patch_env

TYPE_CHECKING = False
if TYPE_CHECKING:
    from holdline_runtime.ci_guard import require_ci, require_ci_for_production

__all__ = ["Environment", "get_env", "patch_env", "require_ci", "require_ci_for_production"]

_LATER = {"require_ci": "ci_guard", "require_ci_for_production": "ci_guard"}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
