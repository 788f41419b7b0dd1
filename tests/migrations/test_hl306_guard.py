"""HL306: programs whose guard is missing or late, and the fix, which is proved and changes nothing else."""

from __future__ import annotations

import ast

import pytest

from holdline.contract.settings import ContractConfig
from holdline_migrations.hl306_guard import RULE

GUARD = "from holdline_runtime import require_ci\n\nrequire_ci()\n"
WORK = 'psycopg.connect().execute("DELETE FROM orders")\n'


@pytest.mark.parametrize("example", RULE.examples, ids=range(len(RULE.examples)))
def test_examples(production, guard, example):
    found = [v for v in production(example.before) if v.code == "HL306"]
    assert bool(found) == (example.after != example.before)
    if example.after != example.before:
        assert guard(example.before) == (example.after or example.before)


@pytest.mark.parametrize(
    "text",
    [
        GUARD + f"import psycopg\n{WORK}",
        f"import os\nimport sqlalchemy\n{GUARD}from app.db import engine\n{WORK}",
        f"from holdline_runtime import require_ci as r\nr()\n{WORK}",
        "import holdline_runtime\n\n\ndef main():\n    holdline_runtime.require_ci()\n    "
        f"{WORK}\n\nif __name__ == '__main__':\n    main()\n",
        f"from holdline_runtime import require_ci\n\ndef main():\n    {WORK}\n\n"
        "if __name__ == '__main__':\n    require_ci()\n    main()\n",
        "def library(c):\n    other(c)\n\ndef other(c):\n    c.execute('DELETE FROM a')\n",
        "def again():\n    again()\n\nagain()\n",
        "def library(c):\n    c.execute('DELETE FROM a')\n",
        "if __name__ == '__main__':\n    print('reads nothing')\n",
    ],
    ids=["top", "drivers", "alias", "main", "block", "libraries", "endless", "library", "harmless"],
)
def test_guarded_or_none_of_its_business(production, text):
    assert [v.message for v in production(text) if v.code == RULE.code] == []


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (WORK, 1, "require_ci() is not called before psycopg.connect(…)"),
        (f"from app.db import engine\n{GUARD}{WORK}", 1, "before app.db.engine, only later"),
        (f"import app.database\n{GUARD}{WORK}", 1, "before app.database, only later"),
        (f"{WORK}{GUARD}", 1, "before psycopg.connect(…), only later"),
        (
            f"def main():\n    {WORK}\n\nif __name__ == '__main__':\n    import sys\n    sys.exit(main())\n",
            2,
            "before psycopg.connect(…)",
        ),
        (f"def main():\n    {WORK}\nmain()\n", 2, "before psycopg.connect(…)"),
        (f"def one():\n    two()\n\ndef two():\n    {WORK}\nif x:\n    one()\n", 5, "before psycopg.connect(…)"),
        (f"from other import require_ci\nrequire_ci()\n{WORK}", 3, "before psycopg.connect(…)"),
        (f"if x:\n    require_ci()\n{WORK}", 3, "before psycopg.connect(…)"),
        (f"from holdline_runtime import require_ci\ndef never():\n    require_ci()\n{WORK}", 4, "only later"),
    ],
)
def test_missing_or_late(production, text, line, message):
    (found,) = [v for v in production(text) if v.code == RULE.code]
    assert found.line == line
    assert message in found.message


@pytest.mark.parametrize(
    ("head", "place"),
    [
        ("", 0),
        ("#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n", 2),
        ('"""Doc."""\n', 1),
        ('"""Doc."""\nfrom __future__ import annotations\n', 2),
        ("from __future__ import annotations\r\nimport os\r\n", 1),
    ],
)
def test_fix_goes_first(guard, head, place):
    before = f"{head}{WORK}" if "\r" not in head else f"{head}{WORK}".replace("DELETE", "DELETE")
    after = guard(before)
    body = [ast.unparse(s) for s in ast.parse(after).body]
    index = body.index("require_ci()")
    assert body[index - 1] == "from holdline_runtime import require_ci"
    rest = body[: index - 1] + body[index + 1 :]
    assert rest == [ast.unparse(s) for s in ast.parse(before).body]
    assert all(b.startswith(("'", "from __future__")) for b in body[: index - 1])
    assert after.splitlines()[: len(head.splitlines()[:place])] == head.splitlines()[:place]
    assert guard(after) == after


def test_fix_stands_between_blank_lines(guard):
    assert guard(f'"""Doc."""\nimport psycopg\n{WORK}') == f'"""Doc."""\n\n{GUARD}\nimport psycopg\n{WORK}'
    assert guard(f"import psycopg\n{WORK}") == f"{GUARD}\nimport psycopg\n{WORK}"


@pytest.mark.parametrize(
    "text", [f"def require_ci(): ...\nrequire_ci()\n{WORK}", f'"""Doc."""; import os\n{WORK}'], ids=["name", "line"]
)
def test_refused(guard, text):
    assert guard(text) == text


def test_a_guard_and_connecting_modules_of_the_project(production):
    settings = ContractConfig(guard="ops.safety:only_ci", connects=("app.live",))
    text = f"from ops.safety import only_ci\nonly_ci()\nimport app.live\n{WORK}"
    assert production(text, settings=settings) == ()
    late = f"from app.live import x\nfrom ops.safety import only_ci\nonly_ci()\n{WORK}"
    (found,) = [v for v in production(late, settings=settings) if v.code == RULE.code]
    assert "only_ci() is not called before app.live.x" in found.message
    assert production(f"import app.db\n{text}", settings=settings) == (), "what is named replaces what is guessed"
