"""Secrets, and what gives them away, are taken out of text that is about to be shown."""

from __future__ import annotations

import logging
import runpy
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import hypothesis.strategies as st
import pytest
from hypothesis import given

from holdline_runtime import masking, patch_env, scrubbing
from holdline_runtime.log_masking import MaskingFilter, MaskingFormatter
from holdline_runtime.masking import MASK
from holdline_runtime.scrubbing import scrub

# Tests are no package here, so siblings cannot be imported.
corpus = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("secret_corpus.py"))))

LONG = "Correct-Horse_Battery/Staple"


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    scrubbing.forget()


def test_values_of_sensitive_variables_are_taken_out_wherever_they_stand() -> None:
    with patch_env(API_KEY=LONG, DB_PASSWORD="swordfish", PIN="4711", REGION="eu-central"):
        text = f"key={LONG!r} pw:swordfish pin 4711 but not 47112 in eu-central"
        assert scrub(text) == f"key='{MASK}' pw:{MASK} pin {MASK} but not 47112 in eu-central"


@given(st.integers(0, len(LONG) - 8), st.integers(8, len(LONG)))
def test_any_part_of_a_long_secret_is_taken_out(start: int, length: int) -> None:
    with patch_env(API_KEY=LONG):
        part = LONG[start : start + length]
        assert scrub(f"… {part} …") == f"… {MASK} …"


def test_of_a_url_only_the_password_is_taken_out() -> None:
    with patch_env(DATABASE_URL="postgres://app:s3cr3t-and-long-enough@db/app"):
        assert scrub("cannot connect to db as app, s3cr3t-and-long-enough") == f"cannot connect to db as app, {MASK}"


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, value in corpus.BY_VALUE if key in ("TLS", "GH", "AWS", "ID", "REDIS_URL")]
)
def test_shapes_are_taken_out_though_no_variable_has_them(key: str, value: str) -> None:
    shown = scrub(f"assert {value}\nand the rest")
    assert value not in shown
    assert MASK in shown
    assert shown.endswith("and the rest")


def test_every_line_of_a_key_is_taken_out_also_as_repr_shows_it() -> None:
    pem = dict(corpus.BY_VALUE)["DEPLOY"]
    with patch_env(DEPLOY=pem):
        diff = "\n".join(f"E     + {line}" for line in pem.splitlines()) + repr(pem)
        shown = scrub(diff)
    assert not [line for line in pem.splitlines()[1:-1] if line in shown]


def test_source_code_stays_readable() -> None:
    line = 'password = get_env()["DB_PASSWORD"]; token: str = make_token(secret=key)'
    assert scrub(line) == line


def test_what_was_a_secret_once_is_remembered_where_asked_for() -> None:
    with patch_env(API_KEY=LONG):
        pass
    assert scrub(LONG) == LONG
    scrubbing.remember_all()
    with patch_env(API_KEY=LONG, mode="overlay"):
        pass
    assert scrub(LONG) == MASK
    scrubbing.forget()
    assert scrub(LONG) == LONG


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrubbing, "_MOST", 5)
    scrubbing.remember_all()
    for number in range(20):
        masking.mask("API_KEY", f"secret-number-{number}")
    assert len(scrubbing._remembered) == 5


def test_logs(capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(MaskingFilter())
    logger = logging.Logger("test")
    logger.addHandler(handler)
    with patch_env(API_KEY=LONG):
        logger.info("using %s", LONG)
        logger.info("%s of %d", "plain", 2)
        try:
            raise LookupError(LONG)
        except LookupError:
            logger.exception("failed")
    shown = capsys.readouterr().out
    assert LONG not in shown
    assert f"using {MASK}" in shown
    assert "plain of 2" in shown
    assert f"LookupError: {MASK}" in shown


def test_a_long_text_and_many_secrets_take_no_longer_than_they_must() -> None:
    import time

    scrubbing.remember_all()
    for number in range(1000):
        masking.mask("API_KEY", f"{number:040d}"[::-1])
    text = "nothing of the kind\n" * 10_000
    started = time.process_time()
    assert scrub(text) == text
    assert time.process_time() - started < 3, "seconds; each secret by itself would take some twenty"


def test_secrets_that_begin_alike_are_each_found() -> None:
    with patch_env(A_TOKEN="abcdefgh-1", B_TOKEN="abcdefgh-22", C_TOKEN="ab!?"):
        assert scrub("abcdefgh-1 abcdefgh-22 abcdefgh-3 ab!? ") == f"{MASK} {MASK} abcdefgh-3 {MASK} "


def test_a_change_of_the_environment_is_seen_at_once() -> None:
    with patch_env(A_TOKEN="first-of-them"):
        assert scrub("first-of-them") == MASK
    with patch_env(A_TOKEN="second-of-them"):
        assert scrub("first-of-them second-of-them") == f"first-of-them {MASK}"


def test_a_formatter_leaves_the_record_alone() -> None:
    formatter = MaskingFormatter(logging.Formatter("%(levelname)s %(message)s"))
    record = logging.LogRecord("app", logging.INFO, __file__, 1, "with %s", (LONG,), None)
    with patch_env(API_KEY=LONG):
        assert formatter.format(record) == f"INFO with {MASK}"
    assert record.getMessage() == f"with {LONG}"


@pytest.mark.parametrize(
    "part", ["a.", "Aa1-", "a://", "?a=1&", "--a-b ", "-u a:b ", "password ", "-----BEGIN A-----", "a=b;", "eyJ", "aB3"]
)
def test_no_text_makes_the_expressions_slow(part: str) -> None:
    import time

    text = part * (100_000 // len(part))
    started = time.process_time()
    scrub(text)
    masking.mask("VALUE", text)
    assert time.process_time() - started < 3, "seconds; some took half a minute"
