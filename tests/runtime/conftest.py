"""Every runtime test leaves the environment, and the object that `os.environ` is, as it found them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from .servers import certificate, mariadb, postgres

__all__ = ["certificate", "mariadb", "postgres"]  # fixtures, one server of each for all the tests


@pytest.fixture(autouse=True)
def _environment_put_back() -> Iterator[None]:
    environ = os.environ
    before = dict(environ)
    yield
    os.environ = environ  # noqa: B003  # the object itself is what some tests replace
    for key in set(environ) - set(before):
        del environ[key]
    environ.update(before)
