import pytest
from helpers import on_build_machine, run_receipt


@pytest.mark.skipif(on_build_machine(), reason="receipts are printed by hand there")
def test_default_currency():
    assert run_receipt("1999", SHOP_CURRENCY="EUR") == "19.99 EUR"


def test_other_currency(monkeypatch):
    monkeypatch.setenv("SHOP_CURRENCY", "NOK")
    assert run_receipt("1999") == "19.99 NOK"
