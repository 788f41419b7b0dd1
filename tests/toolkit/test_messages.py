"""What branches say of themselves."""

from __future__ import annotations

from holdline.branches import Base, Branch
from holdline.messages import Background, commit_message, request_text, title
from holdline.model import Category, Edit, FileResult, Fix, Safety, Violation
from holdline.publishing import Decision, State
from holdline.shards import Shard
from holdline.verdicts import Verification
from holdline_migrations.registry import REGISTRY

ENV = REGISTRY.named(["env-access"])
BACKGROUND = Background(ENV, Base("b" * 40, "origin/main", "main"), "directory 30", "It needs `x`.")


def found(path: str, line: int = 1, refusal: str = "") -> Violation:
    return Violation("HL101", "read", path, line, 1, line, 2, refusal=refusal)


def branch(name: str, *paths: str, left: int = 0) -> Branch:
    results = tuple(
        FileResult(
            path,
            Category.TESTS,
            tuple(found(path, n + 1, "why not") for n in range(left)),
            (found(path),),
            (Edit(0, 1, b""),),
        )
        for path in paths
    )
    return Branch("env-access", Shard(name, paths), Decision(State.NEW), results, ("@ann",), "k")


def test_titles() -> None:
    assert title(branch("tests", "tests/a/x.py", "tests/b/y.py")) == "env-access: tests (2 files)"
    assert title(branch("tests.part-2", "tests/a.py")) == "env-access: tests, part 2 (1 file)"
    assert title(branch("root", "a.py", "b/c.py")) == "env-access: the root folder (2 files)"
    assert title(branch("t", "t\x1b[31m/a.py")) == "env-access: t\\x1b[31m (1 file)"


def test_the_subject_stands_alone_and_trailers_come_last() -> None:
    lines = commit_message(branch("tests", "tests/a.py"), BACKGROUND).splitlines()
    assert lines[1] == ""
    assert lines[-4:] == [
        "Holdline-Shard: tests",
        f"Holdline-Base: {'b' * 40}",
        "Holdline-Key: k",
        "Holdline-Layout: directory 30",
    ]
    assert "Left as it is" not in "".join(lines)
    assert all(len(line) <= 72 for line in lines[:-4])


def test_what_is_left_is_listed_or_counted() -> None:
    few = commit_message(branch("tests", "tests/a.py", left=2), BACKGROUND)
    assert "  tests/a.py:2 (before): HL101 why not\n" in few
    many = commit_message(branch("tests", "tests/a.py", left=21), BACKGROUND)
    assert "  why not (21 times)\n" in many


def test_a_path_can_neither_leave_its_cell_nor_mention_anybody() -> None:
    text = request_text(branch("tests", "tests/a|`@ann`.py"), BACKGROUND)
    assert "| `tests/a\\|'@ann'.py` | 1 | 0 |" in text


def test_nobody_is_notified_by_a_reason() -> None:
    planned = branch("t", "t/a.py")
    result = planned.results[0]._replace(remaining=(found("t/a.py", 1, "the decorator @patch stays"),))
    text = request_text(planned._replace(results=(result,)), BACKGROUND)
    assert "the decorator @\u200bpatch stays" in text


def test_a_large_branch_fits_into_what_forges_take() -> None:
    paths = [f"tests/{'x' * 60}/test_{n}.py" for n in range(1000)]
    text = request_text(branch("tests", *paths, left=3), BACKGROUND)
    assert len(text) < 60_000
    assert "| and 800 more files | | |" in text


def test_how_it_was_verified() -> None:
    for text in (commit_message, request_text):
        assert "Tests were not run" in text(branch("tests", "tests/a.py"), BACKGROUND)
        verdict = Verification("pytest -q", "affected", True, tests=26, unexercised=("tests/data.py",))
        for seen, words in (
            (
                verdict,
                "`pytest -q` (affected tests) passes the 26 tests that passed before. No test minds: tests/data.py.",
            ),
            (verdict._replace(per_test=False), "With this branch alone `pytest -q` succeeds, as before."),
        ):
            told = text(branch("tests", "tests/a.py")._replace(verification=seen), BACKGROUND)
            assert words in " ".join(told.split())
            assert "Tests were not run" not in told


def test_unsafe_fixes_are_told() -> None:
    planned = branch("t", "t/a.py")
    (result,) = planned.results
    fix = Fix(Safety.UNSAFE, (), (), note="children see it")
    risky = planned._replace(results=(result._replace(fixed=(result.fixed[0]._replace(fix=fix),)),))
    for text in (commit_message, request_text):
        assert "HL101 children see it\n" in text(risky, BACKGROUND)
        assert "May change behaviour" in text(risky, BACKGROUND)
        assert "May change behaviour" not in text(planned, BACKGROUND)
