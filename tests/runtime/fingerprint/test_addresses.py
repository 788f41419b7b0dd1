"""URLs: what may be shown, and what is taken out of others' text."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline_runtime.fingerprint import InvalidRequestError
from holdline_runtime.fingerprint.addresses import address_of
from holdline_runtime.masking import MASK

SECRET = "hunter2x"


@pytest.mark.parametrize(
    ("url", "label"),
    [
        (f"postgresql://ada:{SECRET}@db.example:5432/shop?sslmode=require", "postgresql://db.example:5432/shop"),
        (f"postgres://ada:{SECRET}@db/shop", "postgresql://db/shop"),
        (f"postgresql+asyncpg:///shop?user=ada&password={SECRET}", "postgresql+asyncpg:///shop"),
        ("sqlite:///shop.db", "sqlite:///shop.db"),
        (f"sqlite+pysqlcipher://:{SECRET}@/shop.db", "sqlite+pysqlcipher:///shop.db"),
        (f"mysql+pymysql://ada:{SECRET}@[::1]:3306/shop", "mysql+pymysql://[::1]:3306/shop"),
    ],
)
def test_what_is_shown(url: str, label: str) -> None:
    address = address_of(url)
    assert address.label == label
    said = f"cannot open {url}" + (f": wrong password {SECRET}" if SECRET in url else "")
    assert SECRET not in f"{address!r} {address.redacted(said)}"


@pytest.mark.parametrize(
    "url",
    ["", "shop.db", f"ada:{SECRET}@db/shop", f"postgresql://ada:p@{SECRET}@db/shop", f"postgresql://ada:{SECRET}/x@db"],
)
def test_what_cannot_be_read_safely_is_refused_unseen(url: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        address_of(url)
    assert SECRET not in str(caught.value)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=4))
def test_a_password_is_found_however_it_is_written(password: str) -> None:
    address = address_of(f"postgresql://ada:{quote(password, safe='')}@db/shop")
    for form in (password, quote(password, safe="")):
        if form not in address.redacted(""):
            assert form not in address.redacted(f"[{form}]").replace(MASK, "")
    address = address_of(f"postgresql://db/shop?user=ada&password={quote_plus(password)}")
    assert password not in address.redacted(f"[{password}]").replace(MASK, "")
