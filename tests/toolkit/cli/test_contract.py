"""`holdline contract`: freeze, check and explain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]
APPROVED = "Ada Lovelace, 2026-11-20, a contract for the tests"
SCRIPT = 'def purge(c):\n    c.execute("DELETE FROM orders")\n'
FILES = {
    "ops/purge.py": SCRIPT,
    "ops/deploy": "#!/usr/bin/env bash\nalembic upgrade head\n",
    "ops/clean.sql": "delete from orders;\n",
    "web/gone.ts": "await prisma.user.deleteMany({});\n",
    "web/query.js": "client.query('SELECT 1')\n",
    "app/views.py": "def view():\n    return 1\n",
    "tests/test_a.py": SCRIPT,
}


@pytest.fixture
def repo(make_repo):
    return make_repo(FILES)


@pytest.fixture
def frozen(repo, call: Run):
    done = call(repo.root, "contract", "freeze", "--approved", APPROVED)
    assert (done.code, done.text) == (0, "")
    assert done.err == "holdline: froze 4 mutation scripts in mutation-contract.toml\n"
    return repo


def test_freeze_finds_scripts_by_what_they_do(frozen):
    text = frozen.read("mutation-contract.toml").decode()
    assert [line for line in text.splitlines() if line.startswith("path")] == [
        'path = "ops/clean.sql"',
        'path = "ops/deploy"',
        'path = "ops/purge.py"',
        'path = "web/gone.ts"',
    ]
    assert f'approved = "{APPROVED}"' in text
    page = frozen.read("mutation-contract.md").decode()
    assert "| `ops/purge.py` | python | `DELETE orders` |  |" in page
    assert APPROVED in page


def test_freeze_again_changes_nothing(frozen, call):
    before = {f: frozen.read(f) for f in ("mutation-contract.toml", "mutation-contract.md")}
    done = call(frozen.root, "contract", "freeze")
    assert (done.code, done.err) == (0, "holdline: the contract is as it should be; nothing to freeze\n")
    assert before == {f: frozen.read(f) for f in before}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], 'holdline: freeze needs --approved "name, date, reason": the contract would change'),
        (["--approved", "me"], "holdline: --approved: expected 'name, date, reason' such as"),
        (["--approved", "Ada, 2026-13-01, why not"], "holdline: --approved: expected 'name, date, reason' such as"),
        (["--approved", "Ada, 2026-11-20, x"], "holdline: --approved: expected 'name, date, reason' such as"),
    ],
)
def test_freeze_needs_an_approval(repo, call, arguments, complaint):
    done = call(repo.root, "contract", "freeze", *arguments)
    assert done.code == 2
    assert done.complaint.startswith(complaint)
    assert not (repo.root / "mutation-contract.toml").exists()


def test_freeze_keeps_purposes_and_what_is_forbidden_and_refuses_it(frozen, call):
    text = frozen.read("mutation-contract.toml").decode()
    text = text.replace("forbidden = []", 'forbidden = ["DROP"]')
    text = text.replace('path = "ops/purge.py"', 'path = "ops/purge.py"\npurpose = "nightly"')
    frozen.write("mutation-contract.toml", text)
    assert call(frozen.root, "contract", "freeze", "--approved", "Ada, 2026-11-21, forbids to drop").code == 0
    text = frozen.read("mutation-contract.toml").decode()
    assert 'purpose = "nightly"' in text
    assert '"DROP"' in text
    frozen.write("ops/purge.py", SCRIPT.replace("DELETE FROM", "DROP TABLE"))
    done = call(frozen.root, "contract", "freeze", "--approved", "Ada, 2026-11-21, drops after all")
    assert done.code == 2
    assert done.complaint.endswith("ops/purge.py does what the contract forbids: DROP TABLE orders")


def test_check_passes(frozen, call):
    done = call(frozen.root, "contract", "check")
    assert (done.code, done.err) == (0, "")
    assert done.text == "4 mutation scripts in mutation-contract.toml: as approved\n"
    assert call(frozen.root, "-q", "contract", "check").text == ""


def test_check_takes_formatting_in_every_language(frozen, call):
    frozen.write("ops/purge.py", f'"""Doc."""\n\n{SCRIPT}# end\n')
    frozen.write("ops/deploy", "#!/usr/bin/env bash\n# why\nalembic \\\n  upgrade head\n")
    frozen.write("ops/clean.sql", "-- why\nDELETE\nFROM orders\n;\n")
    frozen.write("web/gone.ts", "await prisma.user\n  .deleteMany({})\n")
    assert call(frozen.root, "contract", "check").code == 0


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("ops/purge.py", SCRIPT + "    more()\n", ["ops/purge.py:1: HL303"]),
        (
            "ops/deploy",
            "#!/usr/bin/env bash\nalembic upgrade head\ndropdb shop\n",
            ["ops/deploy:3: HL302", "ops/deploy:1: HL303"],
        ),
        ("ops/clean.sql", "delete from users;\n", ["ops/clean.sql:1: HL302", "ops/clean.sql:1: HL303"]),
        ("web/query.js", "client.query('DELETE FROM a')\n", ["web/query.js:1: HL301"]),
        ("ops/clean.sql", "select 1;\n", ["ops/clean.sql:1: HL303"]),
    ],
)
def test_check_finds(frozen, call, path, text, found):
    frozen.write(path, text)
    done = call(frozen.root, "contract", "check")
    assert done.code == 1
    assert [" ".join(line.split()[:2]) for line in done.text.splitlines()[:-1]] == found
    assert done.text.splitlines()[-1].startswith("4 mutation scripts in mutation-contract.toml: ")


def test_check_names_what_is_gone_and_a_page_that_is_stale(frozen, call):
    (frozen.root / "ops/purge.py").unlink()
    frozen.write("mutation-contract.md", "# Nothing\n")
    done = call(frozen.root, "contract", "check")
    assert done.code == 1
    assert "HL303 ops/purge.py is in the contract, but gone" in done.text
    assert "mutation-contract.md:1: HL304 the page does not say what the contract says" in done.text


def test_a_script_that_does_not_parse_fails(frozen, call):
    frozen.write("ops/deploy", "#!/usr/bin/env bash\nif alembic upgrade head; then\n")
    done = call(frozen.root, "contract", "check")
    assert done.code == 1
    assert "ops/deploy" in done.err
    assert "does not parse as shell" in done.err
    assert call(frozen.root, "contract", "freeze", "--approved", "Ada, 2026-11-21, a broken one").code == 2


def test_check_without_a_contract(repo, call):
    done = call(repo.root, "contract", "check")
    assert done.code == 2
    assert "there is no contract mutation-contract.toml" in done.complaint


def test_explain(frozen, call):
    frozen.write("ops/purge.py", SCRIPT + '    c.execute("UPDATE users SET a = 1")\n')
    done = call(frozen.root, "contract", "explain")
    assert done.code == 0
    assert "ops/purge.py (python): HL302, HL303\n    DELETE orders\n    UPDATE users (a)\n" in done.text
    done = call(frozen.root, "contract", "explain", str(frozen.root / "ops/purge.py"))
    assert "    line 3: UPDATE users (a)\n" in done.text
    assert call(frozen.root, "contract", "explain", "app/views.py").code == 2
    assert call(frozen.root, "contract", "explain", "/etc/passwd").code == 2


def test_a_symbolic_link_is_not_written_through(repo, call, tmp_path):
    outside = tmp_path / "outside"
    (repo.root / "mutation-contract.toml").symlink_to(outside)
    done = call(repo.root, "contract", "freeze", "--approved", APPROVED)
    assert done.code == 2
    assert not outside.exists()


def test_without_the_extra_the_command_names_it(repo, shell, without):
    done = shell(repo.root, "contract", "freeze", "--approved", APPROVED, env=without("sqlglot", "tree_sitter"))
    assert done.code == 2
    assert "pip install '.[contract]'" in done.complaint


def test_python_alone_needs_no_extra(make_repo, shell, without):
    repo = make_repo({"ops/a.py": SCRIPT})
    env = without("sqlglot", "tree_sitter")
    assert shell(repo.root, "contract", "freeze", "--approved", APPROVED, env=env).code == 0
    assert shell(repo.root, "contract", "check", env=env).code == 0
