"""Numbers out of the commands' reports."""

from __future__ import annotations

import json

import pytest

from holdline.fleet.figures import add_up, read_figures, score

BRANCHES = {
    "branches": [
        {"files": [1, 2], "violations": {"before": 5, "after": 1}},
        {"files": [3], "violations": {"before": 2, "after": 0}},
    ],
    "problems": [],
}


def test_branches() -> None:
    assert read_figures("branches", json.dumps(BRANCHES).encode()) == {
        "branches": 2,
        "files": 3,
        "before": 7,
        "after": 1,
        "problems": 0,
    }


@pytest.mark.parametrize("report", [b"", b"{}", b"[]", b"null", b"\xff", b'{"scores": 1}', b"[" * 100_000])
def test_what_is_no_report(report: bytes) -> None:
    assert read_figures("scan", report) is None


def test_sums_and_their_score() -> None:
    one = {"checked": 2, "clean": 1, "violations": 4, "problems": 0}
    two = {"checked": 1, "clean": 1, "violations": 0, "problems": 1}
    total = add_up("scan", [one, None, two])
    assert total == {"checked": 3, "clean": 2, "violations": 4, "problems": 1}
    assert score(total) == 66.7
    assert score(add_up("scan", [])) == 100.0
    assert score(add_up("migrate", [])) is None
