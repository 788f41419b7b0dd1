"""The migration as a whole: when it runs, its prefilter, and what it asks about other files."""

from __future__ import annotations

import pickle

import pytest

from holdline.config import Config
from holdline_migrations.env_fixtures import EnvFixtures

MIGRATION = EnvFixtures()


def test_it_runs_only_where_it_is_named():
    assert MIGRATION.name not in Config().migrations


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'with patch_env({"ENVIRONMENT": "staging"}):', True),
        (b'with patch_env({"A": "staging"}):', False),
        (b'with patch.dict({"ENVIRONMENT": "staging"}):', False),
    ],
)
def test_prefilter(text, expected):
    assert MIGRATION.may_match(text) is expected


def test_it_asks_about_the_patch_and_the_tests_that_use_it():
    text = (
        b"import holdline_runtime as h\nfrom holdline_runtime import patch_env as p, patch_env\n"
        b"def test_other(): ...\ndef test_it():\n    with patch_env(): ...\n"
    )
    assert set(MIGRATION.watched_names(text)) == {"h", "p", "patch_env", "test_it"}


def test_aliased_patches_hide_no_test():
    text = b"from holdline_runtime import patch_env as p\ndef test_it():\n    with p(): ...\n"
    assert "test_it" in set(MIGRATION.watched_names(text))


def test_survey_finds_fixtures_of_our_names():
    text = (
        b"def staging_env(): ...\n@fixture(name='test_env')\ndef x(): ...\ndef my_staging_env(): ...\nclean_env = 1\n"
    )
    assert {fact[2] for fact in MIGRATION.survey("a.py", text)} == {"staging_env", "test_env"}


def test_stateless_and_picklable():
    assert vars(MIGRATION) == {}
    assert isinstance(pickle.loads(pickle.dumps(MIGRATION)), EnvFixtures)


def test_dependency():
    assert "pytest plugin" in MIGRATION.dependency(Config())
