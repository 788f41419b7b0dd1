"""HL106: what becomes a fixture, that tests do the same then, and all that is left alone."""

from __future__ import annotations

import pytest

from holdline.config import Config, EnvConfig, ProfileConfig
from holdline.judging import Level
from holdline_migrations.hl106_environment_fixture import RULE

CONFIG = Config(migrations=("env-fixtures",))
HEAD = "from holdline_runtime import patch_env\n\n\n"
WITH = 'with patch_env({"ENVIRONMENT": "staging"}):'
PLUGIN = {"PYTEST_PLUGINS": "holdline_runtime.pytest_plugin.plugin"}


@pytest.fixture
def convert(check):
    """`check` for this migration; the files are run with the plugin, and each test must pass before and after."""

    def convert(before, after, tests, **options):
        options.setdefault("outcomes", {f"test_snippet.py::{test}": "passed" for test in tests})
        check(before, after, level=Level.UNSAFE, config=CONFIG, env=PLUGIN, **options)

    return convert


@pytest.fixture
def leave(refuse):
    """`refuse` for this migration, which gets the head of the file by itself."""

    def leave(before, *words, head=HEAD, config=CONFIG, **options):
        refuse(head + before, *words, level=Level.UNSAFE, config=config, **options)

    return leave


@pytest.mark.parametrize("example", RULE.examples, ids=["fixed", "refused", "part"])
def test_examples(harness, example):
    changes = example.after not in (None, example.before)
    reasons = ["does more than set ENVIRONMENT"] if example.after is None else []
    level = Level.UNSAFE
    harness.check(
        example.before, example.after or example.before, level=level, config=CONFIG, reasons=reasons, runs=False
    )
    assert changes == (example is RULE.examples[0])


def test_a_safe_run_changes_nothing_and_says_what_may_differ(refuse):
    before = f"{HEAD}def test_it():\n    {WITH}\n        pass\n"
    refuse(before, "the fixture needs pytest with Holdline's plugin", config=CONFIG)


def test_functions_methods_parameters_docstrings_and_marks(convert):
    convert(
        '''
        import os

        import pytest
        from holdline_runtime import get_env, patch_env

        before = dict(os.environ)


        def test_plain():
            with patch_env({"ENVIRONMENT": "staging"}):
                assert os.environ["ENVIRONMENT"] == "staging"
                assert get_env()["ENVIRONMENT"] == "staging"


        @pytest.mark.parametrize("n", [1, 2])
        def test_marked(n, tmp_path):
            """Of a kind."""
            with patch_env(ENVIRONMENT="production"):
                os.environ["NEW"] = "1"
                assert n
                assert tmp_path.exists()
                assert os.environ["ENVIRONMENT"] == "production"


        class TestIt:
            def test_method(self):
                with patch_env({"ENVIRONMENT": "development"}):
                    if self:
                        return
                    assert False


        def test_nothing_left():
            assert {k: v for k, v in os.environ.items() if k[:6] != "PYTEST"} == {
                k: v for k, v in before.items() if k[:6] != "PYTEST"
            }
        ''',
        '''
        import os

        import pytest
        from holdline_runtime import get_env

        before = dict(os.environ)


        def test_plain(staging_env):
            assert os.environ["ENVIRONMENT"] == "staging"
            assert get_env()["ENVIRONMENT"] == "staging"


        @pytest.mark.parametrize("n", [1, 2])
        def test_marked(n, tmp_path, production_env):
            """Of a kind."""
            os.environ["NEW"] = "1"
            assert n
            assert tmp_path.exists()
            assert os.environ["ENVIRONMENT"] == "production"


        class TestIt:
            def test_method(self, development_env):
                if self:
                    return
                assert False


        def test_nothing_left():
            assert {k: v for k, v in os.environ.items() if k[:6] != "PYTEST"} == {
                k: v for k, v in before.items() if k[:6] != "PYTEST"
            }
        ''',
        ["test_plain", "test_marked[1]", "test_marked[2]", "TestIt::test_method", "test_nothing_left"],
    )


def test_the_order_of_fixtures_is_kept(convert):
    """The patch is entered after every other fixture of the test, and undone before them."""
    fixture = """
        import os

        from holdline_runtime import patch_env
        import pytest


        @pytest.fixture(autouse=True)
        def around():
            assert "ENVIRONMENT" not in os.environ
            yield
            assert "ENVIRONMENT" not in os.environ


        @pytest.fixture
        def other(monkeypatch):
            assert "ENVIRONMENT" not in os.environ
            monkeypatch.setenv("ENVIRONMENT", "local")
            yield
            assert os.environ["ENVIRONMENT"] == "local"
            monkeypatch.delenv("ENVIRONMENT")


        """
    before = 'def test_it(other):\n            with patch_env({"ENVIRONMENT": "test"}):\n                '
    after = "def test_it(other, test_env):\n            "
    body = 'assert os.environ["ENVIRONMENT"] == "test"\n        '
    unused = fixture.replace("        from holdline_runtime import patch_env\n", "")
    convert(fixture + before + body, unused + after + body, ["test_it"])


def test_layout_comments_and_strings_stay(convert):
    convert(
        '''
        from holdline_runtime import patch_env


        def test_it(
            tmp_path,  # where
        ):
            # before
            with patch_env({"ENVIRONMENT": "staging"}):

                # first
                text = """
                keep
            this
                """
                found = f"""
                {text}
                """ + (
                    "a"
              "b")
                assert text in found and "ab" in found
                # last
            # outside
        ''',
        '''
        from holdline_runtime import patch_env


        def test_it(
            tmp_path, staging_env,  # where
        ):
            # before

            # first
            text = """
                keep
            this
                """
            found = f"""
                {text}
                """ + (
                "a"
              "b")
            assert text in found and "ab" in found
            # last
            # outside
        '''.replace("        from holdline_runtime import patch_env\n\n\n", ""),
        ["test_it"],
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("outer", "inner"), [("\t", "\t\t"), ("  ", "        "), (" ", "  ")])
def test_indentation_and_line_endings(check, newline, outer, inner):
    before = f"{HEAD}def test_it():\n{outer}{WITH}\n{inner}x = 1\n{inner}if x:\n{inner}{outer}x = 2\n"
    after = f"def test_it(staging_env):\n{outer}x = 1\n{outer}if x:\n{outer}{outer}x = 2\n"
    texts = [text.replace("\n", newline).encode() for text in (before, after)]
    check(*texts, level=Level.UNSAFE, config=CONFIG, runs=False)


@pytest.mark.parametrize(
    "header",
    [
        'with (patch_env({"ENVIRONMENT": "staging"})):',
        'with (\n        patch_env({"ENVIRONMENT": "staging"}),\n    ):',
        'with patch_env({\n        "ENVIRONMENT": "staging",\n    }):',
        "with patch_env(ENVIRONMENT='staging') :",
    ],
)
def test_headers(check, header):
    before = f"{HEAD}def test_it():\n    {header}\n        pass\n"
    check(before, "def test_it(staging_env):\n    pass\n", level=Level.UNSAFE, config=CONFIG, runs=False)


def test_aliases_and_other_uses_of_the_import(check):
    check(
        """
        import holdline_runtime as h
        from holdline_runtime import patch_env as p


        def test_one():
            with h.patch_env(ENVIRONMENT="test"):
                pass


        def test_two():
            with p(ENVIRONMENT="test"):
                with p(A="1"):
                    pass
        """,
        """
        import holdline_runtime as h
        from holdline_runtime import patch_env as p


        def test_one(test_env):
            pass


        def test_two(test_env):
            with p(A="1"):
                pass
        """.replace("        import holdline_runtime as h\n", ""),
        level=Level.UNSAFE,
        config=CONFIG,
        runs=False,
    )


def test_beside_a_test_that_takes_the_fixture_already(check):
    other = "\n\ndef test_other(staging_env):\n    assert staging_env\n"
    before = f"{HEAD}def test_it():\n    {WITH}\n        pass\n{other}"
    check(before, f"def test_it(staging_env):\n    pass\n{other}", level=Level.UNSAFE, config=CONFIG, runs=False)


@pytest.mark.parametrize(
    "code",
    [
        f"def test_it():\n    {WITH}\n        pass\n    assert True\n",
        f"def test_it():\n    x = 1\n    {WITH}\n        pass\n",
        f"def test_it():\n    if True:\n        {WITH}\n            pass\n",
        f"def helper():\n    {WITH}\n        pass\n",
        'def test_it():\n    with patch_env({"ENVIRONMENT": "qa"}):\n        pass\n',
        'def test_it():\n    with patch_env({"ENVIRONMENT": name()}):\n        pass\n',
        'def test_it():\n    with patch_env({"A": "staging"}):\n        pass\n',
        'def test_it():\n    with open("x"), patch_env({"ENVIRONMENT": "staging"}):\n        pass\n',
        '@patch_env({"ENVIRONMENT": "staging"})\ndef test_it():\n    pass\n',
    ],
)
def test_what_is_no_violation(ignore, code):
    ignore(HEAD + code, level=Level.UNSAFE, config=CONFIG)


@pytest.mark.parametrize(
    "code",
    [
        "from app import patch_env\n\n\ndef test_it():\n    " + WITH + "\n        pass\n",
        "def patch_env(values): ...\n\n\ndef test_it():\n    " + WITH + "\n        pass\n",
        "from holdline_runtime import patch_env\n\n\ndef test_it(patch_env):\n    " + WITH + "\n        pass\n",
    ],
)
def test_other_functions_of_that_name(ignore, code):
    ignore(code, level=Level.UNSAFE, config=CONFIG)


def test_a_project_with_a_patch_of_its_own_has_other_fixtures(ignore):
    config = CONFIG._replace(env=EnvConfig(patch="app.env:patch_env"))
    ignore(f"{HEAD}def test_it():\n    {WITH}\n        pass\n", level=Level.UNSAFE, config=config)


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        ('patch_env({"ENVIRONMENT": "staging", "A": "1"})', "does more"),
        ('patch_env({"ENVIRONMENT": "staging"}, A="1")', "does more"),
        ('patch_env({"ENVIRONMENT": "staging"}, clear=True)', "does more"),
        ('patch_env({"ENVIRONMENT": "staging"}, mode="overlay")', "does more"),
        ('patch_env({"ENVIRONMENT": "staging", **more})', "does more"),
        ('patch_env({"ENVIRONMENT": "staging"}, **more)', "does more"),
        ('patch_env(more, ENVIRONMENT="staging")', "does more"),
        ('patch_env({"ENVIRONMENT": "staging"}) as env', "under a name"),
        ('patch_env({"ENVIRONMENT": "staging"}), open("x")', "something else"),
    ],
)
def test_patches_that_do_more(leave, patch, words):
    leave(f"def test_it():\n    with {patch}:\n        pass\n", words)


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ("async def test_it():", "asynchronous"),
        ("def test_it(a, /):", "not all plain"),
        ("def test_it(a=1):", "not all plain"),
        ("def test_it(*args):", "not all plain"),
        ("def test_it(*, a):", "not all plain"),
        ("def test_it(**kwargs):", "not all plain"),
        ("def test_it(request):", "`request`"),
        ("def test_it(staging_env):", "already"),
        ("@given(1)\ndef test_it(n):", "decorated with `given`"),
        ("@mock.patch('a.b')\ndef test_it(b):", "decorated with `mock.patch`"),
        ("import pytest\n@pytest.fixture\ndef test_it():", "decorated with `pytest.fixture`"),
        ("import pytest\n@pytest.mark.parametrize('staging_env', [1])\ndef test_it():", "for something else"),
    ],
)
def test_functions_that_are_left(leave, signature, words):
    leave(f"{signature}\n    {WITH}\n        pass\n", words)


@pytest.mark.parametrize(
    ("opening", "words"),
    [
        ("class TestIt(TestCase):", "TestCase"),
        ("class TestIt(Base):", "has bases"),
        ("class TestIt(metaclass=M):", "has bases"),
        ("class Suite:", "none that pytest collects"),
        ("class TestIt:\n    def __init__(self): ...\n", "constructor"),
        ("@patched\nclass TestIt:", "decorated with `patched`"),
        ("if True:", "another statement"),
        ("def outer():", "another statement"),
        ("class TestOuter:\n  class TestIt:", "another statement"),
    ],
)
def test_places_that_are_left(leave, opening, words):
    leave(f"{opening}\n    def test_it(self):\n        {WITH}\n            pass\n", words)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("\n        yield", "generator"),
        (" pass", "no clean cut"),
        ("  # why\n        pass", "no clean cut"),
    ],
)
def test_bodies_that_are_left(leave, body, words):
    leave(f"def test_it():\n    {WITH}{body}\n", words)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ("\ntest_it()\n", "named more than once"),
        ("\nalias = [test_it]\n", "named more than once"),
        ("\nstaging_env = 1\n", "for something else"),
        ("\nfrom app import staging_env\n", "for something else"),
        ("\nimport pytest\n\n\n@pytest.fixture\ndef staging_env():\n    pass\n", "test_snippet.py defines"),
    ],
)
def test_names_in_use(leave, other, words):
    leave(f"def test_it():\n    {WITH}\n        pass\n{other}", words)


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"conftest.py": "def staging_env(): ..."}, "conftest.py defines a `staging_env` of its own"),
        ({"plug.py": "import pytest\n@pytest.fixture(name='staging_env')\ndef x(): ..."}, "plug.py defines"),
        ({"runner.py": "from test_snippet import test_it\n"}, "another file refers to `test_it`"),
        ({"runner.py": "import test_snippet\ntest_snippet.test_it()\n"}, "another file refers to `test_it`"),
        ({"runner.py": "from test_snippet import *\n"}, "another file refers to `test_it`"),
    ],
)
def test_what_other_files_do(leave, others, words):
    leave(f"def test_it():\n    {WITH}\n        pass\n", words, others=others)


def test_files_that_are_no_test_modules(leave):
    leave(f"def test_it():\n    {WITH}\n        pass\n", "not that of a test module", path="helpers.py")


@pytest.mark.parametrize("variables", [(("A", "1"),), (("ENVIRONMENT", "stage"),)])
def test_a_profile_that_sets_something_else(leave, variables):
    config = CONFIG._replace(environments=(ProfileConfig("staging", variables),))
    leave(f"def test_it():\n    {WITH}\n        pass\n", "the configured profile 'staging'", config=config)


@pytest.mark.parametrize(
    "profile", [("staging", ()), ("staging", (("ENVIRONMENT", "staging"),)), ("eu", (("A", "1"),))]
)
def test_a_profile_that_sets_the_same(check, profile):
    config = CONFIG._replace(environments=(ProfileConfig(*profile),))
    before = f"{HEAD}def test_it():\n    {WITH}\n        pass\n"
    check(before, "def test_it(staging_env):\n    pass\n", level=Level.UNSAFE, config=config, runs=False)


def test_beside_env_access_it_waits(refuse):
    config = Config(migrations=("env-access", "env-fixtures"))
    refuse(f"{HEAD}def test_it():\n    {WITH}\n        pass\n", "by itself", level=Level.UNSAFE, config=config)
