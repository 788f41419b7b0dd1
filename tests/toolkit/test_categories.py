"""Which kind of file a path is."""

from __future__ import annotations

import pickle

import pytest

from holdline.categories import Categorizer
from holdline.config import Config
from holdline.model import Category


@pytest.mark.parametrize(
    ("path", "category"),
    [
        ("tests/test_a.py", Category.TESTS),
        ("tests/helpers/factory.py", Category.TESTS),
        ("test/a.py", Category.TESTS),
        ("src/pkg/tests/data.py", Category.TESTS),
        ("src/pkg/test_inline.py", Category.TESTS),
        ("pkg/module_test.py", Category.TESTS),
        ("conftest.py", Category.TESTS),
        ("docs/test_snippets.py", Category.TESTS),
        ("src/pkg/module.py", Category.SOURCE),
        ("pkg/__init__.py", Category.SOURCE),
        ("app.py", Category.SOURCE),
        ("pkg/tools/a.py", Category.SOURCE),
        ("pkg/scripts/a.py", Category.SOURCE),
        ("pkg/tasks.py", Category.SOURCE),
        ("pkg/setup.py", Category.SOURCE),
        ("pkg/testing.py", Category.SOURCE),
        ("benchmark.py", Category.SOURCE),
        ("setup.py", Category.OTHER),
        ("noxfile.py", Category.OTHER),
        ("tasks.py", Category.OTHER),
        ("conf.py", Category.OTHER),
        ("docs/conf.py", Category.OTHER),
        ("doc/source/conf.py", Category.OTHER),
        ("examples/demo/app.py", Category.OTHER),
        ("scripts/release.py", Category.OTHER),
        ("tools/gen.py", Category.OTHER),
        ("bench/a.py", Category.OTHER),
        ("benchmarks/a.py", Category.OTHER),
        (".github/scripts/a.py", Category.OTHER),
    ],
)
def test_default_categories(path: str, category: Category) -> None:
    assert Categorizer(Config()).category(path) is category


def test_tests_globs_replace_the_defaults() -> None:
    categorizer = Categorizer(Config(tests=("spec/**",)))
    assert categorizer.category("spec/a.py") is Category.TESTS
    assert categorizer.category("tests/test_a.py") is Category.SOURCE


def test_excluded() -> None:
    categorizer = Categorizer(Config(exclude=("vendor/**", "**/*_pb2.py")))
    assert categorizer.excluded("vendor/lib/a.py")
    assert categorizer.excluded("pkg/api_pb2.py")
    assert not categorizer.excluded("pkg/vendor/a.py")
    assert not Categorizer(Config()).excluded("vendor/lib/a.py")


def test_survives_pickling() -> None:
    copy = pickle.loads(pickle.dumps(Categorizer(Config(exclude=("vendor/**",)))))
    assert copy.excluded("vendor/a.py")
    assert copy.category("tests/a.py") is Category.TESTS
