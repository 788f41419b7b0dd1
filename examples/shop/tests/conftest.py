import os
from unittest.mock import patch

import pytest

os.environ.setdefault("SHOP_REGION", "test-1")


@pytest.fixture(autouse=True)
def no_production_keys():
    """Whatever a test changes is gone after it, and nothing of production is seen in it."""
    with patch.dict(os.environ):
        os.environ.pop("SHOP_PAYMENT_KEY", None)
        os.environ.pop("SHOP_SESSION_SECRET", None)
        yield


@pytest.fixture
def session_secret():
    os.environ["SHOP_SESSION_SECRET"] = "s3cret-for-tests"
    return os.environ["SHOP_SESSION_SECRET"]
