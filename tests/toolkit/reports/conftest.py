"""Reports to render: a scan and a migration with everything that is awkward to show."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import date

import pytest

from holdline.comparison import Unjudged
from holdline.edits import apply_edits
from holdline.gate import GateReport, Snapshot
from holdline.migration import Rule
from holdline.model import (
    Category,
    Edit,
    FileResult,
    Fix,
    ImportName,
    Plan,
    Problem,
    ProblemKind,
    Ranked,
    Safety,
    ScanReport,
    Site,
    Suppression,
    Violation,
    score_files,
)
from holdline.outcomes import Broken
from holdline.reducing import refuse_fixes
from holdline.reports.console import Color, Console
from holdline.reports.values import MigrationReport
from holdline.verdicts import Dropped, Verification

ODD_PATH = "tests/é, 100%:\x1b[31m\n\udce9.py"

BEFORE = b'import os\n\n\ndef test_a():\n    a = os.getenv("A")\n    b = vars(os.environ)\n'
READ = BEFORE.index(b"os.getenv")
EDITS = (
    Edit(0, 9, b"import os\nfrom holdline_runtime import get_env"),
    Edit(READ, READ + 9, b"get_env().get"),
)
FIX = Fix(
    Safety.SAFE,
    edits=(EDITS[1],),
    sites=(Site(READ, READ + 14),),
    imports=(ImportName("holdline_runtime", "get_env", "get_env"),),
)
FIXED = Violation(
    "HL101",
    "environment read: os.getenv",
    "tests/auth/test_a.py",
    line=5,
    column=9,
    end_line=5,
    end_column=23,
    text='os.getenv("A")',
    hint="write get_env().get(…)",
    fix=FIX,
)
REFUSED = Violation(
    "HL104",
    "the environment object passed on",
    "tests/auth/test_a.py",
    line=6,
    column=14,
    end_line=6,
    end_column=24,
    text="os.environ",
    refusal="vars() needs the object itself",
)
UNSAFE = Violation(
    "HL104",
    "the environment\x1b[2J object\r\nreplaced",
    ODD_PATH,
    line=1,
    column=1,
    end_line=2,
    end_column=4,
    text="os.environ = \udcff{}\x00",
    fix=Fix(
        Safety.UNSAFE,
        edits=(Edit(0, 4, b"\xff"),),
        sites=(Site(0, 4),),
        note="later writes are undone at exit",
    ),
)
UNPARSED = Problem("tests/test_new.py", ProblemKind.UNPARSABLE, "does not parse: invalid syntax", line=3)
CHANGED = FileResult(
    "tests/auth/test_a.py",
    Category.TESTS,
    remaining=(REFUSED,),
    fixed=(FIXED,),
    edits=EDITS,
    before=BEFORE,
    after=apply_edits(BEFORE, EDITS),
)
ODD = FileResult(ODD_PATH, Category.SOURCE, remaining=(UNSAFE,))
BROKEN = FileResult(UNPARSED.path, Category.TESTS, problem=UNPARSED)


@pytest.fixture
def rules() -> list[Rule]:
    return [
        Rule("HL101", "env-read", "Environment read.", "Reads leak from the process."),
        Rule("HL104", "env-object", "Environment object replaced or passed on.", ""),
    ]


@pytest.fixture
def scan() -> ScanReport:
    """2 of 3 files checked have violations; one more did not parse."""
    scanned = CHANGED._replace(remaining=(REFUSED, FIXED), fixed=(), edits=(), before=b"", after=b"")
    return score_files([scanned, ODD, BROKEN], {Category.TESTS: 3, Category.SOURCE: 1})


@pytest.fixture
def clean_scan() -> ScanReport:
    return score_files([], {Category.TESTS: 1234})


@pytest.fixture
def verdict() -> GateReport:
    """Two new violations, one caused from elsewhere; an old one; two files not judged, one as before; a suppression."""
    old = REFUSED._replace(line=9, end_line=9)
    allowed = Suppression(
        ODD_PATH, 3, 8, "# holdline: allow[HL101] \x1b[31mwhy", ("HL101",), "\x1b[31mwhy", date(2027, 3, 1)
    )
    broken = Problem(ODD_PATH, ProblemKind.UNREADABLE, "is not valid utf-8 (byte 3)")
    return GateReport(
        Snapshot(("1" * 40, "2" * 40), None, "HEAD 111111111 and the merged 222222222"),
        files=1234,
        new=(REFUSED, UNSAFE),
        old=(old,),
        causes={REFUSED.place: 5},
        unjudged=(Unjudged(UNPARSED, tuple(range(2, 15)), was_before=False), Unjudged(broken, (), was_before=True)),
        suppressions=(allowed, allowed._replace(path="a.py", until=None, codes=("HL101", "HL102"), reason="why")),
    )


@pytest.fixture
def passing() -> GateReport:
    return GateReport(Snapshot(("1" * 40,), "3" * 40, "111111111, where HEAD left main"), files=1)


@pytest.fixture
def dry_run() -> MigrationReport:
    """One file to be fixed in part, one refused, one not parsed."""
    ranks = {
        path: Ranked(path, tier, reason)
        for tier, (path, reason) in enumerate([(CHANGED.path, "path says auth"), (ODD_PATH, "1 violation")])
    }
    plan = Plan((CHANGED, ODD, BROKEN), ranks, {Category.TESTS: 3, Category.SOURCE: 1, Category.OTHER: 0})
    return MigrationReport(plan, dry_run=True, dependency="add holdline to [project.optional-dependencies]")


@pytest.fixture
def written(dry_run: MigrationReport) -> MigrationReport:
    return dry_run._replace(dry_run=False, run="2026-01-05-1")


@pytest.fixture
def stopped(written: MigrationReport) -> MigrationReport:
    """The run found the one file to fix edited since it was planned."""
    problem = Problem(CHANGED.path, ProblemKind.CHANGED, "was edited since it was planned; run again")
    return written._replace(unwritten=(problem,))


@pytest.fixture
def nothing() -> MigrationReport:
    return MigrationReport(Plan((), {}, {Category.TESTS: 3}), dry_run=True)


@pytest.fixture
def verified(dry_run: MigrationReport) -> MigrationReport:
    """A fix taken back for two tests, another with all of its file; a flaky test, a file that no test minds."""
    broken = (
        Broken("tests/auth/test_a.py::test_a[\x1b[31m]", "failed", "1 == 2"),
        Broken("tests/auth/test_a.py::test_b", "not run"),
    )
    dropped = (
        Dropped(REFUSED.path, (REFUSED,), broken),
        Dropped(ODD_PATH, (UNSAFE,), (Broken("the command", "exit status 1", "\x1b[31m"),), "undecided after 9 runs"),
    )
    verdict = Verification("pytest -q", "affected", True, 1234, 1, ("t::flaky\x1b",), dropped, (ODD_PATH,), 12, 3, 4.56)
    refusals = {violation.place: drop.reason for drop in dropped for violation in drop.violations}
    plan = dry_run.plan._replace(results=tuple(refuse_fixes(r, refusals) for r in dry_run.plan.results))
    return dry_run._replace(plan=plan, verification=verdict)


class Stream(io.TextIOWrapper):
    """A standard stream in memory, a terminal or not."""

    def __init__(self, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, write_through=True, newline="")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    @property
    def content(self) -> bytes:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue()


class Screen:
    """A console on streams in memory, and what they received."""

    def __init__(self, terminal: bool, encoding: str, **options: object) -> None:
        self._out, self._err = Stream(terminal, encoding), Stream(terminal, encoding)
        self.console = Console(self._out, self._err, **options)  # type: ignore[arg-type]

    @property
    def out(self) -> bytes:
        return self._out.content

    @property
    def err(self) -> bytes:
        return self._err.content


MakeScreen = Callable[..., Screen]


@pytest.fixture
def make_screen() -> MakeScreen:
    def make(
        terminal: bool = False,
        color: Color = Color.AUTO,
        verbosity: int = 0,
        environ: Mapping[str, str] | None = None,
        encoding: str = "utf-8",
    ) -> Screen:
        return Screen(terminal, encoding, environ=environ or {}, color=color, verbosity=verbosity)

    return make


def has_raw_controls(text: str, allowed: str = "\n") -> bool:
    """Whether anything in `text` could steer a terminal."""
    return any(not char.isprintable() and char not in allowed for char in text)


@pytest.fixture
def is_safe() -> Callable[[str], bool]:
    return lambda text: not has_raw_controls(text)
