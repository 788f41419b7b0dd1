"""Give a test its environment with a fixture, not with a `with` around all it does.

`with patch_env({"ENVIRONMENT": "staging"}):` around a whole test body is what the fixture `staging_env` of Holdline's
pytest plugin does (`development_env`, `test_env` and `production_env` likewise). The test says what it needs where
its other needs stand, and its body is indented once less.

The fix is unsafe: that the suite is run by pytest with the plugin, and that `holdline_environment_variable` is
ENVIRONMENT there, cannot be seen in the code; and the patch lasts a moment longer, until the test's report is made.
Tests are left alone where more could change: other variables in the patch, `as`, other context managers, asynchronous
tests, classes with bases, decorators other than pytest's marks, unusual parameters, and the fixture's name in use.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdline.migration import Example, Rule
from holdline.model import Fix, Safety, Site, Violation
from holdline_migrations.environment.identity import identity_of
from holdline_migrations.environment.unit import Unit
from holdline_migrations.environment.wrapped_tests import WrappedTest, find_wrapped_tests, refusal

RULE = Rule(
    code="HL106",
    name="environment-fixture",
    summary="a whole test body is wrapped in a patch that a fixture does",
    explanation=__doc__,
    examples=(
        Example(
            "from holdline_runtime import get_env, patch_env\n\n\n"
            'def test_url(tmp_path):\n    """In staging."""\n    with patch_env({"ENVIRONMENT": "staging"}):\n'
            '        assert get_env()["ENVIRONMENT"] == "staging"\n',
            "from holdline_runtime import get_env\n\n\n"
            'def test_url(tmp_path, staging_env):\n    """In staging."""\n'
            '    assert get_env()["ENVIRONMENT"] == "staging"\n',
        ),
        Example(
            "from holdline_runtime import patch_env\n\n\n"
            'def test_debug():\n    with patch_env({"ENVIRONMENT": "staging", "DEBUG": "1"}):\n        pass\n',
            None,
        ),
        Example(
            "from holdline_runtime import patch_env\n\n\n"
            'def test_part():\n    with patch_env({"ENVIRONMENT": "staging"}):\n        pass\n    assert True\n',
            "from holdline_runtime import patch_env\n\n\n"
            'def test_part():\n    with patch_env({"ENVIRONMENT": "staging"}):\n        pass\n    assert True\n',
        ),
    ),
)
_NOTE = (
    "the fixture needs pytest with Holdline's plugin, and `holdline_environment_variable` left at ENVIRONMENT;"
    " the patch lasts until the test's teardown"
)
_TOGETHER = "run env-fixtures by itself, when env-access is done"


def find(unit: Unit) -> Iterator[Violation]:
    """Every test of a file that could take a fixture."""
    for test in find_wrapped_tests(unit):
        fix, reason = _fix(unit, test) if unit.plans_fixes else (None, "")
        yield unit.violation(
            RULE.code,
            test.call,
            f"the whole test runs in a patch that the fixture {test.fixture} does",
            f"take the parameter {test.fixture}",
            identity=identity_of(unit, test.call),
            fix=fix,
            refusal=reason,
        )


def _fix(unit: Unit, test: WrappedTest) -> tuple[Fix | None, str]:
    if "HL103" in unit.context.codes:
        return None, _TOGETHER  # what that makes of patch.dict would be for this rule to rewrite in turn
    if reason := refusal(unit, test):
        return None, reason
    from holdline_migrations.environment.unwrapping import unwrap  # the gate, which fixes nothing, has no use for it

    edits = unwrap(unit.source, test)
    if edits is None:
        return None, "its text leaves no clean cut"
    origin = unit.origins.of(test.call.func)
    span = unit.source.span(test.function)
    released = (origin.root.id,) if origin else ()
    return Fix(Safety.UNSAFE, edits, (Site(span.start, span.end),), (), released, _NOTE), ""
