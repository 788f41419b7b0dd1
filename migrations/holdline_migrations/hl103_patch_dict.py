"""Patch the environment with `patch_env(…)`, not with `patch.dict(os.environ, …)`.

`patch_env` takes what `patch.dict` takes and restores the same way, checks every value before it touches anything,
can be entered again, and never takes a variable away and puts it back while another thread looks.

It also covers more: the body of a generator, and `setUp` and `setUpClass` of a decorated `TestCase`. There, and
with pytest-mock's `mocker.patch.dict`, the rewrite keeps `patch.dict` and gives it `get_env()`, which does exactly
what the old code did.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdline.migration import Example, Rule
from holdline.model import Violation
from holdline_migrations.environment.flow import Flow
from holdline_migrations.environment.identity import identity_of
from holdline_migrations.environment.patches import find_dict_patches, plan_dict_patch
from holdline_migrations.environment.unit import Unit

HINT = "use patch_env(…) from holdline_runtime"

RULE = Rule(
    code="HL103",
    name="environment-patch-dict",
    summary="the environment is patched with mock.patch.dict",
    explanation=__doc__,
    examples=(
        Example(
            "import os\nfrom unittest.mock import patch\n\n"
            'with patch.dict(os.environ, {"A": "1"}, clear=True):\n    pass\n',
            'from holdline_runtime import patch_env\n\nwith patch_env({"A": "1"}, clear=True):\n    pass\n',
        ),
        Example(
            'from unittest import mock\n\n\n@mock.patch.dict("os.environ", A="1")\ndef test():\n    pass\n',
            'from holdline_runtime import patch_env\n\n\n@patch_env(A="1")\ndef test():\n    pass\n',
        ),
        Example(
            "import os\nimport unittest\nfrom unittest import mock\n\n\n"
            '@mock.patch.dict(os.environ, {"A": "1"})\nclass TestA(unittest.TestCase):\n    pass\n',
            "import unittest\nfrom unittest import mock\n\nfrom holdline_runtime import get_env\n\n\n"
            '@mock.patch.dict(get_env(), {"A": "1"})\nclass TestA(unittest.TestCase):\n    pass\n',
        ),
        Example(
            'from unittest.mock import patch\n\nwith patch.dict("app.settings", {"A": "1"}):\n    pass\n',
            'from unittest.mock import patch\n\nwith patch.dict("app.settings", {"A": "1"}):\n    pass\n',
        ),
    ),
)


def find(unit: Unit, flow: Flow) -> Iterator[Violation]:
    """Every `patch.dict` of the environment in a file."""
    for patch in find_dict_patches(unit):
        fix, refusal = plan_dict_patch(unit, flow, patch) if unit.plans_fixes else (None, "")
        message = "the environment is patched with patch.dict"
        yield unit.violation(
            RULE.code, patch.call, message, HINT, identity=identity_of(unit, patch.call), fix=fix, refusal=refusal
        )
