"""Case 2. `del` and `pop` raise `KeyError` when missing; `del` may be a tuple; `pop`'s value may be used."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "before",
    [
        pytest.param('del os.environ["A"]\n', id="del"),
        pytest.param('x = 1\ndel os.environ["A"], x, os.environ["B"]\n', id="del-several"),
        pytest.param('del (os.environ["A"], os.environ["B"])\n', id="del-tuple"),
        pytest.param('del [os.environ["A"], (os.environ["B"])]\n', id="del-list"),
        pytest.param('x = os.environ.pop("A")\n', id="pop-value-used"),
        pytest.param('os.environ.pop("A")\n', id="pop-value-dropped"),
        pytest.param('x = os.environ.pop("MISSING", None)\ny = os.environ.pop("A", 5)\n', id="pop-default"),
        pytest.param('x = os.environ.pop("MISSING", default=7)\n', id="pop-default-keyword"),
        pytest.param('x = [os.environ.pop(k, None) for k in ("A", "B", "C")]\n', id="pop-in-comprehension"),
        pytest.param("x = len(os.environ.popitem())\n", id="popitem"),
        pytest.param("os.environ.clear()\n", id="clear"),
        pytest.param('p = os.environ.pop\nx = p("A"), p("MISSING", 0)\ndel p\n', id="bound-method"),
    ],
)
def test_deletion_keeps_its_form(check_access, before):
    check_access(before, before.replace("os.environ", "get_env()"))


@pytest.mark.parametrize(
    ("before", "raises"),
    [
        pytest.param('del os.environ["MISSING"]\n', "KeyError", id="del"),
        pytest.param('del os.environ["A"], os.environ["MISSING"], os.environ["B"]\n', "KeyError", id="del-half-way"),
        pytest.param('os.environ.pop("MISSING")\n', "KeyError", id="pop"),
        pytest.param("os.environ.pop()\n", "TypeError", id="pop-nothing"),
        pytest.param("os.environ.pop(1)\n", "TypeError", id="pop-number"),
        pytest.param('os.environ.pop("A", "B", "C")\n', "TypeError", id="pop-too-many"),
        pytest.param("os.environ.clear()\nos.environ.popitem()\n", "KeyError", id="popitem-empty"),
        pytest.param("del os.environ[1]\n", "TypeError", id="del-number"),
    ],
)
def test_deletion_raises_the_same_error(check_access, before, raises):
    check_access(before, before.replace("os.environ", "get_env()"), raises=raises)


@pytest.mark.parametrize("target", ["os.environ", "(os.environ)"])
def test_deleting_the_object_itself_is_refused(refuse, target):
    refuse(f"import os\n\ndel {target}\n", "os.environ itself is deleted")
