"""What migrated code imports: the environment as a mapping, and patches of it for tests.

Standard library only, and cheap to import: everything heavier than `os` is imported where it is first needed.
"""

from holdline_runtime.environment import Environment, get_env
from holdline_runtime.patching import patch_env

__all__ = ["Environment", "get_env", "patch_env"]
