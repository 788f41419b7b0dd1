"""Which database URLs are production's."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline_runtime.ci_guard import CIGuardRefusal, require_ci_for_production
from holdline_runtime.ci_guard.production import is_production
from holdline_runtime.ci_guard.refusal import CIGuardMisuse

GITHUB = runpy.run_path(str(Path(__file__).with_name("jobs.py")))["GITHUB"]
HOST = "db.prod.example"
SHOP: dict[str, Any] = {"provider": "github", "repository": "acme/shop", "ref": "main"}


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:p@{HOST}/shop",
        f"postgresql+psycopg://u:p@{HOST}:5432/shop",
        f"postgresql://u:p@{HOST.upper()}./shop",
        f"postgresql://u:p@localhost:1,{HOST}:5432/shop",
        f"postgresql:///shop?host={HOST}",
        f"postgresql://localhost/shop?host=%2Ftmp&host={HOST}",
        "postgresql://u:p@db%2Eprod.example/shop",
        "postgresql:///shop?host=db%252Eprod.example",
        f"host={HOST} dbname=shop",
        f"hostaddr=10.0.0.1 host='{HOST}'",
        f"jdbc:postgresql://{HOST}:5432/shop",
        f"Driver={{PostgreSQL}};Server={HOST};Port=5432",
        f"mysql://u:p@x@{HOST}/shop",
        f"  postgresql://{HOST}/shop\n",
        f"{HOST}",
    ],
)
def test_production_is_found_wherever_it_stands(url: str) -> None:
    assert is_production(url, HOST)
    assert is_production(url, ["*.prod.example"])


@pytest.mark.parametrize("url", ["sqlite:///shop.db", "postgresql://u:p@localhost/shop", f"postgresql://x{HOST}/shop"])
def test_other_databases_are_not_production(url: str) -> None:
    assert not is_production(url, [HOST, "10.0.0.*", "fd00::1"])


def test_addresses() -> None:
    assert is_production("postgresql://u:p@10.0.0.7:5432/shop", "10.0.0.*")
    assert is_production("postgresql://u:p@[fd00::1]:5432/shop", "fd00::1")


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_surroundings_hide_the_host(before: str, after: str) -> None:
    assert is_production(f"{before}@{HOST}/{after}", HOST)


@pytest.mark.parametrize("hosts", [(), "", [HOST, ""], "*"])
def test_hosts_must_be_named(hosts: Any) -> None:
    with pytest.raises(CIGuardMisuse):
        is_production("sqlite://", hosts)


@pytest.mark.parametrize("url", ["", "  "])
def test_no_url_is_refused(url: str) -> None:
    with pytest.raises(CIGuardRefusal, match="no database URL"):
        require_ci_for_production(url, hosts=HOST, **SHOP)


SCRIPT = f"""
from holdline_runtime import require_ci_for_production
require_ci_for_production(URL, hosts={HOST!r}, repository="acme/shop", ref="main", credentials="DEPLOY_KEY")
"""


def test_locally_any_database_but_productions(run_script: Any) -> None:
    assert run_script(f"URL = 'postgresql://u:hunter2@localhost/shop'{SCRIPT}", {}).connected
    done = run_script(f"URL = 'postgresql://u:hunter2@{HOST}/shop'{SCRIPT}", {})
    assert (done.code, done.connected, done.err.count("\n")) == (1, False, 1)
    assert "hunter2" not in done.err


def test_productions_database_in_its_ci_job(run_script: Any) -> None:
    script = f"URL = 'postgresql://u:p@{HOST}/shop'{SCRIPT}"
    assert not run_script(script, GITHUB).connected
    assert run_script(script, {**GITHUB, "DEPLOY_KEY": "k"}).connected
