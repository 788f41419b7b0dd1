import os
from os import environ as env
from unittest.mock import patch

import pytest
from shop import settings


def test_database_url():
    env["SHOP_DATABASE_URL"] = "sqlite://"
    assert settings.database_url() == "sqlite://"


@pytest.mark.parametrize(("text", "expected"), [("1", True), ("Yes", True), ("0", False), ("", False)])
def test_debug(text, expected):
    with patch.dict(env, {"SHOP_DEBUG": text}):
        assert settings.debug() is expected


def test_values_are_text():
    with pytest.raises(TypeError):
        os.environ["SHOP_DEBUG"] = True


def test_features():
    env.update(SHOP_FEATURE_CART="on", SHOP_FEATURE_GIFTS="on")
    assert settings.features() >= {"cart", "gifts"}
