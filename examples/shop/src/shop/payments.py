"""Charges and refunds through a payment gateway."""

import os

LIVE = "https://pay.example.com"
SANDBOX = "https://sandbox.pay.example.com"


def endpoint():
    return LIVE if os.environ.get("SHOP_PAYMENTS") == "live" else SANDBOX


def post(url, body):
    raise RuntimeError("no network here")


def charge(cents):
    limit = int(os.environ.get("SHOP_CHARGE_LIMIT", "100000"))
    if cents > limit:
        raise ValueError(f"{cents} is above the limit of {limit}")
    return post(endpoint() + "/charges", {"amount": cents, "key": os.environ["SHOP_PAYMENT_KEY"]})


def refund(charge_id):
    return post(endpoint() + "/refunds", {"charge": charge_id, "key": os.environ["SHOP_PAYMENT_KEY"]})
