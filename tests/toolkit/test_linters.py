"""Any linter, held to what is new: real linters, and programs that misbehave as linters do."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdline.bases import since, staged
from holdline.cache import CACHE_FILE
from holdline.config import Config, LinterConfig
from holdline.errors import HoldlineError
from holdline.git import Repository
from holdline.linters import LinterVerdict, judge_linters
from holdline.model import Violation

if TYPE_CHECKING:
    from conftest import MakeRepo, Repo

BIN = Path(sys.executable).parent
# Every line of it offends someone: unused imports, None compared with ==, a wrong type, no docstrings.
LEGACY = """\
import os
import sys
count: int = "one"


def find(items, wanted=[]):
    if items == None:
        return wanted
    try:
        l = items[0]
    except:
        pass
    return 1
"""
CLEAN = '''\
"""A module that no linter minds."""


def double(number: int) -> int:
    """Twice a number."""
    return 2 * number
'''
SETTINGS = """\
[tool.ruff.lint]
select = ["E", "F", "D100", "D103", "I"]
[tool.mypy]
strict = true
[tool.pylint.main]
disable = ["duplicate-code"]
"""


def linter(name: str, *arguments: str, form: str = "gcc", **settings: object) -> LinterConfig:
    return LinterConfig(name, (str(BIN / name), *arguments, "{files}"), form, **settings)  # type: ignore[arg-type]


RUFF = linter("ruff", "check", "--no-cache", "--output-format", "json", form="ruff-json")
RUFF_SARIF = linter("ruff", "check", "--no-cache", "--output-format", "sarif", form="sarif")
FLAKE8 = linter("flake8")
MYPY = linter("mypy", "--no-pretty", "--show-error-end", export="all")
PYLINT = linter("pylint", "--score", "n", export="all")
ALL = [RUFF, RUFF_SARIF, FLAKE8, MYPY, PYLINT]
#: What each says of `import json` at the end of a module, or of what stands there with it.
SAID = {"ruff": "F401", "flake8": "F401", "mypy": "no-untyped-def", "pylint": "unused-import"}
NEW = "\n\ndef fresh(value):\n    import json\n    return value\n"


@pytest.fixture(scope="module", autouse=True)
def lasting_mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Typeshed is read once, not for every run; as the documentation advises."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MYPY_CACHE_DIR", str(tmp_path_factory.mktemp("mypy")))
        patch.setenv("PYLINTHOME", str(tmp_path_factory.mktemp("pylint")))
        yield


def judge(repo: Repo, *linters: LinterConfig, cache: Path | None = None, **config: object) -> LinterVerdict:
    """The verdict on what is staged, after staging all there is."""
    repo.git("add", "--all")
    gateway = Repository.discover(repo.root)
    return judge_linters(gateway, staged(gateway, {}), Config(linters=linters, **config), cache)  # type: ignore[arg-type]


def told(found: tuple[Violation, ...]) -> list[tuple[str, int, str]]:
    return [(v.path, v.line, v.code) for v in found]


@pytest.fixture
def legacy(make_repo: MakeRepo) -> Repo:
    return make_repo(
        {
            "pyproject.toml": SETTINGS,
            "pkg/__init__.py": '"""A package."""\n',
            "pkg/old.py": LEGACY,
            "pkg/older.py": LEGACY.replace("find", "search"),
            "pkg/good.py": CLEAN,
        }
    )


def ids(value: LinterConfig) -> str:
    return f"{value.name}-{value.format}"


@pytest.mark.parametrize("tool", ALL, ids=ids)
def test_legacy_stays_quiet_and_new_findings_block(legacy: Repo, tool: LinterConfig) -> None:
    # the old ones move down, and the line of one is edited
    legacy.write("pkg/old.py", '"""Documented now."""\n\n' + LEGACY.replace("None:", "None:  # why?"))
    legacy.write(
        "pkg/good.py", CLEAN + '\n\ndef half(number: int) -> float:\n    """Half a number."""\n    return number / 2\n'
    )
    verdict = judge(legacy, tool)
    assert told(verdict.new) == []
    assert len(verdict.old) >= 2
    assert {v.path for v in verdict.old} == {"pkg/old.py"}
    assert verdict.paths == {"pkg/old.py", "pkg/good.py"}

    legacy.write("pkg/old.py", LEGACY + NEW)
    legacy.write("pkg/good.py", CLEAN + NEW)
    verdict = judge(legacy, tool)
    assert {v.path for v in verdict.new} == {"pkg/old.py", "pkg/good.py"}
    lines = {"pkg/old.py": 14, "pkg/good.py": 7}
    assert all(v.line > lines[v.path] for v in verdict.new), told(verdict.new)
    assert any(SAID[tool.name] in f"{v.code} {v.message}" for v in verdict.new)
    assert all(v.code.startswith(f"{tool.name}/") and v.text and v.message for v in verdict.new)
    assert verdict.causes == {}


@pytest.mark.parametrize("tool", ALL, ids=ids)
def test_moved_findings_are_not_new(legacy: Repo, tool: LinterConfig) -> None:
    # one file renamed with an edit, a function of another moved to a third
    legacy.git("mv", "pkg/old.py", "pkg/renamed.py")
    legacy.write("pkg/renamed.py", LEGACY + "\n\nprint(1)\n")
    head, function = LEGACY.replace("find", "search").split("\n\n\n")
    legacy.write("pkg/older.py", head + "\n")
    legacy.write("pkg/good.py", CLEAN + "\n\n" + function)
    verdict = judge(legacy, tool)
    assert told(verdict.new) == []
    assert {"pkg/renamed.py", "pkg/good.py"} <= {v.path for v in verdict.old}


@pytest.mark.parametrize("tool", [RUFF, FLAKE8, PYLINT], ids=ids)
def test_a_copy_is_new(legacy: Repo, tool: LinterConfig) -> None:
    legacy.write("pkg/copy.py", LEGACY)
    assert {v.path for v in judge(legacy, tool).new} == {"pkg/copy.py"}


def test_several_linters_and_the_first_commit(make_repo: MakeRepo) -> None:
    repo = make_repo()
    repo.write("b.py", "import os\n")
    repo.write("a.py", "import os\n")
    verdict = judge(repo, RUFF, FLAKE8)
    assert told(verdict.new) == [
        ("a.py", 1, "flake8/F401"),
        ("a.py", 1, "ruff/F401"),
        ("b.py", 1, "flake8/F401"),
        ("b.py", 1, "ruff/F401"),
    ]
    first = verdict.new[1]
    assert (first.column, first.end_line, first.end_column, first.text) == (8, 1, 10, "import os")
    assert first.message == "`os` imported but unused"


def test_line_endings_may_flip(legacy: Repo) -> None:
    legacy.write("pkg/old.py", LEGACY.replace("\n", "\r\n"))
    verdict = judge(legacy, RUFF, FLAKE8, PYLINT)
    # pylint alone has a rule on line endings, about the file as a whole
    assert {v.code for v in verdict.new} <= {"pylint/C0328"}
    assert {"ruff/F401", "flake8/F401", "pylint/W0611"} <= {v.code for v in verdict.old}


@pytest.mark.parametrize("tool", [RUFF, RUFF_SARIF, FLAKE8, MYPY, PYLINT], ids=ids)
def test_odd_names(make_repo: MakeRepo, tool: LinterConfig) -> None:
    names = ["o:d/x:1 y.py", "n\nl.py", "-d.py", "sp ace.py", "é'\"%20.py", "\x1b[31m.py"]
    repo = make_repo(
        {"start.py": CLEAN, "pyproject.toml": SETTINGS, **dict.fromkeys(names, 'a: int = "x"\nimport os\n')}
    )
    for name in names:
        repo.write(name, 'a: int = "x"\nimport os\n\nb: int = "x"\nimport sys\n')
    verdict = judge(repo, tool)
    assert {v.path for v in verdict.new} == {v.path for v in verdict.old} == set(names)
    assert {v.line for v in verdict.new} <= {4, 5}


def test_a_name_that_no_linter_takes_is_an_error(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": CLEAN})
    try:
        repo.write(os.fsdecode(b"u\xff.py"), "import os\n")
    except OSError:
        pytest.skip("the file system takes no such name")
    for tool in (RUFF, FLAKE8, MYPY):
        with pytest.raises(HoldlineError, match=f"^linter {tool.name} on the change: "):
            judge(repo, tool)


def test_what_is_judged_is_staged_not_what_lies_about(legacy: Repo) -> None:
    legacy.write("pkg/old.py", LEGACY + NEW)
    legacy.git("add", "--all")
    legacy.write("pkg/old.py", LEGACY)
    legacy.write("pyproject.toml", "[tool.ruff]\nlint.ignore = ['ALL']\n")
    gateway = Repository.discover(legacy.root)
    config = Config(linters=(RUFF,))
    assert judge_linters(gateway, staged(gateway, {}), config, None).new
    legacy.commit()
    assert judge_linters(gateway, since(gateway, "HEAD~1"), config, None).new == ()
    legacy.git("commit", "--allow-empty", "--quiet", "-m", "next")
    assert judge_linters(gateway, since(gateway, "HEAD~1"), config, None) == LinterVerdict()


def test_todays_settings_hold_on_both_sides(legacy: Repo) -> None:
    legacy.write("pyproject.toml", SETTINGS.replace('"I"', '"I", "N", "B", "ANN"'))
    legacy.write("pkg/ruff.toml", "lint.extend-select = ['ALL']\n")
    legacy.write("pkg/old.py", LEGACY + "print(1)\n")
    verdict = judge(legacy, RUFF)
    assert {v.code for v in verdict.new} <= {"ruff/E305", "ruff/T201"}
    assert "ruff/ANN001" in {v.code for v in verdict.old}


def test_a_moved_folder_keeps_its_settings(make_repo: MakeRepo) -> None:
    files = {"lib/ruff.toml": "lint.select = ['ALL']\n", "lib/a.py": LEGACY, "b.py": CLEAN}
    repo = make_repo(files)
    repo.git("mv", "lib", "moved")
    verdict = judge(repo, RUFF)
    assert told(verdict.new) == []
    assert "ruff/ANN001" in {v.code for v in verdict.old}


def test_further_configuration(make_repo: MakeRepo) -> None:
    repo = make_repo(
        {"pyproject.toml": "[tool.ruff]\nextend = 'config/base.toml'\n", "config/base.toml": "lint.select = ['D100']\n"}
    )
    repo.write("a.py", "A = 1\n")
    with pytest.raises(HoldlineError, match=r"^linter ruff on the change: it failed \(exit code 2\): .*"):
        judge(repo, RUFF)
    told_all = linter("ruff", *RUFF.command[1:-1], form="ruff-json", configuration=("config/**",))
    assert told(judge(repo, told_all).new) == [("a.py", 1, "ruff/D100")]


def test_other_modules_are_seen_where_asked(legacy: Repo) -> None:
    legacy.write("pkg/typed.py", "NUMBER = 2\n")
    legacy.commit()
    legacy.write("pkg/good.py", CLEAN + "\n\nfrom pkg.typed import NUMBER\nprint(NUMBER + '')\n")
    assert {v.code for v in judge(legacy, linter("mypy", "--no-pretty")).new} == {"mypy/import-not-found"}
    assert told(judge(legacy, MYPY).new) == [("pkg/good.py", 10, "mypy/operator")]


def test_an_untouched_line_and_its_cause(legacy: Repo) -> None:
    legacy.write("a.py", "import os\n\n\nA = 1\nB = 2\nprint(os.sep)\n")
    legacy.commit()
    legacy.write("a.py", "A = 1\nB = 2\nprint(os.sep)\n")
    verdict = judge(legacy, FLAKE8)
    assert told(verdict.new) == [("a.py", 3, "flake8/F821")]
    assert verdict.causes == {verdict.new[0].place: 1}


def test_an_edited_line_may_stay_as_bad_but_not_get_worse(legacy: Repo) -> None:
    bad = "A = 1 == None\n"
    legacy.write("a.py", bad)
    legacy.commit()
    legacy.write("a.py", "A = 2 == None\n")
    assert told(judge(legacy, FLAKE8).new) == []
    legacy.write("a.py", "A = 2 == None\nB = 2 == None\n")
    assert len(judge(legacy, FLAKE8).new) == 1
    legacy.write("a.py", "import os\nA = 2 == None\n")
    assert [v.code for v in judge(legacy, FLAKE8).new] == ["flake8/F401"]
    legacy.commit()
    legacy.write("a.py", "import sys\nA = 2 == None\n")
    assert [v.message for v in judge(legacy, FLAKE8).new] == ["'sys' imported but unused"]


def test_file_findings_do_not_hang_on_the_first_line(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "import zlib\n\nprint(zlib)\n", "pyproject.toml": SETTINGS})
    repo.write("a.py", "import json\nimport zlib\n\nprint(zlib, json)\n")
    verdict = judge(repo, RUFF, FLAKE8)
    assert told(verdict.new) == []
    assert told(verdict.old) == [("a.py", 1, "ruff/D100")]


def test_only_files_that_match_and_are_not_excluded(legacy: Repo) -> None:
    for path in ("pkg/fresh.py", "vendor/fresh.py", "other/fresh.py", "pkg/fresh.txt"):
        legacy.write(path, "import os\n")
    tool = linter("flake8", files=("pkg/**", "vendor/**/*.py"))
    assert {v.path for v in judge(legacy, tool, exclude=("vendor/**",)).new} == {"pkg/fresh.py", "pkg/fresh.txt"}
    legacy.git("reset", "--hard", "--quiet")
    legacy.git("rm", "--quiet", "pkg/old.py")
    assert judge(legacy, linter("does-not-exist")) == LinterVerdict()


def test_a_broken_legacy_file_hides_nothing(legacy: Repo) -> None:
    legacy.write("pkg/broken.py", "def f(:\n" + LEGACY)
    legacy.commit()
    legacy.write("pkg/broken.py", "def f(:\n" + LEGACY + "# more\n")
    legacy.write("pkg/old.py", LEGACY + NEW)
    for tool in (MYPY, RUFF, FLAKE8, PYLINT):
        verdict = judge(legacy, tool)
        assert {v.path for v in verdict.new} == {"pkg/old.py"}, tool.name
        assert {v.path for v in verdict.old} == {"pkg/old.py", "pkg/broken.py"}, tool.name
    # repaired: the author answers for the lines that changed
    legacy.write("pkg/broken.py", LEGACY + "\nimport json\n")
    for tool, lines in {MYPY: set(), RUFF: {15}, FLAKE8: {15}}.items():
        assert {v.line for v in judge(legacy, tool).new if v.path == "pkg/broken.py"} == lines, tool.name


def test_a_linter_that_stops_early_has_not_judged(make_repo: MakeRepo) -> None:
    repo = make_repo({"start.py": CLEAN})
    repo.write("a/x.py", 'A: int = ""\n')
    repo.write("b/x.py", 'A: int = ""\n')
    with pytest.raises(
        HoldlineError, match=r"^linter mypy on the change: it stopped early: \S+x\.py: Duplicate module"
    ):
        judge(repo, MYPY)


def test_merges_judge_what_is_new_to_both_parents(legacy: Repo) -> None:
    legacy.git("checkout", "--quiet", "-b", "side")
    legacy.write("pkg/good.py", CLEAN + "\n\nimport this\nX = 1\n")
    legacy.commit("side")
    legacy.git("checkout", "--quiet", "main")
    legacy.write("pkg/good.py", CLEAN + "\n\nimport os\nY = 1\n")
    legacy.commit("main")
    gateway = Repository.discover(legacy.root)
    with pytest.raises(AssertionError):
        legacy.git("merge", "side")
    legacy.write("pkg/good.py", CLEAN + "\n\nimport os\nimport this\nimport json\nX = Y = 1\n")
    legacy.git("add", "--all")
    verdict = judge_linters(gateway, staged(gateway, {}), Config(linters=(FLAKE8,)), None)
    assert [v.message for v in verdict.new if v.code == "flake8/F401"] == ["'json' imported but unused"]


# Programs that misbehave


#: Builds a linter from the lines of a shell script.
Script = Callable[..., LinterConfig]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """A linter that is a shell script: `script(text, form, **settings)`."""

    def build(text: str, form: str = "gcc", **settings: object) -> LinterConfig:
        program = tmp_path / "lint.sh"
        program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo 1 && exit\n{text}\n')
        program.chmod(0o755)
        return LinterConfig("mine", (str(program), "{files}"), form, **settings)  # type: ignore[arg-type]

    return build


@pytest.mark.parametrize(
    ("text", "form", "message"),
    [
        ("echo boom >&2; exit 3", "gcc", "it reported nothing that reads as gcc (exit code 3): boom"),
        ("echo out; exit 1", "gcc", "it reported nothing that reads as gcc (exit code 1): out"),
        ("exit 1", "gcc", "it reported nothing that reads as gcc (exit code 1)"),
        ("echo a.py:1: x; exit 127", "gcc", "it failed (exit code 127): a.py:1: x"),
        ("echo a.py:1: x; kill -SEGV $$", "gcc", "it was killed by SIGSEGV (exit code -11): a.py:1: x"),
        ("echo ghost.py:1: x", "gcc", "it reports on 'ghost.py', which it was not given (exit code 0): ghost.py:1: x"),
        ("echo /etc/passwd:1: x; exit 1", "gcc", "it reported nothing that reads as gcc (exit code 1): /etc/passwd:1: x"),
        ("true", "sarif", "its output cannot be read: it is not JSON: Expecting value: line 1 column 1 (char 0) (exit code 0)"),
        ("echo '{}'", "sarif", "its output cannot be read: it is not shaped as sarif: KeyError: 'runs' (exit code 0): {}"),
        ("echo '[]'; exit 2", "ruff-json", "it failed (exit code 2): []"),
        ("echo '[]'; exit 1", "ruff-json", "it reported nothing that reads as ruff-json (exit code 1): []"),
        ("echo ' (errors prevented further checking)'", "gcc", "it stopped early (exit code 0): (errors prevented further checking)"),
    ],
)  # fmt: skip
def test_a_crash_is_not_clean(make_repo: MakeRepo, script: Script, text: str, form: str, message: str) -> None:
    repo = make_repo({"start.py": CLEAN})
    repo.write("a.py", "A = 1\n")
    with pytest.raises(HoldlineError) as caught:
        judge(repo, script(text, form))
    assert str(caught.value) == f"linter mine on the change: {message}"


def test_a_crash_on_the_base_side_alone(make_repo: MakeRepo, script: Script) -> None:
    repo = make_repo({"a.py": "A = 'crash'\n"})
    repo.write("a.py", "A = 1\n")
    with pytest.raises(HoldlineError, match=r"^linter mine on the base: it was killed by SIGABRT \(exit code -6\)$"):
        judge(repo, script('grep -q crash "$1" && kill -ABRT $$; echo "$1:1: found"'))


def test_a_linter_that_hangs_is_ended_with_all_it_started(make_repo: MakeRepo, script: Script, tmp_path: Path) -> None:
    repo = make_repo({"start.py": CLEAN})
    repo.write("a.py", "A = 1\n")
    alive = tmp_path / "alive"
    began = time.monotonic()
    with pytest.raises(HoldlineError, match=r"^linter mine: not done after 1 s: give it a larger `timeout`$"):
        judge(repo, script(f"(sleep 3; touch '{alive}') & sleep 60", timeout=1))
    assert time.monotonic() - began < 30
    time.sleep(max(0.0, began + 4 - time.monotonic()))
    assert not alive.exists()


def test_a_program_that_is_not_there(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo({"start.py": CLEAN})
    repo.write("a.py", "A = 1\n")
    with pytest.raises(HoldlineError, match=r"^linter x: there is no program 'no-such-linter' on PATH: install it or"):
        judge(repo, LinterConfig("x", ("no-such-linter", "{files}"), "gcc"))
    with pytest.raises(HoldlineError, match=r"^linter x: there is no program 'tools/lint' in .*/repo: install it or"):
        judge(repo, LinterConfig("x", ("tools/lint", "{files}"), "gcc"))
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    with pytest.raises(HoldlineError, match=r"^linter x: .*/broken cannot be run: Exec format error$"):
        judge(repo, LinterConfig("x", (str(broken), "{files}"), "gcc"))


def test_a_program_of_the_repository(make_repo: MakeRepo) -> None:
    repo = make_repo({"start.py": CLEAN})
    repo.write("tools/lint", '#!/bin/sh\n[ -e tools/lint ] && exit 9\necho "$2:1: bad" && exit 1\n').chmod(0o755)
    repo.write("a.py", "A = 1\n")
    tool = LinterConfig("x", ("tools/lint", "--", "{files}"), "gcc")
    (found,) = judge(repo, tool).new
    assert (found.code, found.message, found.text, found.place) == ("x", "bad", "A = 1", ("a.py", 1, 1, "x"))


def test_the_world_that_a_linter_sees(make_repo: MakeRepo, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [".flake8", "pkg/__init__.py", "pkg/sub/a.py", "run.py", "tox.ini"]
    unseen = ["other/tox.ini", "pkg/other.py", "pkg/data.txt"]
    repo = make_repo(dict.fromkeys([*seen, *unseen], "A = 1\n"))
    repo.write("run.py", "A = 2\n").chmod(0o755)
    repo.write("pkg/sub/a.py", "A = 2\n")
    (repo.root / "link.py").symlink_to("run.py")
    repo.git("add", "--all")
    gateway = Repository.discover(repo.root)
    snapshot = staged(gateway, {})
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("FORCE_COLOR", "1")
    say = """
        seen=$(find . -type f | LC_ALL=C sort | tr '\\n' ' ')
        [ -x run.py ] && mode=executable
        echo "$(pwd)/run.py:1: $seen in $(pwd)/ $mode $# [$GIT_DIR$FORCE_COLOR$NO_COLOR] $(cat)" """
    (found,) = judge_linters(gateway, snapshot, Config(linters=(script(say),)), None).new
    assert found.message == f"{' '.join(f'./{path}' for path in seen)} in executable 2 [1]"


def test_a_command_line_has_an_end(make_repo: MakeRepo, script: Script) -> None:
    repo = make_repo({"start.py": CLEAN})
    for number in range(1200):
        repo.write(f"{'long' * 50}/{number}.py", "A = 1\n")
    verdict = judge(
        repo, script('[ $(echo "$@" | wc -c) -gt 120000 ] && exit 5; for f in "$@"; do echo "$f:1: x"; done')
    )
    assert len(verdict.new) == 1200


# The cache


def counting(log: Path) -> str:
    return (
        f'echo "$#" >> "{log}"; for f in "$@"; do grep -n bad "$f" | sed "s|^\\([0-9]*\\):.*|$f:\\1: bad thing|"; done'
    )


def runs(log: Path) -> list[str]:
    lines = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def test_runs_are_few_and_remembered(make_repo: MakeRepo, script: Script, tmp_path: Path) -> None:
    repo = make_repo({"a.py": "bad\n", "b.py": "ok\n", "c.py": "ok\n"})
    log, cache = tmp_path / "log", tmp_path / "cache"
    tool = script(counting(log))
    repo.write("b.py", "fine\n")
    assert judge(repo, tool, cache=cache).old == ()
    assert runs(log) == ["1"]  # without findings there is no need to look at the base
    repo.write("a.py", "bad\nmore\n")
    assert judge(repo, tool, cache=cache).new == ()
    assert runs(log) == ["2", "1"]  # both files as they are, one as it was
    repo.write("b.py", "bad bad\n")
    assert told(judge(repo, tool, cache=cache).new) == [("b.py", 1, "mine")]
    assert runs(log) == ["2", "1"]  # of the base, what was not seen before
    assert told(judge(repo, tool, cache=cache).new) == [("b.py", 1, "mine")]
    assert runs(log) == []
    assert told(judge(repo, tool).new) == [("b.py", 1, "mine")]
    assert runs(log) == ["2", "2"]


def test_another_version_or_command_is_asked_anew(make_repo: MakeRepo, script: Script, tmp_path: Path) -> None:
    repo = make_repo({"a.py": "bad\n", ".flake8": ""})
    log, cache = tmp_path / "log", tmp_path / "cache"
    repo.write("a.py", "bad\nmore\n")
    tool = script(counting(log))
    judge(repo, tool, cache=cache)
    assert runs(log) == ["1", "1"]
    judge(repo, tool, cache=cache)
    assert runs(log) == []
    program = Path(tool.command[0])
    program.write_text(program.read_text().replace("echo 1", "echo 2"))
    judge(repo, tool, cache=cache)
    assert runs(log) == ["1", "1"]
    judge(repo, LinterConfig("mine", (*tool.command, "a.py"), "gcc"), cache=cache)
    assert runs(log) == ["2", "2"]
    repo.write(".flake8", "[flake8]\n")
    judge(repo, tool, cache=cache)
    assert runs(log) == ["1", "1"]


def test_a_spoilt_cache_is_done_without(make_repo: MakeRepo, script: Script, tmp_path: Path) -> None:
    import sqlite3

    repo = make_repo({"a.py": "bad\n"})
    repo.write("a.py", "bad\nbad bad\n")
    cache = tmp_path / "cache"
    tool = script(counting(tmp_path / "log"))
    expected = judge(repo, tool, cache=cache)
    for value in (b"", b"{", b"[1]", b"[[1]]", json.dumps([[1] * 9]).encode()):
        connection = sqlite3.connect(cache / CACHE_FILE)
        with connection:
            connection.execute("UPDATE entries SET value = ?", (value,))
        connection.close()
        assert judge(repo, tool, cache=cache) == expected
