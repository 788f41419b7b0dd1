"""Case 14. Text: f-string `{x=}` prints its source, quote reuse inside f-strings is invalid before 3.12, doctests,
`python -c` strings, trailing `noqa`/`type: ignore`, line length is not ours.
"""

from __future__ import annotations

import sys

import pytest

NEW = sys.version_info >= (3, 12)
IMPORT = "from holdline_runtime import get_env\n\n"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("x = f\"{os.environ['A']}\"\n", id="item"),
        pytest.param("x = f'{os.environ.get(\"A\")!r:>5}'\n", id="conversion"),
        pytest.param("x = f\"a={os.environ['A']} b={os.environ['B']}\"\n", id="two"),
        pytest.param("x = f'{1:{os.environ[\"A\"]}}'\n", id="format-spec"),
        pytest.param("x = f'''{os.environ[\n    'A'\n]}'''\n", id="lines"),
        pytest.param("x = f\"{f'{os.environ.get(str())}'}\"\n", id="nested"),
        pytest.param("x = f\"{ {**os.environ}['A'] }\"\n", id="braces"),
        pytest.param("x = f'é{os.environ[\"A\"]}ü'\n", id="not-ascii"),
        pytest.param("x = 'a' f\"{os.environ['A']}\" 'b'\n", id="implicit-concatenation"),
        pytest.param("x = rf\"\\d{os.environ['A']}\"\n", id="raw"),
        pytest.param("x = f\"{'os.sep'}{os.environ['A']}\"\n", id="near-miss"),
        pytest.param("x = f\"{(lambda: os.environ['A'])()}\"\n", id="lambda"),
    ],
)
def test_f_string(check_access, body):
    check_access(body, body.replace("os.environ", "get_env()"))


@pytest.mark.skipif(not NEW, reason="a syntax error before Python 3.12")
def test_quotes_reused_in_an_f_string(check_access):
    body = 'x = f"{os.environ["A"]}{f"{os.environ["B"]}"}"\n'
    check_access(body, body.replace("os.environ", "get_env()"))


@pytest.mark.parametrize(
    "field",
    [
        "{os.environ['A']=}",
        "{os.environ['A'] = }",
        "{ os.environ.get('A') =!r}",
        "{dict(os.environ)=}",
        "{os.environ.get('A', 0x10)=}",
        "{os.getenv('A')=}",
        "{len([k for k in os.environ if k])=}",
        pytest.param(
            "{1:{os.environ['A']=}}",
            marks=pytest.mark.skipif(sys.version_info[:2] == (3, 12), reason="early releases do not parse it"),
        ),
    ],
)
def test_field_that_prints_its_source_is_refused(refuse, field):
    refuse(f'import os\n\nx = f"{field}"\n', "prints its own source")


def test_equals_sign_of_the_text_is_no_such_field(check_access):
    body = "x = f\"A={os.environ['A']} = {os.environ['B']}\", f'{1 == len(os.environ)}'\n"
    check_access(body, body.replace("os.environ", "get_env()"))


def test_text_of_an_f_string_is_told_from_its_code(check_access):
    body = 'x = f"os.environ {0} {{{{os.environ}}}}"\n'
    check_access(body.format("{os.environ['A']}"), body.format("{get_env()['A']}"))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('"""Reads os.environ["A"]."""\n', id="docstring"),
        pytest.param('# os.environ["A"] = "v"\n', id="comment"),
        pytest.param("def f():\n    '''\n    >>> os.environ['A']\n    '''\n", id="doctest"),
        pytest.param("code = 'import os; print(os.environ)'\n", id="python-c"),
        pytest.param("x = 'os.environ'\n", id="string"),
        pytest.param("x = f'os.environ {1}'\n", id="f-string-text"),
        pytest.param("x = b'os.environ'\n", id="bytes"),
    ],
)
def test_strings_and_comments_never_count(ignore, text):
    ignore(text)


def test_python_c_string_stays_as_it_is(check):
    body = "subprocess.run([sys.executable, '-c', 'import os; print(os.environ[\"A\"])'], env={{**{0}, 'A': 'v'}})\n"
    check(
        "import os\nimport subprocess\nimport sys\n\n" + body.format("os.environ"),
        "import subprocess\nimport sys\n\nfrom holdline_runtime import get_env\n\n" + body.format("get_env()"),
    )


def test_import_that_a_doctest_uses_stays(check):
    body = (
        "def f():\n    '''\n    >>> os.getcwd() == f()\n    False\n    '''\n    return {0}['A']\n\n\n"
        "import doctest\n\nx = doctest.testmod()\n"
    )
    check(
        "import os\n\n\n" + body.format("os.environ"),
        "import os\n\nfrom holdline_runtime import get_env\n\n\n" + body.format("get_env()"),
    )


def test_comments_stay_on_their_lines(check_access):
    body = """\
x = os.environ["A"]  # type: ignore[index]
os.environ["B"] = "v"  # noqa: S105
y = (  # why
    os.environ  # the environment
    ["A"]  # its variable
)
with_comment = [
    os.environ["A"],  # one
    # two
    os.environ.get("B"),
]
"""
    check_access(
        body, body.replace('os.environ["B"] = "v"', 'get_env().set("B", "v")').replace("os.environ", "get_env()")
    )


def test_long_lines_are_not_wrapped_or_joined(check_access):
    body = f"x = os.environ.get('{'A' * 150}', os.environ['B']) + os.environ.get(\n    'A', ''\n)\n"
    check_access(body, body.replace("os.environ", "get_env()"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("x = os . environ [ 'A' ]\n", "x = get_env() [ 'A' ]\n", id="spaces"),
        pytest.param("x = os.\\\n    environ['A']\n", "x = get_env()['A']\n", id="continuation"),
        pytest.param("x = (os\n     .environ\n     .get('A'))\n", "x = (get_env()\n     .get('A'))\n", id="chain"),
        pytest.param("x = ((os).environ)['A']\n", None, id="parentheses"),
        pytest.param("x = 1if os.environ else 2\n", "x = 1if get_env() else 2\n", id="no-space"),
    ],
)
def test_odd_layout(check_access, before, after):
    check_access(before, after or "x = (get_env())['A']\n")


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("x = (\n    os\n    # why\n    .environ['A']\n)", id="chain"),
        pytest.param("x = (os  # why\n    .getenv('A'))", id="function"),
        pytest.param("with (mock.patch  # why\n    .dict(os.environ, A='v')):\n    pass", id="patcher"),
        pytest.param("with mock.patch.dict(os  # why\n    .environ, A='v'):\n    pass", id="target"),
    ],
)
def test_comment_that_would_be_lost_is_a_reason_to_refuse(refuse, code):
    refuse(f"import os\nfrom unittest import mock\n\n{code}\n", "a comment stands inside")
