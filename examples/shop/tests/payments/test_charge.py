import os
from unittest.mock import patch

import pytest
from shop import payments


@patch.dict(os.environ, {"SHOP_PAYMENTS": "live", "SHOP_PAYMENT_KEY": "pk_live"})
@patch("shop.payments.post")
def test_live_charge(post):
    payments.charge(1999)
    post.assert_called_once_with("https://pay.example.com/charges", {"amount": 1999, "key": "pk_live"})


@patch("shop.payments.post")
@patch.dict(os.environ, SHOP_PAYMENT_KEY="pk_test")
def test_sandbox_is_the_default(post):
    os.environ.pop("SHOP_PAYMENTS", None)
    payments.charge(5)
    assert post.call_args.args[0].startswith("https://sandbox.")


@pytest.mark.parametrize("limit", ["0", "99"])
def test_limit(limit):
    os.environ["SHOP_CHARGE_LIMIT"] = limit
    with pytest.raises(ValueError, match=f"limit of {limit}"):
        payments.charge(100)


def test_missing_key_is_not_an_empty_key():
    with pytest.raises(KeyError):
        payments.charge(1)
