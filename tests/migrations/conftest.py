"""The harness of the migration tests: rewrite real files, compare their text, and run them before and after."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from holdline.cache import ScanCache
from holdline.config import Config
from holdline.contract.digests import python_digest
from holdline.contract.file import Contract, Script
from holdline.contract.operations import texts_of
from holdline.contract.python_operations import PythonOperations
from holdline.contract.settings import RULES, ContractConfig
from holdline.engine import Task, plan
from holdline.judging import Judge, Level
from holdline.migration import Context, Example, Rule
from holdline.model import Category, FileResult, Violation
from holdline.source import parse
from holdline_migrations.registry import REGISTRY

#: All that snippets find in their environment, unless a test says otherwise.
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/home/someone",
    "LANG": "C.UTF-8",
    "A": "1",
    "B": "two",
    "EMPTY": "",
}
#: What `path` is unless a test says otherwise: a module that nobody but the test runner imports.
TEST_MODULE = "test_snippet.py"
_ZYGOTE = Path(__file__).with_name("zygote.py")
_PYTEST_QUIET = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

Text = str | bytes


def as_bytes(text: Text) -> bytes:
    """A test's text as a file's bytes: bytes as they are, strings without the indentation of the test."""
    if isinstance(text, bytes):
        return text
    return textwrap.dedent(text.removeprefix("\n")).encode()


def migrate(root: Path, files: Mapping[str, bytes], level: Level, config: Config) -> dict[str, FileResult]:
    """Plan the rewrite of all files as `holdline migrate --scope all` does; results by path."""
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    task = Task(root, tuple(files), config, REGISTRY.named(config.migrations), today=date(2026, 1, 5))
    planned = plan(task, tuple(files), level, dict, lambda results, many, label: results, ScanCache.disabled())
    assert not [r.problem for r in planned.results if r.problem]
    return {r.path: r for r in planned.results}


def scan(path: str, data: bytes, config: Config) -> list[tuple[str, int, int]]:
    """Where a plain scan, which knows nothing of other files, finds violations."""
    migrations = REGISTRY.named(config.migrations)
    rules = [rule for migration in migrations for rule in migration.rules]
    codes = frozenset(r.code for r in rules if config.selected(r.code, r.default_on))
    judge = Judge(migrations, Context(config, codes), Level.NONE, date(2026, 1, 5))
    return places(judge.judge(path, data, Category.TESTS).violations)


def places(violations: Sequence[Violation]) -> list[tuple[str, int, int]]:
    """Rule and position of each violation."""
    return [(v.code, v.line, v.column) for v in violations]


class Zygote:
    """The process that runs snippets in forks of itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._process = subprocess.Popen(
            [sys.executable, "-B", "-W", "ignore", str(_ZYGOTE)],
            env={**ENVIRONMENT, **_PYTEST_QUIET},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, files: Mapping[str, bytes], request: dict[str, Any]) -> dict[str, Any]:
        """Write the files into a new folder, serve the request there, and return what was seen."""
        self._count += 1
        root = self._folder / str(self._count) / "files"
        for path, data in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({**request, "root": str(root)}) + "\n")
        self._process.stdin.flush()
        seen = json.loads(self._process.stdout.readline())
        seen["stderr"] = (root.parent / "stderr").read_text(errors="replace")
        return seen

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """One process for all snippets of the session."""
    process = Zygote(tmp_path_factory.mktemp("snippets"))
    yield process
    process.close()


@dataclass
class Harness:
    """Checks a rewrite: its text, that a second run changes nothing, and that it behaves as the original did."""

    zygote: Zygote
    folder: Path
    count: int = field(default=0)

    def check(
        self,
        before: Text,
        after: Text,
        *,
        path: str = TEST_MODULE,
        others: Mapping[str, Text | tuple[Text, Text]] | None = None,
        reasons: Sequence[str] = (),
        level: Level = Level.SAFE,
        config: Config | None = None,
        env: Mapping[str, str] | None = None,
        runs: bool = True,
        entry: str = "",
        raises: str = "",
        outcomes: Mapping[str, str] | None = None,
    ) -> None:
        """Rewrite `path` from `before` to `after`, with `others` around it, and compare all that both versions do.

        An item of `others` is a file that stays as it is, or its text before and after. `reasons` are words from the
        refusals of what is left, in order. `raises` names the exception both versions must end with; `outcomes`
        makes pytest run the files, and says how each test must end. `entry` is the module that is run, by default
        `path`; `runs=False` leaves running out (an unsafe fix changes what happens, and some files cannot run alone).
        """
        pairs = {p: t if isinstance(t, tuple) else (t, t) for p, t in (others or {}).items()}
        pairs[path] = (before, after)
        old = {p: as_bytes(pair[0]) for p, pair in pairs.items()}
        new = {p: as_bytes(pair[1]) for p, pair in pairs.items()}
        self._check_text(old, new, path, reasons, level, config or Config())
        if not runs:
            return
        request: dict[str, Any] = {"entry": entry or path, "env": {**ENVIRONMENT, **(env or {})}}
        if outcomes is not None:
            request |= {"pytest": [entry or path]}
            request["env"] |= _PYTEST_QUIET
        seen, again = self.zygote.run(old, request), self.zygote.run(new, request)
        if outcomes is not None:
            assert seen["outcomes"] == outcomes, seen["stdout"]
            assert again["outcomes"] == outcomes, again["stdout"]
            seen["stdout"] = again["stdout"] = ""  # holds durations
        error = seen["error"][0] if seen["error"] else ""
        assert error == raises, seen["stderr"]
        assert {**again, "stderr": ""} == {**seen, "stderr": ""}, again["stderr"]

    def refuse(self, before: Text, *words: str, **options: Any) -> None:
        """Every violation is reported, no file changes, and the refusals hold the `words`, one for each violation."""
        assert words, "a refusal has a reason"
        self.check(before, before, reasons=words, runs=False, **options)

    def check_access(self, before: str, after: str, **options: Any) -> None:
        """As `check`, for code that needs `os` for the environment only."""
        head = "from holdline_runtime import get_env\n\n"
        self.check(f"import os\n\n{before}", head + after, **options)

    def ignore(self, before: Text, **options: Any) -> None:
        """There is no violation."""
        self.check(before, before, runs=False, **options)

    def check_example(self, rule: Rule, example: Example) -> None:
        """A rule's example shows what the rule does, and its two sides do the same when they are run."""
        (migration,) = [m.name for m in REGISTRY.migrations if rule in m.rules]
        config = Config(select=(rule.code, *Config().select), migrations=(migration,))
        found = {code for code, _, _ in scan(TEST_MODULE, example.before.encode(), config)}
        if example.after == example.before:
            assert not found
            self.ignore(example.before, config=config)
            return
        assert rule.code in found
        if example.after is None:
            result = self.plan({TEST_MODULE: example.before}, config)[TEST_MODULE]
            assert not result.changes
            assert all(v.refusal for v in result.remaining)
            return
        runs = [self.observe(text) for text in (example.before, example.after)]
        expected = runs[0]["error"][0] if runs[0]["error"] else ""
        self.check(example.before, example.after, config=config, raises=expected)

    def observe(self, text: Text) -> dict[str, Any]:
        """What running a text does: its output, its exception, its variables, and the environment at its exit."""
        return self.zygote.run({TEST_MODULE: as_bytes(text)}, {"entry": TEST_MODULE, "env": ENVIRONMENT})

    def judge(self, data: bytes) -> FileResult:
        """What a migration makes of one file, problems and all."""
        migrations = REGISTRY.named(Config().migrations)
        codes = frozenset(r.code for m in migrations for r in m.rules if r.default_on)
        judge = Judge(migrations, Context(Config(), codes, frozenset()), Level.SAFE, date(2026, 1, 5))
        return judge.judge(TEST_MODULE, data, Category.TESTS)

    def plan(self, files: Mapping[str, Text], config: Config | None = None) -> dict[str, FileResult]:
        """What a migration would do with the files, by path."""
        return self._migrate({p: as_bytes(t) for p, t in files.items()}, Level.SAFE, config or Config())

    def _check_text(
        self,
        old: Mapping[str, bytes],
        new: Mapping[str, bytes],
        path: str,
        reasons: Sequence[str],
        level: Level,
        config: Config,
    ) -> None:
        results = self._migrate(old, level, config)
        after = {p: results[p].after if p in results and results[p].changes else data for p, data in old.items()}
        assert {p: d.decode(errors="replace") for p, d in after.items()} == {
            p: d.decode(errors="replace") for p, d in new.items()
        }
        assert after == dict(new)
        remaining = results[path].remaining if path in results else ()
        refusals = [v.refusal for v in remaining]
        assert len(refusals) == len(reasons), refusals
        assert all(words in refusal for words, refusal in zip(reasons, refusals, strict=True)), refusals
        for name, data in old.items():
            found = places(results[name].violations) if name in results else []
            assert scan(name, data, config) == found, "a plain scan finds other violations than a migration"
        self._migrate(old, Level.UNSAFE, config)  # whatever it does, it must be provable
        again = self._migrate(new, level, config)
        assert not [r.path for r in again.values() if r.changes], "a second run changes the files again"

    def _migrate(self, files: Mapping[str, bytes], level: Level, config: Config) -> dict[str, FileResult]:
        self.count += 1
        return migrate(self.folder / str(self.count), files, level, config)


Check = Callable[..., None]


@pytest.fixture
def harness(zygote: Zygote, tmp_path: Path) -> Harness:
    """The harness itself, for tests that need several of its methods."""
    return Harness(zygote, tmp_path)


@pytest.fixture
def check(harness: Harness) -> Check:
    """`check(before, after, …)`: see Harness.check."""
    return harness.check


@pytest.fixture
def check_access(harness: Harness) -> Check:
    """`check_access(before, after, …)`: see Harness.check_access."""
    return harness.check_access


@pytest.fixture
def refuse(harness: Harness) -> Check:
    """`refuse(before, *words, …)`: see Harness.refuse."""
    return harness.refuse


@pytest.fixture
def ignore(harness: Harness) -> Check:
    """`ignore(before, …)`: see Harness.ignore."""
    return harness.ignore


@pytest.fixture
def freeze() -> Callable[..., Contract]:
    """`freeze(text)`: the approved contract of one script, `ops/a.py`, as it is."""

    def freeze(text: str, forbidden: Sequence[str] = ()) -> Contract:
        source = parse("ops/a.py", text.encode())
        operations = texts_of(PythonOperations(source).all)
        script = Script("ops/a.py", "python", python_digest(source.tree), operations)
        return Contract([script], forbidden).approve("Ada Lovelace, 2026-11-20, for a test")

    return freeze


@pytest.fixture
def production() -> Callable[..., tuple[Violation, ...]]:
    """`production(text)`: what the production-safety rules find in `ops/a.py`; HL301 only where nothing is said of it."""

    def production(
        text: str, *, contract: Contract | None = None, settings: ContractConfig | None = None
    ) -> tuple[Violation, ...]:
        codes = frozenset(RULES) - ({"HL301"} if settings else frozenset())
        judge = production_judge(contract, settings or ContractConfig(), codes - {"HL306"} if contract else codes)
        result = judge.judge("ops/a.py", text.encode(), Category.SOURCE)
        assert result.problem is None
        return result.violations

    return production


@pytest.fixture
def guard() -> Callable[[str], str]:
    """`guard(text)`: the text with the safe fixes of HL306, proved."""

    def guard(text: str) -> str:
        judge = production_judge(None, ContractConfig(), frozenset({"HL306"}))
        judge = judge._replace(level=Level.SAFE, context=judge.context._replace(facts=frozenset()))
        result = judge.judge("ops/a.py", text.encode(), Category.SOURCE)
        assert result.problem is None
        assert result.changes or all(v.refusal for v in result.remaining)
        return (result.after or text.encode()).decode()

    return guard


def production_judge(contract: Contract | None, settings: ContractConfig, codes: frozenset[str]) -> Judge:
    config = Config(contract=settings, frozen=contract, migrations=("production-safety",))
    return Judge(REGISTRY.named(config.migrations), Context(config, codes), Level.NONE, date(2026, 11, 20))
