"""The short form of the fuzzer: the same inputs and checks as `make fuzz`, from fixed seeds. See docs/fuzz.md."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from fuzzing import properties, session
from fuzzing.behaviour import Runner, runnable
from fuzzing.bindings import Compiled
from fuzzing.migrating import MODES, SAFE, Mode, migrate, random_mode
from fuzzing.programs import all_programs, compiles, program, random_program
from fuzzing.properties import Checked, Fault, check
from fuzzing.scenarios import scenario
from fuzzing.session import Session
from fuzzing.shrinking import shrink
from fuzzing.sources import real_sources
from fuzzing.spellings import SPELLINGS, Spelling
from fuzzing.splicing import read, splice
from fuzzing.texts import spliced

from holdline.model import Edit
from holdline.workers import allow_deep_nesting

#: One in so many of all accesses in all places is checked, and run.
CHECKED, RUN = 17, 90
#: How many inputs each kind of a session gets.
TURNS = 70


@pytest.fixture(autouse=True)
def deep_nesting() -> Iterator[None]:
    """Real sources hold expressions that are nested deeply."""
    limit = sys.getrecursionlimit()
    allow_deep_nesting()
    yield
    sys.setrecursionlimit(limit)


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner() as process:
        yield process


def faults(checked: Checked, data: bytes, mode: Mode) -> list[str]:
    """What is wrong, for an assertion to show."""
    fault = checked.fault
    return [] if fault is None else [f"{mode}: {fault.kind}: {fault.detail}\n{data.decode(errors='backslashreplace')}"]


def test_every_access_in_every_place() -> None:
    wrong: list[str] = []
    tried = rewritten = 0
    for number, data in enumerate(all_programs(every=CHECKED)):
        mode = SAFE if number % 2 else random_mode(Random(number))
        checked = check(data, mode)
        wrong += faults(checked, data, mode)
        tried += 1
        rewritten += checked.rewritten
    assert wrong == []
    assert tried > 30_000 // CHECKED
    assert rewritten > 20_000 // CHECKED


def test_every_access_does_the_same_in_every_place(runner: Runner) -> None:
    wrong: list[str] = []
    changed = 0
    for data in map(runnable, all_programs(turn=3, every=RUN)):
        if session.is_runnable(data):
            checked = runner.check(data)
            wrong += faults(checked, data, SAFE)
            changed += checked.rewritten > 0
    assert wrong == []
    assert changed > 9_000 // RUN


def test_any_part_of_the_fixes_can_be_made_and_proved() -> None:
    random = Random(1)
    parts = 0
    while parts < 60:
        data = random_program(random)
        mode = random_mode(random)
        if not compiles(data) or len(fixed := migrate(data, mode).fixed) < 2:
            continue
        only = frozenset(violation.place for violation in fixed if random.random() < 0.5)
        result = migrate(data, mode, only=only)
        assert result.problem is None, data
        assert {violation.place for violation in result.fixed} == only
        parts += 1


def test_a_session_from_a_fixed_seed() -> None:
    # what is installed besides differs from machine to machine
    library = [path for path in real_sources() if "site-packages" not in path.parts]
    fuzz = Session(first_seed=1, sources=library)
    assert fuzz.run_turns(4 * TURNS) is None
    assert set(fuzz.figures) == {"generated", "spliced", "run: templates", "run: scenarios"}
    for name, figures in fuzz.figures.items():
        assert figures.inputs > TURNS // 2, name
        assert figures.changed > figures.inputs // 2, name


@pytest.mark.parametrize("spelling", SPELLINGS, ids=range(len(SPELLINGS)))
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_every_spelling_in_every_layout(spelling: Spelling, newline: str, encoding: str) -> None:
    body = 'é = "é" + E["A"]; E["B"] = "é"  # é\nwith DICT(E, {"B": "é"}):\n    GETENV("é")'
    text = f"# coding: {encoding}\n{program(spelling, body)}" if encoding == "latin-1" else program(spelling, body)
    data = text.replace("\n", newline).encode(encoding)
    assert [fault for mode in MODES for fault in faults(check(data, mode), data, mode)] == []


# does it see anything?


BEFORE = b"""\
'''Doc.'''
import os
import sys

def f(x, os_=os):
    # why
    return os.environ["A"] + x

def g(x): return os.environ["B"] + x
y = os.environ["C"], [os.environ for os in sys.path]
"""


def broken(old: bytes, new: bytes) -> str:
    """What the checks say of a rewrite that replaces something else, too."""
    result = migrate(BEFORE, SAFE)
    if old in BEFORE:
        start = BEFORE.index(old)
        end = start + len(old)
        if new.endswith(old):
            edit = Edit(start, start, new.removesuffix(old))
        else:
            edit = Edit(end, end, new.removeprefix(old)) if new.startswith(old) else Edit(start, end, new)
        edits = tuple(sorted([*result.edits, edit]))
    else:
        edits = tuple(edit._replace(text=edit.text.replace(old, new)) for edit in result.edits)
    wrong = result._replace(edits=edits, after=spliced(BEFORE, edits))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(properties, "migrate", lambda data, *rest: wrong if data == BEFORE else migrate(data, *rest))
        fault = check(BEFORE, SAFE).fault
    return fault.kind if fault else ""


def test_the_checks_take_a_good_rewrite() -> None:
    assert check(BEFORE, SAFE).fault is None
    assert check(BEFORE, SAFE).rewritten == 3


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (b" + x\n\n", b" + y\n\n", "the trees differ"),
        (b" + x\n\n", b" + x,\n\n", "the trees differ"),
        (b" + x\n\n", b" + (x\n\n", "does not compile"),
        (b'["A"] + x', b'.get("A") + x', "the trees differ"),
        (b'"A"] + x', b'"B"] + x', "the trees differ"),
        (b"get_env()", b"get_env_()", "a name is not defined any more"),
        (b"get_env()", b"os.environ", "a second run changes the file"),
        (b"    # why\n", b"    \n", "a line without an access lost something"),
        (b"    return", b"    # more\n    return", "a comment was lost or made"),
        (b"'''Doc.'''\n", b"from holdline_runtime import patch_env\n'''Doc.'''\n", "the module's docstring is another"),
        (b"import sys\n", b"", "an import of something else went"),
        (b"import os\n", b"", "a name is not defined any more"),
        (b"import sys\n", b"import sys, json\n", "an import came that is not ours"),
        (b"os_=os", b"os_=os, y=1", "the trees differ"),
        (b"def g(x", b"def g(x, get_env=1", "a name that came is bound to something else"),
        (b"os.environ for", b"get_env() for", "a name that is no import was rewritten"),
        (b"import sys\n", b"import sys\r\n", "a new kind of line ending"),
        (b"'''Doc", b"\xef\xbb\xbf'''Doc", "the byte-order mark came or went"),
    ],
)
def test_the_checks_see_what_else_changes(old: bytes, new: bytes, kind: str) -> None:
    found = broken(old, new)
    assert found == kind


def test_the_compiler_tells_whose_a_name_is() -> None:
    text = b"""\
import os
def f(os): return os
def g():
    import os
    return lambda: os
class C:
    early = os
    os = 1
    late = os
def h(): return os
x = [os for os in x]
"""
    compiled = Compiled(text)
    names = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    found = {n.lineno: all(map(compiled.is_imported, compiled.loads_of(n))) for n in names if n.id == "os"}
    assert found == {2: False, 5: True, 7: True, 9: False, 10: True, 11: False}


def test_the_runner_sees_what_programs_do(runner: Runner) -> None:
    """Programs that differ in one effect have different logs."""
    programs = [
        b"",
        b"import os; os.environ['A'] = '1'",
        b"import os; del os.environ['A']",
        b"import os; os.environ = {}",
        b"x = 1",
        b"x = 1.0",
        b"v0 = 1",
        b"print(1)",
        b"{}['A']",
        b"{}['B']",
        b"use(1)",
        b"use(k=1)",
        b"use({'A': '1'})",
        b"import os; use(os.environ)",
        b"import os; os.environ['A'] = '1'; use(os.environ); os.environ['A'] = 'a'",
        b"def f(): return 1",
        b"def f(): yield 1",
        b"async def f(): return 2",
        b"class C:\n    def m(self): return use(2)",
        b"use[1:2]",
    ]
    assert len(set(map(runner.run, programs))) == len(programs)


def test_the_text_of_a_method_may_become_a_variable(runner: Runner) -> None:
    """Its name, its value, or both: what it is bound to shows there, and the rest still counts."""
    use = "import os\nmethod = f'{{os.environ.items}}'\nos.environ[{0}] = {1}\nuse(os.environ{2})\n"
    places = [
        ("method", "'x'"),
        ("'X'", "method"),
        ("method", "method"),
        ("method + 'x'", "'x'"),
        ("'X'", "method * 2"),
    ]
    programs = [use.format(*place, "b" * raw).encode() for place in places for raw in range(2)]
    assert [fault for data in programs for fault in faults(runner.check(data), data, SAFE)] == []
    assert all(runner.check(data).rewritten for data in programs)
    others = [("method", "'y'"), ("'Y'", "method"), ("'X'", "method * 3")]
    logs = [runner.run(use.format(*place, "").encode()) for place in [*places, *others]]
    assert len(set(logs)) == len(logs)


def test_scenarios_get_to_their_end(runner: Runner) -> None:
    """Most are not cut short by an error that they do not catch."""
    logs = [runner.run(data) for data in (scenario(Random(seed)) for seed in range(60)) if compiles(data)]
    assert sum('["module", "None"]' in log for log in logs) > len(logs) // 3


def test_real_sources_take_accesses_in_most_of_their_places() -> None:
    paths = real_sources()
    assert any("test" in path.parts for path in paths)
    assert any("site-packages" in path.parts for path in paths)
    originals = [original for path in paths[::200] if (original := read(path))]
    sources = [data for n, original in enumerate(originals) if (data := splice(Random(n), original))]
    assert len(sources) > len(originals) // 2
    assert all(map(compiles, sources))


def test_a_counterexample_is_made_small_and_can_be_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(data: bytes, mode: Mode) -> Checked:
        return Checked(1, 1, Fault("made up", "") if b"environ" in data else None)

    monkeypatch.setattr(session, "check", judge)
    found = Session(first_seed=5, sources=[]).run_turns(200)
    assert found is not None
    assert found.kind == "generated"
    assert b"environ" in found.minimised
    assert len(found.minimised) < 40
    assert Session(sources=[]).replay(found.kind, found.seed) == found


def test_shrinking_keeps_what_it_takes() -> None:
    data = b"import os\n\nif x:\n    y = [os.environ['A'] + f(2, 3) for z in range(7)]\n\nw = 1\n"
    assert shrink(data, lambda text: compiles(text) and b"f(2" in text) == b"f(2, 3)\n"


def test_the_program_prints_figures_and_a_counterexample(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import fuzz

    monkeypatch.setattr(fuzz.Session, "run", lambda self, seconds: self.run_turns(8))
    monkeypatch.setattr(sys, "argv", ["fuzz.py", "--seed", "3"])
    assert fuzz.main() == 0
    assert "no counterexample" in capsys.readouterr().out
    monkeypatch.setattr(session, "check", lambda data, mode: Checked(2, 1, Fault("made up", "why")))
    assert fuzz.main() == 1
    shown = capsys.readouterr().out
    assert "counterexample: made up" in shown
    assert "--only 'generated' --seed 3" in shown


def test_sources_are_files(tmp_path: Path) -> None:
    for name, text in {"empty": b"", "broken": b"x = (", "latin": b"x = '\xe9'"}.items():
        (tmp_path / name).write_bytes(text)
        assert read(tmp_path / name) is None
    (tmp_path / "good").write_bytes(b"# coding: latin-1\r\nx = '\xe9'\r\n")
    original = read(tmp_path / "good")
    assert original is not None
    assert original.text == "# coding: latin-1\nx = 'é'\n"
