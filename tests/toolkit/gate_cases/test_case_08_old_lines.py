"""8. Touching an old bad line does not charge the author."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .gates import Judge

if TYPE_CHECKING:
    from conftest import MakeRepo

HEAD = "import os\nimport subprocess\nfrom unittest.mock import patch\n\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = os.environ['A']", "y = os.environ['A']  # renamed"),
        ("x = os.environ['A']", "x = int(os.environ['A'] or 0) + 1"),
        ("x = os.environ['A']", 'x = os . environ["A"]'),
        ("x = os.getenv('A')", "x = os.getenv('A', 'default')"),
        ("x = os.environ.get('A')", "x = os.environ.get('A', default())"),
        ("os.environ['A'] = '1'", "os.environ['A'] = str(other)"),
        ("os.environ.setdefault('A', '1')", "os.environ.setdefault('A', '2')"),
        ("subprocess.run(['a'], env=os.environ)", "subprocess.run(['a', 'b'], env=os.environ, check=True)"),
        ("with patch.dict(os.environ, {'A': '1'}):\n    pass", "with patch.dict(os.environ, {'A': '2'}):\n    print()"),
        ("with patch.dict('os.environ', A='1'):\n    pass", "with patch.dict('os.environ', A='2'):\n    pass"),
        ("with patch('os.environ', {'A': '1'}):\n    pass", "with patch('os.environ', {'A': '2'}):\n    pass"),
        (
            "def test(monkeypatch):\n    monkeypatch.setenv('A', '1')",
            "def test(monkeypatch, tmp_path):\n    monkeypatch.setenv('A', '2')",
        ),
    ],
)
def test_an_edit_of_the_line(make_repo: MakeRepo, judge: Judge, before: str, after: str) -> None:
    repo = make_repo({"a.py": HEAD + before + "\n"})
    repo.write("a.py", HEAD + after + "\n")
    repo.git("add", "--all")
    verdict = judge(repo, "--select", "HL1,HL105")
    assert (verdict.new, verdict.old) == ([], 1)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("x = os.environ['A']", "x = os.environ['B']", "HL101"),
        ("x = os.environ['A']", "x = os.environ['A'] + os.environ['B']", "HL101"),
        ("x = os.environ['A']", "os.environ['A'] = x", "HL102"),
        ("x = os.environ.get('A')", "x = dict(os.environ)", "HL104"),
        (
            "with patch.dict(os.environ, {'A': '1'}):\n    pass",
            "with patch.dict(os.environ, {'A': '1', 'B': '2'}):\n    pass",
            "HL103",
        ),
        (
            "with patch.dict('os.environ', A='1'):\n    pass",
            "with patch.dict('os.environ', A='1', B='1'):\n    pass",
            "HL103",
        ),
    ],
)
def test_another_access_on_the_line_is_new(
    make_repo: MakeRepo, judge: Judge, before: str, after: str, code: str
) -> None:
    repo = make_repo({"a.py": HEAD + before + "\n"})
    repo.write("a.py", HEAD + after + "\n")
    repo.git("add", "--all")
    assert judge(repo).new == [f"a.py:5 {code}"]
