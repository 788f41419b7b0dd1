"""Case 16. Import removal: `os` still used elsewhere, re-exported, in `__all__`, under `try/except ImportError`, in a
string `patch("pkg.mod.os.environ")` of another file.
"""

from __future__ import annotations

import pytest

KEEP = "import os\n\nfrom holdline_runtime import get_env\n\n"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("x = {0}['A'] + os.sep\n", id="attribute"),
        pytest.param("x = {0}['A']\ny = os.path.join('a', 'b')\n", id="path"),
        pytest.param("x = {0}['A'], hasattr(os, 'sep')\n", id="object"),
        pytest.param("x = {0}['A']\n__all__ = ['os', 'x']\n", id="all"),
        pytest.param("__all__ = ['x']\n__all__ += ['os']\nx = {0}['A']\n", id="all-added"),
        pytest.param("x = {0}['A'], eval('os.sep')\n", id="eval"),
        pytest.param("x = {0}['A'], globals()['os'].sep\n", id="globals"),
        pytest.param("def f(e: 'os.PathLike'):\n    return {0}['A']\n\n\nx = f(1)\n", id="annotation-in-a-string"),
        pytest.param("from typing import cast\n\nx = cast('os.PathLike', {0}['A'])\n", id="cast"),
        pytest.param("def f():\n    return os.sep\n\n\nx = {0}['A'] + f()\n", id="inner-scope"),
        pytest.param("def f():\n    global os\n    os.sep\n\n\nx = {0}['A'], f()\n", id="global"),
    ],
)
def test_import_that_is_used_stays(check, body):
    if body.startswith("from typing"):
        lead, _, rest = body.partition("\n\n")
        check(
            f"import os\n{lead}\n\n" + rest.format("os.environ"),
            f"import os\n{lead}\n\nfrom holdline_runtime import get_env\n\n" + rest.format("get_env()"),
        )
        return
    check("import os\n\n" + body.format("os.environ"), KEEP + body.format("get_env()"))


@pytest.mark.parametrize(
    "statement",
    [
        "import os as os",
        "from os import environ as environ",
        "import os  # noqa",
        "import os  # noqa: F401",
        "import os  # pylint: disable=unused-import",
        "import os  # re-exported",
        "import os.path",
    ],
)
def test_import_that_says_it_is_meant_stays(check, statement):
    access = "environ" if statement.startswith("from") else "os.environ"
    check(
        f"{statement}\n\nx = {access}['A']\n",
        f"{statement}\n\nfrom holdline_runtime import get_env\n\nx = get_env()['A']\n",
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "try:\n    import os\nexcept ImportError:\n    raise\n\nx = os.environ['A']\n",
            "try:\n    import os\nexcept ImportError:\n    raise\n\nx = get_env()['A']\n",
            id="try",
        ),
        pytest.param(
            "if 1:\n    import os\nx = os.environ['A']\n", "if 1:\n    import os\nx = get_env()['A']\n", id="if"
        ),
        pytest.param(
            "with open('/dev/null'):\n    import os\nx = os.environ['A']\n",
            "with open('/dev/null'):\n    import os\nx = get_env()['A']\n",
            id="with",
        ),
    ],
)
def test_import_under_a_condition_stays(check, before, after):
    check(before, "from holdline_runtime import get_env\n\n" + after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("import os, sys\n", "import sys\n\nfrom holdline_runtime import get_env\n", id="first-name"),
        pytest.param("import sys, os\n", "import sys\n\nfrom holdline_runtime import get_env\n", id="last-name"),
        pytest.param(
            "import sys, os, json\n", "import sys, json\n\nfrom holdline_runtime import get_env\n", id="middle-name"
        ),
        pytest.param(
            "import os\nimport sys\n", "import sys\n\nfrom holdline_runtime import get_env\n", id="one-of-two-lines"
        ),
        pytest.param("import os; import sys\n", "from holdline_runtime import get_env\n\nimport sys\n", id="semicolon"),
        pytest.param("import os  # for the environment\n", "from holdline_runtime import get_env\n", id="comment"),
        pytest.param(
            "from os import (\n    environ,\n    path,\n)\nimport os\n",
            "from os import (\n    environ,\n    path,\n)\n\nfrom holdline_runtime import get_env\n",
            id="other-name-unused-all-along",
        ),
        pytest.param(
            "import os\n\nimport sys\n", "import sys\n\nfrom holdline_runtime import get_env\n", id="own-section"
        ),
    ],
)
def test_import_that_became_unused_goes(check, before, after):
    check(before + "\nx = os.environ['A']\n", after + "\nx = get_env()['A']\n")


def test_import_that_is_deleted_by_name_is_left(refuse):
    refuse("import os\n\nx = os.environ['A']\ndel os\n", "bound in more than one way")


def test_names_of_a_from_import(check):
    check(
        "from os import (\n    environ,\n    getenv,\n    sep,  # kept\n)\n\nx = environ['A'], getenv('A'), sep\n",
        "from os import (\n    sep,  # kept\n)\n\nfrom holdline_runtime import get_env\n\n"
        "x = get_env()['A'], get_env().get('A'), sep\n",
    )


def test_names_stay_where_a_comment_would_be_lost(check):
    check(
        "from os import (\n    environ,\n    getenv,  # reads\n    sep,\n)\n\nx = environ['A'], getenv('A'), sep\n",
        "from os import (\n    environ,\n    getenv,  # reads\n    sep,\n)\n\nfrom holdline_runtime import get_env\n\n"
        "x = get_env()['A'], get_env().get('A'), sep\n",
    )


@pytest.mark.parametrize(
    "user",
    [
        pytest.param("from helpers import os\n\ny = os.sep\n", id="from-import"),
        pytest.param("import helpers\n\ny = helpers.os.sep\n", id="attribute"),
        pytest.param("import helpers as h\n\ny = h.os.sep\n", id="alias"),
        pytest.param("from helpers import *\n\ny = os.sep\n", id="star"),
        pytest.param("import helpers\n\ny = getattr(helpers, 'os').sep\n", id="getattr"),
        pytest.param(
            "from unittest.mock import patch\n\nwith patch('helpers.os.getcwd', len):\n    import helpers\n", id="patch"
        ),
        pytest.param(
            "from unittest.mock import patch\n\nM = 'helpers'\nwith patch(f'{M}.os.getcwd', len):\n    import helpers\n",
            id="f-string",
        ),
        pytest.param(
            "from unittest.mock import patch\n\nM = 'helpers'\nwith patch(M + '.os.getcwd', len):\n    import helpers\n",
            id="plus",
        ),
        pytest.param(
            "import helpers\nfrom unittest.mock import patch\n\nwith patch.object(helpers.os, 'getcwd', len):\n    y = 1\n",
            id="object",
        ),
    ],
)
def test_import_that_another_file_uses_stays(check, user):
    star = "from helpers import *" in user
    name = "_get_env" if star else "get_env"
    imported = "get_env as _get_env" if star else "get_env"
    check(
        "import os\n\nVALUE = os.environ['A']\n",
        f"import os\n\nfrom holdline_runtime import {imported}\n\nVALUE = {name}()['A']\n",
        path="helpers.py",
        others={"test_user.py": user},
        entry="test_user.py",
    )


def test_import_of_a_test_s_own_module_that_it_patches_by_name_stays(check):
    body = """
def cwd():
    return os_name(), {0}["A"]


def os_name():
    return __import__("sys").modules[__name__].os.getcwd()


with patch(f"{{__name__}}.os.getcwd", lambda: "patched"):
    x = cwd()
"""
    check(
        "import os\nfrom unittest.mock import patch\n" + body.format("os.environ"),
        "import os\nfrom unittest.mock import patch\n\nfrom holdline_runtime import get_env\n"
        + body.format("get_env()"),
    )


def test_string_target_through_another_module_keeps_its_import(check):
    """`patch.dict("helpers.os.environ")` needs `helpers.os`, so both files are rewritten but the import stays."""
    user = "import helpers\nfrom unittest.mock import patch\n\nwith {0}A='v'):\n    x = helpers.read()\n"
    check(
        "import os\n\n\ndef read():\n    return os.environ['A']\n",
        "import os\n\nfrom holdline_runtime import get_env\n\n\ndef read():\n    return get_env()['A']\n",
        path="helpers.py",
        others={
            "test_user.py": (
                user.format("patch.dict('helpers.os.environ', "),
                "import helpers\nfrom holdline_runtime import patch_env\n\nwith patch_env(A='v'):\n    x = helpers.read()\n",
            )
        },
        entry="test_user.py",
    )


def test_string_target_that_would_import_its_module_is_left(refuse):
    refuse(
        "from unittest.mock import patch\n\n\ndef test():\n    with patch.dict('helpers.os.environ', A='v'):\n        pass\n",
        "nothing else here does before",
        others={"helpers.py": "import os\n\nprint(os.sep)\n"},
    )


def test_string_target_through_a_module_whose_os_is_something_else_is_left(refuse):
    refuse(
        "import helpers\nfrom unittest.mock import patch\n\nwith patch.dict('helpers.os.environ', A='v'):\n    pass\n",
        "cannot be seen to be the module os",
        others={"helpers.py": "class os:\n    environ = {}\n"},
    )


def test_package_s_init_keeps_its_imports(check):
    check("import os\n\nA = os.environ['A']\n", KEEP + "A = get_env()['A']\n", path="pkg/__init__.py", runs=False)


def test_mock_submodule_that_other_code_reaches_through_the_package_stays_imported(check):
    check(
        "import os\nimport unittest\nfrom unittest import mock\n\nm = unittest.mock.MagicMock()\n"
        "with mock.patch.dict(os.environ, A='v'):\n    x = os.environ['A']\n",
        "import unittest\nfrom unittest import mock\n\nfrom holdline_runtime import get_env, patch_env\n\n"
        "m = unittest.mock.MagicMock()\nwith patch_env(A='v'):\n    x = get_env()['A']\n",
    )


def test_mock_under_an_alias_that_other_code_reaches_through_the_package_stays_imported(check):
    check(
        "import unittest\nimport unittest.mock as um\n\nm = unittest.mock.MagicMock()\n"
        "with um.patch.dict('os.environ', A='v'):\n    x = 1\n",
        "import unittest\nimport unittest.mock as um\n\nfrom holdline_runtime import patch_env\n\n"
        "m = unittest.mock.MagicMock()\nwith patch_env(A='v'):\n    x = 1\n",
    )


def test_mock_import_that_is_used_otherwise_stays(check):
    check(
        "import os\nfrom unittest.mock import MagicMock, patch\n\nwith patch.dict(os.environ, A='v'):\n    x = MagicMock()\n",
        "from unittest.mock import MagicMock\n\nfrom holdline_runtime import patch_env\n\nwith patch_env(A='v'):\n    x = MagicMock()\n",
    )


def test_refused_access_keeps_the_import(check):
    check(
        "import os\n\nx = os.environ['A']\nprint(type(os.environ).__name__)\n",
        KEEP + "x = get_env()['A']\nprint(type(os.environ).__name__)\n",
        reasons=["passed to `type`"],
    )


def test_suppressed_access_keeps_the_import(check):
    check(
        "import os\n\nx = os.environ['A']\ny = os.environ['B']  # holdline: allow[HL101] shown to users\n",
        KEEP + "x = get_env()['A']\ny = os.environ['B']  # holdline: allow[HL101] shown to users\n",
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "import sys\n\nsys.path.insert(0, 'lib')\n\nimport os\nimport json\n\nx = os.environ['A'], json.dumps(1)\n",
            "import sys\n\nsys.path.insert(0, 'lib')\n\nimport json\n\nfrom holdline_runtime import get_env\n\n"
            "x = get_env()['A'], json.dumps(1)\n",
            id="imports-behind",
        ),
        pytest.param(
            "import os\nimport sys\n\nif 'lib' not in sys.path:\n    sys.path.append('lib')\n\nx = os.environ['A']\n",
            "import sys\n\nif 'lib' not in sys.path:\n    sys.path.append('lib')\n\nfrom holdline_runtime import get_env\n\n"
            "x = get_env()['A']\n",
            id="nothing-behind",
        ),
    ],
)
def test_import_is_added_behind_what_sets_the_import_path(check, before, after):
    check(before, after)
