import os
from unittest.mock import patch

from shop import settings


def test_region_is_set_before_any_test():
    assert os.environ["SHOP_REGION"] == settings.region()


@patch("os.environ", {"SHOP_REGION": "us-east"})
def test_other_region():
    assert settings.region() == "us-east"
    assert settings.features() == set()
