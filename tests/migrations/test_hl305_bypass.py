"""HL305: flags and paths that lead round a protection, what is registered, and what only looks like one."""

from __future__ import annotations

from datetime import date

import pytest

from holdline.contract.settings import BypassConfig, ContractConfig
from holdline_migrations.hl305_bypass import RULE

ALL = ContractConfig(protected=("**",))
GUARD = "from holdline_runtime import require_ci\n"


@pytest.mark.parametrize("example", RULE.examples, ids=range(len(RULE.examples)))
def test_examples(production, example):
    found = [v for v in production(example.before, settings=ALL) if v.code == "HL305"]
    assert bool(found) == (example.after is None)
    assert all(v.refusal for v in found)


@pytest.mark.parametrize(
    "text",
    [
        'import os\nos.environ["SKIP_BACKUP"]',
        'import os\nos.environ.get("APP_BYPASS_CHECKS")',
        'import os\n"ALLOW_PROD" in os.environ',
        'import os\nos.environ["FORCE_RUN"] = "1"',
        'from holdline_runtime import get_env\nget_env().get_bool("DISABLE_GUARD")',
        'getattr(settings, "EMERGENCY_ALLOW_WRITES", False)',
        "if settings.SKIP_CHECKS: pass",
        "if args.skip_backup: pass",
        'parser.add_argument("--skip-backup", action="store_true")',
        'import click\n@click.option("--allow-production")\ndef main(): ...',
        'import subprocess\nsubprocess.run(["git", "commit", "--no-verify"])',
    ],
)
def test_flags(production, text):
    assert [v.code for v in production(text + "\n", settings=ALL) if v.code == RULE.code] == ["HL305"]


@pytest.mark.parametrize(
    "text",
    [
        'import os\nos.environ["ALLOWED_HOSTS"]',
        'print("SKIP_BACKUP is gone")',
        'x = "SKIP_BACKUP"',
        'import os\nos.environ.get("FORCE_COLOR")',
        'parser.add_argument("--sort-force-first")',
        "SKIP_BACKUP = 1",
        "settings.allow_list",
        "args.force",
        'parser.add_argument("--force")',
        "options.skip_all()",
        GUARD + "require_ci()",
        GUARD + "if __name__ == '__main__':\n    require_ci()",
        GUARD + "try:\n    require_ci()\nexcept Exception:\n    raise SystemExit(1)",
        GUARD + "import sys\ntry:\n    require_ci()\nexcept Exception:\n    print('no')\n    sys.exit(1)",
        GUARD + "def main():\n    require_ci()\n    return 1",
        "try:\n    work()\nexcept Exception:\n    pass",
    ],
)
def test_no_bypass(production, text):
    assert [v.message for v in production(text + "\n", settings=ALL) if v.code == RULE.code] == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("try:\n    require_ci()\nexcept:\n    pass", "this handler goes on"),
        ("try:\n    require_ci()\nexcept SystemExit as e:\n    print(e)", "this handler goes on"),
        ("import contextlib\nwith contextlib.suppress(SystemExit):\n    require_ci()", "contextlib.suppress"),
        ("if ready:\n    require_ci()", "under a condition only"),
        ("ready and require_ci()", "under a condition only"),
        ("def main(x):\n    if x:\n        return\n    require_ci()", "main may return before it calls the guard"),
    ],
)
def test_paths_round_the_guard(production, text, what):
    (found,) = [v for v in production(f"{GUARD}{text}\n", settings=ALL) if v.code == RULE.code]
    assert what in found.message


def bypass(expires: date, name: str = "SKIP_BACKUP") -> ContractConfig:
    return ALL._replace(bypasses=(BypassConfig(name, "data", "slow", "no backup", ("staging",), expires),))


def test_registered_until_it_expires(production):
    text = 'import os\nos.getenv("SKIP_BACKUP")\n'
    assert production(text, settings=bypass(date(2999, 1, 1))) == ()
    assert production(text, settings=bypass(date.today())) == ()
    (found,) = production(text, settings=bypass(date(2020, 1, 1)))
    assert found.message.startswith("the bypass SKIP_BACKUP of data expired on 2020-01-01: ")


def test_an_option_and_its_variable_are_one(production):
    text = 'parser.add_argument("--skip-backup")\nargs.skip_backup\n'
    assert len(production(text, settings=ALL)) == 1
    assert production(text, settings=bypass(date(2999, 1, 1), "--skip-backup")) == ()


def test_just_in_protected_files(production, freeze):
    text = 'import os\nos.getenv("SKIP_BACKUP")\nC.execute("DELETE FROM a")\n'
    assert "HL305" not in {v.code for v in production(text)}
    assert "HL305" in {v.code for v in production(text, contract=freeze(text))}
