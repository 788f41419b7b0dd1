"""What earlier scans found comes back as it was, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdline.cache import ScanCache
from holdline.categories import Categorizer
from holdline.config import Config
from holdline.model import Category, FileResult, Problem, ProblemKind, Violation
from holdline.remembering import cache_key, open_cache, recall, remember
from holdline_migrations.registry import REGISTRY

CATEGORIZER = Categorizer(Config())
FOUND = Violation("HL101", "mess\u00e4ge", "tests/test_a.py", 3, 5, 3, 9, "text \U0001f40d", "hint")
RESULT = FileResult("tests/test_a.py", Category.TESTS, (FOUND, FOUND._replace(line=7)))


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ScanCache]:
    with ScanCache.open(tmp_path, "fingerprint") as cache:
        assert cache.enabled
        yield cache


def test_round_trip(cache: ScanCache) -> None:
    keys = [("tests/test_a.py", "k1"), ("b.py", "k2"), ("c.py", "k3")]
    clean = FileResult("b.py", Category.SOURCE)
    broken = FileResult("c.py", Category.SOURCE, problem=Problem("c.py", ProblemKind.UNPARSABLE, "does not parse", 4))
    remember(cache, keys, [RESULT, clean, broken])
    assert recall(cache, keys, CATEGORIZER) == {"tests/test_a.py": RESULT, "b.py": clean, "c.py": broken}
    assert recall(cache, [("b.py", "k3"), ("d.py", "k4"), ("e.py", "")], CATEGORIZER).keys() == {"b.py"}


def test_the_category_is_that_of_the_configuration_now(cache: ScanCache) -> None:
    keys = [("tests/test_a.py", "k")]
    remember(cache, keys, [RESULT])
    known = recall(cache, keys, Categorizer(Config()._replace(tests=("other/**",))))
    assert known["tests/test_a.py"].category is not Category.TESTS


@pytest.mark.parametrize("kind", [k for k in ProblemKind if k is not ProblemKind.UNPARSABLE])
def test_what_may_change_without_the_content_is_not_kept(cache: ScanCache, kind: ProblemKind) -> None:
    keys = [("a.py", "k")]
    remember(cache, keys, [FileResult("a.py", Category.SOURCE, problem=Problem("a.py", kind, "x"))])
    assert recall(cache, keys, CATEGORIZER) == {}


def test_a_result_without_a_key_is_not_kept(cache: ScanCache) -> None:
    remember(cache, [("tests/test_a.py", "")], [RESULT])
    remember(cache, [], [RESULT])
    assert recall(cache, [("tests/test_a.py", "")], CATEGORIZER) == {}


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"1",
        b"null",
        b"[[[1]], null]",
        b'[[], ["nonsense", "x", 1]]',
        b'[[], ["unparsable"]]',
    ],
)
def test_a_value_that_cannot_be_read_is_not_known(cache: ScanCache, value: bytes) -> None:
    cache.put_many({"k": value})
    assert recall(cache, [("a.py", "k")], CATEGORIZER) == {}


def test_keys_tell_content_and_path_apart() -> None:
    keys = {cache_key(path, data) for path in ("a.py", "b.py", "b/a.py") for data in (b"", b"x", b"y")}
    assert len(keys) == 9
    assert cache_key("a.py", b"x") == cache_key("a.py", b"x")


def test_what_depends_on_the_day_has_no_key() -> None:
    assert cache_key("a.py", b"x  # holdline: allow[HL101] why - until 2026-01-01\n") == ""


def test_a_path_that_is_no_text(cache: ScanCache) -> None:
    path = "caf\udce9.py"
    keys = [(path, cache_key(path, b"x"))]
    remember(cache, keys, [RESULT._replace(path=path, remaining=())])
    assert recall(cache, keys, CATEGORIZER).keys() == {path}


def test_fixes_are_never_kept(cache: ScanCache) -> None:
    remember(cache, [("tests/test_a.py", "k")], [RESULT])
    (value,) = cache.get_many(["k"]).values()
    assert json.loads(value)[0][0][:2] == ["HL101", "mess\u00e4ge"]


def test_other_settings_are_another_cache(tmp_path: Path) -> None:
    keys = [("tests/test_a.py", "k")]
    with open_cache(tmp_path, Config(), REGISTRY.migrations) as cache:
        remember(cache, keys, [RESULT])
        assert recall(cache, keys, CATEGORIZER)
    with open_cache(tmp_path, Config()._replace(select=("HL2",)), REGISTRY.migrations) as cache:
        assert recall(cache, keys, CATEGORIZER) == {}
    with open_cache(tmp_path, Config()._replace(exclude=("x/**",)), REGISTRY.migrations) as cache:
        assert recall(cache, keys, CATEGORIZER)


def test_without_a_cache_nothing_is_known() -> None:
    remember(ScanCache.disabled(), [("tests/test_a.py", "k")], [RESULT])
    assert recall(ScanCache.disabled(), [("tests/test_a.py", "k")], CATEGORIZER) == {}
