"""The contract's file: written and read back, its digest, its approvals, its errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline.contract.file import Contract, Script, parse_contract, render_contract
from holdline.errors import ConfigError

DIGEST = "sha256:" + "0" * 64
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1)
SCRIPTS = st.builds(
    Script,
    path=TEXTS,
    language=st.sampled_from(["python", "sql"]),
    logic=st.just(DIGEST),
    operations=st.lists(TEXTS).map(tuple),
    text=st.sampled_from(["", DIGEST]),
    purpose=st.one_of(st.just(""), TEXTS),
)
ONE = Contract([Script("a.py", "python", DIGEST, ("DELETE a",))])


@given(st.lists(SCRIPTS, unique_by=lambda s: s.path), st.lists(TEXTS))
def test_written_and_read_back(scripts: list[Script], forbidden: list[str]) -> None:
    contract = Contract(scripts, forbidden).approve("Ada Lovelace, 2026-11-20, a test of it")
    again = parse_contract(render_contract(contract).encode(), "x.toml")
    assert again.scripts == contract.scripts
    assert again.forbidden == contract.forbidden
    assert again.approvals == contract.approvals
    assert again.digest == contract.digest
    assert not again.fault


def test_whatever_changes_wants_an_approval() -> None:
    assert ONE.fault == "nobody approved it"
    approved = ONE.approve("Ada, 2026-11-20, first of all")
    assert approved.fault == ""
    (script,) = ONE.scripts
    for changed in (
        Contract([script._replace(operations=("DELETE b",))], (), approved.approvals),
        Contract([script._replace(path="b.py")], (), approved.approvals),
        Contract([script._replace(purpose="x")], (), approved.approvals),
        Contract([script], ("DROP",), approved.approvals),
        Contract([], (), approved.approvals),
    ):
        assert changed.fault == "its content changed since it was approved (Ada, 2026-11-20, first of all)"
        assert changed.approve("Bob, 2026-11-21, second of all").fault == ""


def test_an_old_approval_does_not_come_back() -> None:
    first = ONE.approve("Ada, 2026-11-20, first of all")
    second = Contract((), (), first.approvals).approve("Bob, 2026-11-21, none is left")
    assert Contract(ONE.scripts, (), second.approvals).fault, "the latest approval counts"
    assert "was given to other content before" in second.approve("Ada, 2026-11-20, first of all").fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "version: expected 1"),
        ("version = 2", "version: expected 1"),
        ("version = 1\nscript = []", "script: unknown key; the nearest valid key is 'scripts'"),
        ("version = 1\nscripts = 1", "scripts: expected an array of tables"),
        ("version = 1\n[[scripts]]\npath = 1", "scripts[0].path: expected a string"),
        ('version = 1\n[[scripts]]\nlanguage = "perl"', "scripts[0].language: expected one of python,"),
        ('version = 1\n[[scripts]]\nlogic = "sha256:0"', "scripts[0].logic: expected 'sha256:' and 64"),
        ('version = 1\n[[approvals]]\napproved = "x"', "approvals[0].approved: expected 'name, date, reason'"),
        ("version = ", "not valid TOML"),
    ],
)
def test_errors_are_one_line_with_the_key(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_contract(text.encode(), "x.toml")
    assert str(caught.value).startswith(f"x.toml: {message}")
    assert "\n" not in str(caught.value)


def test_a_script_twice() -> None:
    text = render_contract(Contract([*ONE.scripts, *ONE.scripts]))
    with pytest.raises(ConfigError, match=r"scripts: 'a\.py' is there twice"):
        parse_contract(text.encode(), "x.toml")
