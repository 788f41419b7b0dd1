"""Case 6. Binding: aliases, from-imports, local aliases, star imports, `TYPE_CHECKING`, `os` as a parameter.

The inserted name must not collide with, or be shadowed by, a local `def get_env`, parameter, class attribute or loop
variable.
"""

from __future__ import annotations

import pytest

IMPORT = "from holdline_runtime import get_env\n\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("import os as o\n\nx = o.environ['A']\n", "x = get_env()['A']\n", id="alias"),
        pytest.param("import os as _os\n\nx = _os.getenv('A')\n", "x = get_env().get('A')\n", id="private-alias"),
        pytest.param("from os import environ\n\nx = environ['A']\n", "x = get_env()['A']\n", id="from"),
        pytest.param("from os import environ as e\n\ne['A'] = 'v'\n", "get_env().set('A', 'v')\n", id="from-alias"),
        pytest.param("from os import getenv\n\nx = getenv('A', 1)\n", "x = get_env().get('A', 1)\n", id="getenv"),
        pytest.param(
            "from os import environ, getenv as g\n\nx = environ['A'] + g('B')\n",
            "x = get_env()['A'] + get_env().get('B')\n",
            id="both",
        ),
        pytest.param(
            "def f():\n    import os\n\n    return os.environ['A']\n\n\nx = f()\n",
            "\ndef f():\n    return get_env()['A']\n\n\nx = f()\n",
            id="local-import",
        ),
        pytest.param(
            "def f():\n    from os import environ as e\n    return e['A']\n\n\nx = f()\n",
            "\ndef f():\n    return get_env()['A']\n\n\nx = f()\n",
            id="local-from",
        ),
        pytest.param(
            "import os as a\nimport os as b\n\nx = a.environ['A'] + b.environ['B']\n",
            "x = get_env()['A'] + get_env()['B']\n",
            id="twice",
        ),
    ],
)
def test_every_way_to_import_is_seen(check, before, after):
    check(before, IMPORT + after)


def test_local_alias_of_the_object(check_access):
    before = "def f():\n    env = os.environ\n    env['A'] = 'v'\n    return env.get('A')\n\n\nx = f()\n"
    check_access(before, before.replace("os.environ", "get_env()"))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("def f(env=None):\n    env = env or os.environ\n    return env['A']\n", id="or-default"),
        pytest.param(
            "def f(env=None):\n    if env is None:\n        env = os.environ\n    return env['A']\n", id="none-default"
        ),
        pytest.param("def f(env=None):\n    env = os.environ if env is None else env\n    return env['A']\n", id="if"),
        pytest.param("def f(env=os.environ):\n    return env['A']\n", id="default"),
        pytest.param("def f(*, env=os.environ):\n    return env.get('A')\n", id="keyword-default"),
    ],
)
def test_a_parameter_that_falls_back_on_the_environment(check_access, body):
    body += "\n\nx = f(), f(env={'A': 'mine'})\n"
    check_access(body, body.replace("os.environ", "get_env()"))


@pytest.mark.parametrize(
    ("before", "words"),
    [
        pytest.param("from os import *\n\nx = environ['A']\n", "star import", id="star"),
        pytest.param(
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import os\n\n\ndef f():\n    return os.environ\n",
            "type checking",
            id="type-checking",
        ),
        pytest.param(
            "try:\n    from os import environ\nexcept ImportError:\n    environ = {}\nx = environ['A']\n",
            "bound in more than one way",
            id="try",
        ),
        pytest.param("import os\nif 0:\n    os = None\nx = os.environ['A']\n", "bound in more than one way", id="if"),
        pytest.param("import os\n\nE = os.environ\nx = E['A']\n", "where other code can reach it", id="global-alias"),
        pytest.param("x = os.environ['A']\nimport os\n", "not imported yet", id="before-the-import"),
        pytest.param(
            "x = [os.environ for _ in 'a']\nimport os\n", "not imported yet", id="comprehension-before-the-import"
        ),
        pytest.param(
            "import os\n\n\ndef f():\n    x = os.environ['A']\n    import os\n    return x\n",
            "not imported yet",
            id="unbound-local",
        ),
        pytest.param(
            "import os\n\n\nclass A:\n    environ = os.environ\n", "where other code can reach it", id="class-alias"
        ),
        pytest.param(
            "import os\n\n\ndef f():\n    env = os.environ\n    return env\n", "may depend on its type", id="returned"
        ),
        pytest.param(
            "import os\n\n\ndef f():\n    env = os.environ\n    print(env)\n", "passed to `print`", id="printed"
        ),
        pytest.param("import os\n\n\ndef f(e):\n    return e is os.environ\n", "identity", id="identity"),
        pytest.param(
            "import os\n\n\ndef f(env=os.environ):\n    return isinstance(env, dict)\n", "`isinstance`", id="type-test"
        ),
    ],
)
def test_doubtful_binding_is_refused(refuse, before, words):
    refuse(before, words)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("def f(os):\n    return os.environ['A']\n", id="parameter"),
        pytest.param("class os:\n    environ = {}\n\n\nx = os.environ\n", id="class"),
        pytest.param("environ = {'A': 'mine'}\nx = environ['A']\n", id="variable"),
        pytest.param("import os\n\n\ndef f(os):\n    return os.environ['A']\n\n\nprint(os.sep)\n", id="shadowed"),
        pytest.param("from myapp import environ\nx = environ['A']\n", id="other-module"),
        pytest.param("import posix as os2\nx = os2.environ\n", id="other-environ"),
        pytest.param("x = [os.environ for os in ()]\n", id="comprehension"),
        pytest.param("def getenv(k):\n    return k\n\n\nx = getenv('A')\n", id="own-function"),
        pytest.param("import request\nx = request.environ['A']\n", id="wsgi"),
    ],
)
def test_other_things_of_the_name_are_none_of_ours(ignore, before):
    ignore(before)


def test_a_function_may_stand_before_the_import(check):
    check(
        "def f():\n    return os.environ['A']\n\n\nimport os\n\nx = f()\n",
        "from holdline_runtime import get_env\n\n\ndef f():\n    return get_env()['A']\n\n\n\nx = f()\n",
    )


def test_both_imports_in_type_checking_and_at_run_time(check):
    before = """
        import os
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            import os

        x = os.environ["A"]
        """
    after = """
        import os
        from typing import TYPE_CHECKING

        from holdline_runtime import get_env

        if TYPE_CHECKING:
            import os

        x = get_env()["A"]
        """
    check(before, after)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("def get_env():\n    return {'A': 'mine'}\n\n\nx = get_env()['A'] + os.environ['A']\n", id="def"),
        pytest.param("def f(get_env):\n    return get_env + os.environ['A']\n\n\nx = f('arg')\n", id="parameter"),
        pytest.param(
            "class C:\n    get_env = 'attribute'\n    x = os.environ['A']\n\n\nx = C.x + C.get_env\n", id="class"
        ),
        pytest.param("for get_env in 'ab':\n    x = os.environ['A'] + get_env\n", id="loop"),
        pytest.param("x = [os.environ['A'] + get_env for get_env in 'ab']\n", id="comprehension"),
        pytest.param("x = (lambda get_env: os.environ['A'] + get_env)('b')\n", id="lambda"),
        pytest.param("get_env: str\nx = os.environ['A']\n", id="annotation"),
        pytest.param("try:\n    1 / 0\nexcept ZeroDivisionError as get_env:\n    x = os.environ['A']\n", id="except"),
        pytest.param("match 'v':\n    case get_env:\n        x = os.environ['A'] + get_env\n", id="pattern"),
        pytest.param("with open('/dev/null') as get_env:\n    x = os.environ['A']\n", id="with"),
        pytest.param("if (get_env := 'w'):\n    x = os.environ['A'] + get_env\n", id="walrus"),
        pytest.param("def f():\n    global get_env\n    get_env = 'g'\n\n\nf()\nx = os.environ['A']\n", id="global"),
        pytest.param("if 1:\n    import json as get_env\nx = os.environ['A'] + get_env.dumps(1)\n", id="import"),
        pytest.param(
            "def f():\n    x = 1\n    del x\n    try:\n        get_env()\n    except NameError as e:\n"
            "        return str(e) + os.environ['A']\n\n\nx = f()\n",
            id="unbound",
        ),
    ],
)
def test_inserted_name_does_not_collide(check, body):
    check(
        f"import os\n\n{body}",
        "from holdline_runtime import get_env as holdline_get_env\n\n"
        + body.replace("os.environ", "holdline_get_env()"),
    )


def test_second_choice_may_be_taken_too(check):
    body = "get_env = holdline_get_env = 'taken'\nx = {0}['A']\n"
    check(
        "import os\n\n" + body.format("os.environ"),
        "from holdline_runtime import get_env as holdline_get_env2\n\n" + body.format("holdline_get_env2()"),
    )


def test_patch_env_does_not_collide(check):
    body = "def patch_env():\n    return 'mine'\n\n\nwith {0}A='v'):\n    x = patch_env()\n"
    check(
        "import os\nfrom unittest.mock import patch\n\n" + body.format("patch.dict(os.environ, "),
        "from holdline_runtime import patch_env as holdline_patch_env\n\n" + body.format("holdline_patch_env("),
    )


def test_an_attribute_of_the_name_is_no_collision(check_access):
    body = "class C:\n    pass\n\n\nC.get_env = 1\nx = os.environ['A'], C.get_env, dict(get_env=1)\n"
    check_access(body, body.replace("os.environ", "get_env()"))


def test_existing_import_is_used(check):
    check(
        "import os\n\nfrom holdline_runtime import get_env as ge\n\nx = os.environ['A'] + ge()['B']\n",
        "from holdline_runtime import get_env as ge\n\nx = ge()['A'] + ge()['B']\n",
    )


def test_import_that_comes_too_late_is_not_used(check):
    check(
        "import os\n\nx = os.environ['A']\nfrom holdline_runtime import get_env\ny = get_env()['B']\n",
        "from holdline_runtime import get_env as holdline_get_env\n\n"
        "x = holdline_get_env()['A']\nfrom holdline_runtime import get_env\ny = get_env()['B']\n",
    )


def test_import_under_a_condition_is_not_used(check):
    body = "if 0:\n    from holdline_runtime import get_env\nx = {0}['A']\n"
    check(
        "import os\n\n" + body.format("os.environ"),
        "from holdline_runtime import get_env as holdline_get_env\n\n" + body.format("holdline_get_env()"),
    )


def test_star_import_of_another_module_gets_a_private_name_on_our_side(check):
    check(
        "import os\nfrom math import *\n\nx = os.environ['A']\ny = floor(2.5)\n",
        "from math import *\n\nfrom holdline_runtime import get_env as _get_env\n\nx = _get_env()['A']\ny = floor(2.5)\n",
    )


def test_module_that_others_star_import_does_not_pass_the_name_on(check):
    check(
        "import os\n\nVALUE = os.environ['A']\n",
        "import os\n\nfrom holdline_runtime import get_env as _get_env\n\nVALUE = _get_env()['A']\n",
        path="helpers.py",
        others={
            "test_user.py": "def get_env():\n    return 'mine'\n\n\nfrom helpers import *\n\nx = get_env(), VALUE, os.sep\n"
        },
        entry="test_user.py",
    )
