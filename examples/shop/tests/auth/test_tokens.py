import os
from unittest import mock

import pytest
from shop import auth


def test_token_round_trip(session_secret):
    assert auth.verify(auth.sign("ada")) == "ada"


def test_token_of_another_secret_is_refused(session_secret):
    token = auth.sign("ada")
    with mock.patch.dict(os.environ, {"SHOP_SESSION_SECRET": "rotated"}):
        assert auth.verify(token) is None
    assert auth.verify(token) == "ada"


def test_no_secret_is_an_error_of_configuration():
    assert "SHOP_SESSION_SECRET" not in os.environ
    with pytest.raises(auth.NotConfigured):
        auth.sign("ada")


def test_secret_must_be_there_to_be_removed():
    with pytest.raises(KeyError):
        del os.environ["SHOP_SESSION_SECRET"]


def test_secret_through_monkeypatch(monkeypatch):
    monkeypatch.setenv("SHOP_SESSION_SECRET", "x")
    assert auth.sign("ada").startswith("ada:")
