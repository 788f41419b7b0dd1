"""Diffs from edits: exact for `git apply`, minimal at the edges, safe in odd paths."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdline.diffs import hunks, quote_path, unified_diff
from holdline.model import Category, Edit, FileResult


def planned(before: bytes, *edits: Edit, path: str = "f.py") -> FileResult:
    return FileResult(path, Category.TESTS, edits=edits, before=before, after=edited(before, edits))


def edited(before: bytes, edits: tuple[Edit, ...]) -> bytes:
    """The expected bytes, found the naive way: from the last edit back to the first."""
    for edit in reversed(edits):
        before = before[: edit.start] + edit.text + before[edit.end :]
    return before


class Repository:
    """A folder that `git apply` works in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet")

    def git(self, *args: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["git", *args], cwd=self.root, input=stdin, capture_output=True, check=False)

    def apply(self, result: FileResult) -> bytes:
        """What `git apply` makes of the file, from the diff."""
        target = self.root / result.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(result.before)
        diff = unified_diff(result)
        check = self.git("apply", "--check", stdin=diff)
        assert check.returncode == 0, (check.stderr, diff)
        done = self.git("apply", "--whitespace=nowarn", stdin=diff)
        assert (done.returncode, done.stderr) == (0, b""), diff
        after = target.read_bytes()
        target.unlink()
        return after


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("apply"))


def test_one_line_changed() -> None:
    before = b"".join(b"line %d\n" % n for n in range(1, 10))
    at = before.index(b"line 5")
    assert unified_diff(planned(before, Edit(at, at + 4, b"LINE"), path="tests/test_a.py")) == (
        b"diff --git a/tests/test_a.py b/tests/test_a.py\n"
        b"--- a/tests/test_a.py\n"
        b"+++ b/tests/test_a.py\n"
        b"@@ -2,7 +2,7 @@\n"
        b" line 2\n line 3\n line 4\n-line 5\n+LINE 5\n line 6\n line 7\n line 8\n"
    )


def test_later_hunks_count_what_earlier_ones_added() -> None:
    before = b"".join(b"%d\n" % n for n in range(1, 31))
    late = before.index(b"25\n")
    first, second = hunks(before, [Edit(0, 0, b"import x\nimport y\n"), Edit(late, late + 3, b"")])
    assert first.header == b"@@ -1,3 +1,5 @@\n"
    assert second.header == b"@@ -22,7 +24,6 @@\n"


@pytest.mark.parametrize(("gap", "count"), [(6, 1), (7, 2)])
def test_hunks_join_when_their_context_meets(gap: int, count: int) -> None:
    before = b"a\n" + b"-\n" * gap + b"b\n"
    edits = [Edit(0, 1, b"A"), Edit(len(before) - 2, len(before) - 1, b"B")]
    assert len(hunks(before, edits)) == count


def test_adjacent_changed_lines_are_removed_then_added() -> None:
    (hunk,) = hunks(b"a\nb\n", [Edit(0, 1, b"A"), Edit(2, 3, b"B")])
    assert hunk.lines == (b"-a\n", b"-b\n", b"+A\n", b"+B\n")


def test_an_edit_that_changes_nothing_gives_nothing() -> None:
    assert unified_diff(planned(b"a\nb\nc\n", Edit(2, 3, b"b"))) == b""


def test_equal_lines_at_the_ends_of_an_edit_are_context() -> None:
    (hunk,) = hunks(b"a\nb\nc\n", [Edit(0, 6, b"a\nB\nc\n")])
    assert hunk.lines == (b" a\n", b"-b\n", b"+B\n", b" c\n")


def test_an_unchanged_line_between_changes_is_context() -> None:
    (hunk,) = hunks(b"a\nb\nc\n", [Edit(0, 1, b"A"), Edit(2, 3, b"b"), Edit(4, 5, b"C")])
    assert hunk.lines == (b"-a\n", b"+A\n", b" b\n", b"-c\n", b"+C\n")


def test_inserting_a_line_changes_no_neighbour() -> None:
    (hunk,) = hunks(b"a\nb\n", [Edit(2, 2, b"new\n")])
    assert hunk.lines == (b" a\n", b"+new\n", b" b\n")


@pytest.mark.parametrize(
    ("before", "edit", "body"),
    [
        (b"a\nb", Edit(0, 1, b"A"), b"@@ -1,2 +1,2 @@\n-a\n+A\n b\n\\ No newline at end of file\n"),
        (
            b"a",
            Edit(0, 1, b"b"),
            b"@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n",
        ),
        (b"a", Edit(1, 1, b"\n"), b"@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"),
        (b"a\n", Edit(1, 2, b""), b"@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n"),
        (b"", Edit(0, 0, b"a\n"), b"@@ -0,0 +1 @@\n+a\n"),
        (b"a\n", Edit(0, 2, b""), b"@@ -1 +0,0 @@\n-a\n"),
    ],
)
def test_ends_of_files(before: bytes, edit: Edit, body: bytes) -> None:
    assert unified_diff(planned(before, edit)).split(b"+++ b/f.py\n")[1] == body


def test_two_edits_make_one_last_line() -> None:
    (hunk,) = hunks(b"a\n", [Edit(0, 2, b"b"), Edit(2, 2, b"c")])
    assert hunk.lines == (b"-a\n", b"+bc\n", b"\\ No newline at end of file\n")


def test_only_newlines_end_lines(repository: Repository) -> None:
    before = b"x\r\ny\rz\x0cw\x85\r\n\x0b\n"
    result = planned(before, Edit(3, 4, b"Y"))
    assert b"-y\rz\x0cw\x85\r\n+Y\rz\x0cw\x85\r\n" in unified_diff(result)
    assert repository.apply(result) == result.after


@pytest.mark.parametrize(
    ("path", "quoted"),
    [
        ("tests/plain.py", b"tests/plain.py"),
        ("with space.py", b"with space.py"),
        ("tests/été.py", "tests/été.py".encode()),
        ('say "hi".py', rb'"say \"hi\".py"'),
        ("back\\slash.py", rb'"back\\slash.py"'),
        ("tab\tnew\nline.py", rb'"tab\tnew\nline.py"'),
        ("esc\x1b[31m.py", rb'"esc\033[31m.py"'),
        ("bell\a\b\v\f\r.py", rb'"bell\a\b\v\f\r.py"'),
        ("c1\x9b.py", rb'"c1\302\233.py"'),
        ("bidi\u202e.py", rb'"bidi\342\200\256.py"'),
        ("latin\udce9.py", rb'"latin\351.py"'),
    ],
)
def test_odd_paths(path: str, quoted: bytes, repository: Repository) -> None:
    assert quote_path(path) == quoted
    result = planned(b"a\n", Edit(0, 1, b"b"), path=path)
    assert repository.apply(result) == b"b\n"


def test_a_name_with_a_space_ends_in_a_tab() -> None:
    diff = unified_diff(planned(b"a\n", Edit(0, 1, b"b"), path="a b.py"))
    assert diff.startswith(b"diff --git a/a b.py b/a b.py\n--- a/a b.py\t\n+++ b/a b.py\t\n@@")


# Few distinct lines, so that equal neighbours and ambiguous alignments are common; raw bytes besides.
PIECES = st.sampled_from([b"a", b"b", b"  c", b"\n", b"\n", b"\r\n", b"\r", b"\x0c", b"\t", b"-- x", b"++ y"])
RAW = st.lists(st.one_of(PIECES, st.binary(max_size=3)), max_size=60).map(b"".join)
LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"\n", b"c\r\n"]), min_size=8, max_size=40).map(b"".join)
TEXTS = st.one_of(RAW, LINES, st.tuples(LINES, RAW).map(b"".join))


@st.composite
def plans(draw: st.DrawFn) -> FileResult:
    before = draw(TEXTS)
    cuts = sorted(draw(st.lists(st.integers(0, len(before)), max_size=8)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    replacement = st.lists(PIECES, max_size=4).map(b"".join)
    return planned(before, *(Edit(start, end, draw(replacement)) for start, end in spans))


@given(result=plans())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_git_apply_gives_the_planned_bytes(repository: Repository, result: FileResult) -> None:
    diff = unified_diff(result)
    assert (diff == b"") == (result.before == result.after)
    if diff:
        assert repository.apply(result) == result.after


@given(result=plans())
@settings(deadline=None)
def test_hunk_lines_rebuild_both_sides(result: FileResult) -> None:
    found = hunks(result.before, result.edits)
    for hunk in found:
        body = [line for line in hunk.lines if not line.startswith(b"\\")]
        old = [line for line in body if not line.startswith(b"+")]
        new = [line for line in body if not line.startswith(b"-")]
        assert (len(old), len(new)) == (hunk.old_count, hunk.new_count)
        leading = next(n for n, line in enumerate(body) if not line.startswith(b" "))
        assert leading == 3 or (leading < 3 and hunk.old_start <= 1)
    ends = [(hunk.old_start, hunk.old_start + hunk.old_count) for hunk in found]
    assert all(left[1] <= right[0] for left, right in pairwise(ends))
