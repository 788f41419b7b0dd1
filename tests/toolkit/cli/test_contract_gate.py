"""The gate on contracts, through `holdline check` in real repositories."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
APPROVED = "Ada Lovelace, 2026-11-20, a contract for the tests"
SCRIPT = 'def purge(c):\n    c.execute("DELETE FROM orders")\n'
FILES = {
    "ops/purge.py": SCRIPT,
    "ops/deploy.sh": "#!/bin/sh\n# deploy\nalembic upgrade head\n",
    "ops/clean.sql": "DELETE FROM orders;\n",
    "app/views.py": "def view():\n    return 1\n",
}


@pytest.fixture
def frozen(make_repo, call: Run):
    """A repository whose contract is frozen and committed."""
    repo = make_repo(FILES)
    assert call(repo.root, "contract", "freeze", "--approved", APPROVED).code == 0
    repo.commit("freeze")
    return repo


def check(call: Run, repo: Any, *arguments: str) -> tuple[int, list[str]]:
    """Stage everything and check: the exit code, and what was found where."""
    repo.git("add", "--all")
    done = call(repo.root, "check", *arguments)
    assert "Traceback" not in done.err
    return done.code, sorted(set(re.findall(r"^(\S+?):\d+(?::\d+)?: (HL\d+)", done.text, re.MULTILINE)))


def test_nothing_changed(frozen, call):
    assert check(call, frozen) == (0, [])


def test_formatting_passes_in_every_language(frozen, call):
    frozen.write("ops/purge.py", "# why\n\n\ndef purge( c ):\n    '''Doc.'''\n    c.execute('DELETE FROM orders')\n")
    frozen.write("ops/deploy.sh", "#!/bin/sh\n\n# another comment\nalembic   upgrade head\n")
    frozen.write("ops/clean.sql", "-- why\n\n  DELETE  FROM orders;\n")
    assert check(call, frozen) == (0, [])


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("ops/purge.py", SCRIPT + "    notify()\n", ["HL303"]),
        ("ops/purge.py", SCRIPT.replace("orders", "users"), ["HL302", "HL303"]),
        ("ops/purge.py", "def purge(c):\n    do(c)\n", ["HL303"]),
        ("ops/new.py", SCRIPT, ["HL301"]),
        ("app/views.py", 'import os\ndef view():\n    os.system("rm -rf /srv/data")\n', ["HL301"]),
        ("ops/deploy.sh", "alembic upgrade head\nrm -rf /srv\n", ["HL303"]),
        ("ops/deploy.sh", "alembic downgrade base\n", ["HL303"]),
        ("ops/clean.sql", "DELETE FROM users;\n", ["HL303"]),
        ("tests/test_new.py", SCRIPT, []),
        ("app/views.py", "def view():\n    return 2\n", []),
    ],
)
def test_changes(frozen, call, path, text, expected):
    frozen.write(path, text)
    assert check(call, frozen) == (bool(expected), [(path, code) for code in expected])


def test_a_renamed_script_is_not_in_the_contract(frozen, call):
    frozen.git("mv", "ops/purge.py", "ops/other.py")
    assert check(call, frozen) == (1, [("ops/other.py", "HL301")])


def test_what_was_unlisted_before_is_old(make_repo, call):
    repo = make_repo({"ops/a.py": SCRIPT, "mutation-contract.toml": "version = 1\n"})
    repo.write("ops/a.py", "# touched\n" + SCRIPT)
    assert check(call, repo) == (0, [])
    repo.write("ops/a.py", SCRIPT + '    c.execute("DROP TABLE orders")\n')
    assert check(call, repo) == (1, [("ops/a.py", "HL301")])


def test_a_contract_edited_by_hand_is_not_approved(frozen, call):
    text = frozen.read("mutation-contract.toml").decode()
    frozen.write("mutation-contract.toml", "# reviewed\n\n" + text)
    assert check(call, frozen) == (0, []), "comments and layout are no content"
    frozen.write("mutation-contract.toml", text.replace('"DELETE orders"', '"DELETE users"', 1))
    assert check(call, frozen) == (1, [("mutation-contract.toml", "HL304")])


def test_an_approval_of_other_content_does_not_do(frozen, call):
    text = frozen.read("mutation-contract.toml").decode()
    frozen.write("mutation-contract.toml", text.replace("forbidden = []", 'forbidden = ["DROP"]'))
    again = "Ada Lovelace, 2026-11-20, forbids to drop"
    repo = frozen
    assert call(repo.root, "contract", "freeze", "--approved", APPROVED).code == 2, "it was given before"
    assert call(repo.root, "contract", "freeze", "--approved", again).code == 0
    assert check(call, repo) == (0, [])


def test_a_contract_taken_away(frozen, call):
    frozen.git("rm", "--quiet", "mutation-contract.toml")
    assert check(call, frozen) == (1, [("mutation-contract.toml", "HL304")])


def test_a_change_and_its_contract_in_one_commit(frozen, call):
    frozen.write("ops/purge.py", SCRIPT + "    notify()\n")
    assert call(frozen.root, "contract", "freeze", "--approved", "Bob, 2026-11-21, it notifies now").code == 0
    assert check(call, frozen) == (0, [])


def test_the_staged_contract_counts_not_the_one_on_disk(frozen, call):
    frozen.write("ops/purge.py", SCRIPT + "    notify()\n")
    frozen.git("add", "ops/purge.py")
    assert call(frozen.root, "contract", "freeze", "--approved", "Bob, 2026-11-21, it notifies now").code == 0
    done = call(frozen.root, "check")
    assert done.code == 1
    assert "HL303" in done.text


def test_a_contract_elsewhere(make_repo, call):
    settings = '[tool.holdline.contract]\nfile = "ops/contract.toml"\npage = "docs/contract.md"\nfiles = ["ops/**"]\n'
    repo = make_repo({**FILES, "pyproject.toml": settings, "app/job.py": SCRIPT})
    assert call(repo.root, "contract", "freeze", "--approved", APPROVED).code == 0
    assert (repo.root / "docs/contract.md").exists()
    repo.commit("freeze")
    assert b"app/job.py" not in repo.read("ops/contract.toml")
    repo.write("ops/purge.py", SCRIPT + "    notify()\n")
    assert check(call, repo) == (1, [("ops/purge.py", "HL303")])
    repo.git("rm", "--quiet", "--cached", "ops/contract.toml")
    (repo.root / "ops/contract.toml").unlink()
    assert ("ops/contract.toml", "HL304") in check(call, repo)[1]


def test_a_broken_contract_is_one_line(frozen, call):
    frozen.write("mutation-contract.toml", 'version = 1\n[[scripts]]\npath = "a"\n')
    frozen.git("add", "--all")
    done = call(frozen.root, "check")
    assert done.code == 2
    assert done.complaint == "holdline: mutation-contract.toml: scripts[0]: the key 'language' is missing"


def test_a_merge_of_two_freezes_wants_an_approval(frozen, call):
    repo: Any = frozen
    for branch in ("one", "two"):
        repo.git("checkout", "--quiet", "-b", branch, "main")
        repo.write(f"ops/{branch}.py", SCRIPT)
        repo.git("add", "--all")
        call(repo.root, "contract", "freeze", "--approved", f"Ada, 2026-11-20, adds {branch} to it")
        repo.commit(branch)
    theirs = repo.git("show", "one:mutation-contract.toml")
    ours = repo.git("show", "two:mutation-contract.toml")
    block = re.search(r'\[\[scripts\]\]\npath = "ops/one.py".*?\]\n', theirs, re.DOTALL)
    assert block
    merged = ours.replace('[[scripts]]\npath = "ops/purge.py"', block[0] + '\n[[scripts]]\npath = "ops/purge.py"')
    repo.git("merge", "--no-commit", "--strategy", "ours", "one")
    repo.git("checkout", "one", "--", "ops/one.py")
    repo.write("mutation-contract.toml", merged)
    assert check(call, repo) == (1, [("mutation-contract.toml", "HL304")])


def test_the_gate_needs_the_standard_library_alone(frozen) -> None:
    import subprocess
    import sys

    frozen.write("ops/deploy.sh", "rm -rf /\n")
    frozen.write("ops/purge.py", SCRIPT + "    notify()\n")
    frozen.git("add", "--all")
    code = "import sys, holdline.cli as c; c.main(['check']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=frozen.root, capture_output=True, text=True, check=True)
    assert not {"sqlglot", "tree_sitter"} & set(done.stdout.split())


def test_fix_inserts_the_guard(frozen, call) -> None:
    text = '"""A job."""\n\nimport psycopg\n\npsycopg.connect().execute("DELETE FROM orders")\n'
    frozen.write("ops/job.py", text)
    frozen.git("add", "--all")
    assert call(frozen.root, "check", "--fix").code == 1, "it is not in the contract still"
    fixed = Path(frozen.root / "ops/job.py").read_text()
    assert fixed.startswith(
        '"""A job."""\n\nfrom holdline_runtime import require_ci\n\nrequire_ci()\n\nimport psycopg\n'
    )


@pytest.mark.parametrize("form", ["json", "sarif", "github", "junit"])
def test_every_format_takes_what_is_no_python(frozen, call, form):
    frozen.write("ops/deploy.sh", "dropdb shop\n")
    frozen.git("rm", "--quiet", "mutation-contract.md")
    text = frozen.read("mutation-contract.toml").decode()
    frozen.write("mutation-contract.toml", text.replace("forbidden = []", 'forbidden = ["DROP"]'))
    frozen.git("add", "--all")
    done = call(frozen.root, "check", "--format", form)
    assert done.code == 1
    assert all(code in done.text for code in ("HL303", "HL304"))
    assert all(path in done.text for path in ("ops/deploy.sh", "mutation-contract.toml"))
    assert done.err == ""


def test_fix_leaves_what_is_no_python(frozen, call):
    frozen.write("ops/deploy.sh", "dropdb shop\n")
    frozen.git("add", "--all")
    done = call(frozen.root, "check", "--fix")
    assert (done.code, done.err) == (1, "")
    assert frozen.read("ops/deploy.sh") == b"dropdb shop\n"
