"""The guide and the reference: their examples pass, and the reference has every fixture and setting."""

from __future__ import annotations

import re
from pathlib import Path

from holdline_runtime.pytest_plugin import fixtures, options

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE = re.compile(r"```python\n# (test_\w+\.py)\n(.*?)```", re.DOTALL)


def test_the_guides_examples_pass_and_leak_only_where_they_say_so(run_suite):
    files = dict(EXAMPLE.findall((DOCS / "guide.md").read_text(encoding="utf-8")))
    assert len(files) == 5
    result = run_suite(files, ini="env_leaks = restore")
    result.assert_outcomes(passed=8)
    blamed = re.findall(r"^(\S+) left the environment changed", result.stdout.str(), re.MULTILINE)
    assert blamed == ["test_before.py::test_region", "test_compliant.py::test_region"]


def test_the_reference_has_every_fixture_and_setting():
    page = (DOCS / "pytest.md").read_text(encoding="utf-8")
    names = [name for name, value in vars(fixtures).items() if isinstance(value, type(fixtures.isolated_env))]
    assert [name for name in names if f"`{name}`" not in page] == []
    settings = re.findall(r'addini\(\s*"(\w+)"', Path(options.__file__).read_text(encoding="utf-8"))
    assert len(settings) == 3
    assert [name for name in settings if f"| `{name}` |" not in page] == []
