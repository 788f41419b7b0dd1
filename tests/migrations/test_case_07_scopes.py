"""Case 7. Scopes: class-body names inside comprehensions, comprehension walrus, `global`/`nonlocal environ`."""

from __future__ import annotations

import pytest

IMPORT = "from holdline_runtime import get_env\n\n"


def test_comprehension_in_a_class_body_looks_past_the_class(check):
    body = """
class Fake:
    environ = {{"A": "fake"}}


class C:
    os = Fake
    inside = [{0}["A"] for _ in "x"]
    first = [k for k in os.environ]
"""
    check("import os\n" + body.format("os.environ"), IMPORT.rstrip("\n") + "\n" + body.format("get_env()"))


def test_method_looks_past_the_class(check_access):
    before = (
        "class C:\n    environ = {'A': 'mine'}\n\n    def f(self):\n        return os.environ['A']\n\n\nx = C().f()\n"
    )
    check_access(before, before.replace("os.environ", "get_env()"))


def test_walrus_in_a_comprehension_binds_outside(refuse):
    refuse(
        "from os import environ\n\nx = [environ := {'A': 'mine'} for _ in 'x']\ny = environ['A']\n",
        "bound in more than one way",
    )


def test_walrus_in_another_function_does_not_matter(check):
    body = "def f():\n    return [environ := {{'A': 'mine'}} for _ in 'x']\n\n\nx = f(), {0}['A']\n"
    check("from os import environ\n\n\n" + body.format("environ"), IMPORT + "\n" + body.format("get_env()"))


def test_loop_variable_of_a_comprehension_stays_inside(check):
    body = "x = [environ for environ in 'ab']\ny = {0}['A']\n"
    check("from os import environ\n\n" + body.format("environ"), IMPORT + body.format("get_env()"))


def test_global_statement_rebinds_the_module_s_name(refuse):
    refuse(
        "from os import environ\n\n\ndef f():\n    global environ\n    environ = {}\n\n\nx = environ['A']\n",
        "bound in more than one way",
    )


def test_nonlocal_statement_rebinds_the_function_s_name(refuse):
    before = """
        def outer():
            from os import environ

            def inner():
                nonlocal environ
                environ = {"A": "mine"}

            inner()
            return environ["A"]
        """
    refuse(before, "bound in more than one way")


def test_global_import(check):
    before = """
        def load():
            global os
            import os
            return True


        loaded = load()
        x = os.environ["A"]
        """
    after = """
        from holdline_runtime import get_env


        def load():
            global os
            return True


        loaded = load()
        x = get_env()["A"]
        """
    check(before, after)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "def f():\n    def g():\n        return os.environ['A']\n    return g()\n\n\nx = f()\n", id="closure"
        ),
        pytest.param("x = (lambda: os.environ['A'])()\n", id="lambda"),
        pytest.param("x = [k for k in 'AB' if k in os.environ for j in os.environ[k]]\n", id="nested-comprehension"),
        pytest.param("x = {os.environ[k]: k for k in 'AB'}\n", id="dict-comprehension"),
        pytest.param("class C(dict, **({} if os.environ else {})):\n    pass\n", id="class-arguments"),
        pytest.param(
            "def f(a: os.environ['A'] = 1) -> os.environ['B']:\n    pass\n\n\nx = f.__annotations__\n", id="annotations"
        ),
        pytest.param(
            "import functools\n\n\n@functools.partial(lambda p, f: p, os.environ['A'])\ndef x():\n    pass\n",
            id="decorator",
        ),
    ],
)
def test_every_scope_is_reached(check, check_access, body):
    if body.startswith("import functools\n"):
        body = body.removeprefix("import functools\n")
        check(
            "import functools\nimport os\n" + body,
            "import functools\n\nfrom holdline_runtime import get_env\n" + body.replace("os.environ", "get_env()"),
        )
    else:
        check_access(body, body.replace("os.environ", "get_env()"))


def test_class_scope_import_stays(check):
    check(
        "class C:\n    import os\n\n    x = os.environ['A']\n\n    def f(self):\n        return self.os.sep\n\n\ny = C.x, C().f()\n",
        IMPORT + "\nclass C:\n    import os\n\n    x = get_env()['A']\n\n    def f(self):\n        return self.os.sep\n"
        "\n\ny = C.x, C().f()\n",
    )
