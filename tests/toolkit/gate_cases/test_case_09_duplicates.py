"""9. Swaps, duplicates and two findings on a line: a located multiset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .gates import Judge

if TYPE_CHECKING:
    from conftest import MakeRepo

A, B, PLAIN = "a = os.environ['A']\n", "b = os.environ['B']\n", "c = 1\n"


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        pytest.param([A, B], [B, A], [], id="swap"),
        pytest.param([A, PLAIN], [PLAIN, A], [], id="swap with other code"),
        pytest.param([A], [A, A], [3], id="duplicate below"),
        pytest.param([A, PLAIN], [A, PLAIN, A], [4], id="duplicate further down"),
        pytest.param([PLAIN, A], [A, PLAIN, A], [2], id="duplicate above"),
        pytest.param([A, A, A], [A, A], [], id="one of three less"),
        pytest.param([A, PLAIN, A], [A, A, PLAIN, A], [3], id="a third between"),
        pytest.param([A, B], [A, A], [3], id="one in another's place"),
        pytest.param(
            ["x = os.environ['A'], os.environ['A']\n"],
            ["x = os.environ['A'], os.environ['A'], 1\n"],
            [],
            id="two on a line",
        ),
        pytest.param([A], ["x = os.environ['A'], os.environ['A']\n"], [2], id="a second on the line"),
        pytest.param(["x = os.environ['A'], os.environ['B']\n"], [A, B], [], id="a line split"),
        pytest.param([A, B], ["x = os.environ['A'], os.environ['B']\n"], [], id="lines joined"),
        pytest.param([A, A], ["x = os.environ['A'], os.environ['A']\n", A], [2], id="one on each of two lines"),
    ],
)
def test_in_one_file(make_repo: MakeRepo, judge: Judge, before: list[str], after: list[str], new: list[int]) -> None:
    repo = make_repo({"a.py": "import os\n" + "".join(before)})
    repo.write("a.py", "import os\n" + "".join(after))
    repo.git("add", "--all")
    verdict = judge(repo)
    assert verdict.new == [f"a.py:{line} HL101" for line in new]
    assert verdict.old == "".join(after).count("environ") - len(new)


def test_the_second_of_two_on_a_line_is_named_by_its_column(make_repo: MakeRepo, judge: Judge) -> None:
    repo = make_repo({"a.py": "import os\nx = f(os.environ['A'])\n"})
    repo.write("a.py", "import os\nx = f(os.environ['A'], os.environ['B'])\n")
    repo.git("add", "--all")
    (found,) = judge(repo).report["new"]
    assert (found["line"], found["column"]) == (2, 24)
