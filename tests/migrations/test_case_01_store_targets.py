"""Case 1. Store targets: `for`, `with … as`, comprehension, star-unpack, chained, annotated assignment.

A call cannot be assigned to, so only a plain assignment statement becomes `.set(…)`. Every other target keeps item
syntax on `get_env()`, which stores through `__setitem__` as `os.environ` does.
"""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            'for os.environ["A"] in "xyz":\n    print(os.environ["A"])\n',
            'for get_env()["A"] in "xyz":\n    print(get_env()["A"])\n',
            id="for",
        ),
        pytest.param(
            'import contextlib\n\nwith contextlib.nullcontext("x") as os.environ["A"]:\n    pass\n',
            None,
            id="with",
        ),
        pytest.param(
            'n = [os.environ["A"] for os.environ["A"] in "xyz"]\n',
            'n = [get_env()["A"] for get_env()["A"] in "xyz"]\n',
            id="comprehension",
        ),
        pytest.param(
            'x, os.environ["A"] = "1", "2"\n',
            'x, get_env()["A"] = "1", "2"\n',
            id="tuple",
        ),
        pytest.param(
            'os.environ["A"], *x = "abc"\n',
            'get_env()["A"], *x = "abc"\n',
            id="star-unpack",
        ),
        pytest.param(
            'd = {}\n[d["x"], (os.environ["A"], *os.environ["B"])] = 1, ("2", "3")\n',
            None,
            id="starred-target",
        ),
        pytest.param(
            'x = os.environ["A"] = os.environ["B"] = "v"\n',
            'x = get_env()["A"] = get_env()["B"] = "v"\n',
            id="chained",
        ),
        pytest.param(
            'os.environ["A"]: str = "v"\n',
            'get_env()["A"]: str = "v"\n',
            id="annotated",
        ),
        pytest.param(
            'os.environ["UNSET"]: str\nx = "UNSET" in os.environ\n',
            'get_env()["UNSET"]: str\nx = "UNSET" in get_env()\n',
            id="annotated-without-value",
        ),
        pytest.param(
            'import asyncio\n\n\nasync def main():\n    async for os.environ["A"] in gen():\n        pass\n\n\n'
            'async def gen():\n    yield "x"\n\n\nasyncio.run(main())\n',
            None,
            id="async-for",
        ),
    ],
)
def test_store_target_keeps_item_syntax(check, check_access, before, after):
    if after is not None:
        check_access(before, after)
        return
    lead, _, body = before.partition("\n\n") if before.startswith("import") else ("", "", before)
    new = body.replace("os.environ", "get_env()")
    start = f"{lead}\n\n" if lead else ""
    options = {"raises": "TypeError"} if "*os.environ" in before else {}
    old_head = f"import os\n{lead}\n\n" if lead else "import os\n\n"
    check(old_head + body, f"{start}from holdline_runtime import get_env\n\n{new}", **options)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('os.environ["A"] = "v"\n', 'get_env().set("A", "v")\n', id="constants"),
        pytest.param('v = "x"\nos.environ["A"] = v\n', 'v = "x"\nget_env().set("A", v)\n', id="constant-key"),
        pytest.param('k = "x"\nos.environ[k] = "v"\n', 'k = "x"\nget_env().set(k, "v")\n', id="constant-value"),
        pytest.param(
            'for k, v in {"X": "1"}.items():\n    os.environ[k] = v\n',
            'for k, v in {"X": "1"}.items():\n    get_env().set(k, v)\n',
            id="names",
        ),
        pytest.param(
            'os.environ["A"] = os.environ["B"]\n', 'get_env().set("A", get_env()["B"])\n', id="environment-to-itself"
        ),
        pytest.param('os.environ["A"] = ("x" "y")\n', 'get_env().set("A", ("x" "y"))\n', id="parentheses"),
        pytest.param('os.environ[("A")] = "x"\n', 'get_env().set(("A"), "x")\n', id="parenthesised-key"),
        pytest.param('os.environ[k := "A"] = "x"\n', 'get_env().set(k := "A", "x")\n', id="walrus-key"),
        pytest.param('os.environ["A"] = (v := "x")\n', 'get_env().set("A", (v := "x"))\n', id="walrus-value"),
        pytest.param(
            'os.environ["A"] = "x" if "B" in os.environ else "y"\n',
            'get_env().set("A", "x" if "B" in get_env() else "y")\n',
            id="conditional",
        ),
        pytest.param(
            'os.environ["A"] = """x\ny"""  # why\n', 'get_env().set("A", """x\ny""")  # why\n', id="multi-line"
        ),
        pytest.param('os.environ ["A"]="v"\n', 'get_env() ["A"]="v"\n', id="odd-layout-keeps-item-syntax"),
    ],
)
def test_plain_assignment_statement_becomes_set(check_access, before, after):
    check_access(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('os.environ["A"] = 1\n', 'get_env().set("A", 1)\n', id="value"),
        pytest.param('os.environ[1] = "v"\n', 'get_env().set(1, "v")\n', id="key"),
        pytest.param('os.environ["A"] = None\n', 'get_env().set("A", None)\n', id="none"),
        pytest.param('os.environ["A"] = "a", "b"\n', 'get_env()["A"] = "a", "b"\n', id="bare-tuple"),
        pytest.param('os.environ["A"] = ("a", "b")\n', 'get_env().set("A", ("a", "b"))\n', id="tuple"),
        pytest.param('os.environ["A", "B"] = "v"\n', 'get_env()["A", "B"] = "v"\n', id="tuple-key"),
        pytest.param('os.environ["A":] = "v"\n', 'get_env()["A":] = "v"\n', id="slice"),
        pytest.param('os.environ["A"] = lambda: "v"\n', 'get_env().set("A", lambda: "v")\n', id="lambda"),
        pytest.param('os.environ["A"] = *"ab",\n', 'get_env()["A"] = *"ab",\n', id="starred-value"),
        pytest.param(
            'os.environ["A"] = (c for c in "ab")\n', 'get_env().set("A", (c for c in "ab"))\n', id="generator"
        ),
    ],
)
def test_what_cannot_be_stored_raises_the_same_type_error(check_access, before, after):
    check_access(before, after, raises="TypeError")


@pytest.mark.parametrize(
    ("before", "raises"),
    [
        pytest.param('os.environ["a=b"] = "v"\n', "ValueError", id="equals-sign"),
        pytest.param('os.environ["A"] = "x\\0y"\n', "ValueError", id="nul"),
        pytest.param('os.environ["A"] = "\\ud800"\n', "UnicodeEncodeError", id="lone-surrogate"),
        pytest.param('os.environ[""] = "v"\n', "OSError", id="empty-name"),
    ],
)
def test_what_the_system_refuses_raises_the_same_error(check_access, before, raises):
    check_access(
        before, before.replace("os.environ[", "get_env().set(").replace("] = ", ", ")[:-1] + ")\n", raises=raises
    )


def test_value_is_evaluated_before_the_key_so_calls_keep_item_syntax(check_access):
    before = """\
def say(text):
    print(text)
    return text


os.environ[say("key")] = say("value")
os.environ[say("other")] += say("more")
"""
    check_access(before, before.replace("os.environ", "get_env()"), raises="KeyError")


def test_yield_and_await_as_the_value(check):
    before = """
        import asyncio
        import os


        def generator():
            os.environ["A"] = yield "first"


        async def coroutine():
            os.environ["B"] = await asyncio.sleep(0, "slept")


        g = generator()
        first = next(g)
        ended = next(iter([g.send]), None)("sent") if False else None
        try:
            g.send("sent")
        except StopIteration:
            pass
        asyncio.run(coroutine())
        """
    after = """
        import asyncio

        from holdline_runtime import get_env


        def generator():
            get_env()["A"] = yield "first"


        async def coroutine():
            get_env().set("B", await asyncio.sleep(0, "slept"))


        g = generator()
        first = next(g)
        ended = next(iter([g.send]), None)("sent") if False else None
        try:
            g.send("sent")
        except StopIteration:
            pass
        asyncio.run(coroutine())
        """
    check(before, after)


def test_exception_while_the_value_is_made_leaves_the_variable(check_access):
    check_access('os.environ["A"] = str(1 / 0)\n', 'get_env().set("A", str(1 / 0))\n', raises="ZeroDivisionError")
