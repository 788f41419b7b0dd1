"""The contract between the packages, and the size of their parts."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdline_runtime import get_env

ROOT = Path(__file__).parents[2]
FOLDERS = {
    "toolkit": ["holdline", "holdline_runtime"],
    "migrations": ["holdline_migrations"],
    "hooks": ["holdline_hooks"],
}
PACKAGES = [package for packages in FOLDERS.values() for package in packages]
THIRD_PARTY = {
    "git",
    "gitdb",
    "dask",
    "distributed",
    "rich",
    "tqdm",
    "bowler",
    "cryptography",
    "jwt",
    "libcst",
    "pre_commit",
    "jsonschema",
    "matplotlib",
    "sqlglot",
    "tree_sitter",
    "tree_sitter_bash",
    "tree_sitter_javascript",
    "tree_sitter_typescript",
    "yaml",
    "pytest",
    "_pytest",
    "sqlalchemy",
}

MAX_MODULE_LINES = 450
MAX_FUNCTION_LINES = 60

MODULES = {
    path.relative_to(ROOT).as_posix(): path
    for folder, packages in FOLDERS.items()
    for package in packages
    for path in sorted((ROOT / folder / package).rglob("*.py"))
}
TREES = {name: ast.parse(path.read_bytes()) for name, path in MODULES.items()}


def imported(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    """Every module a tree imports, wherever, absolutely."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or "", node


def top(module: str) -> str:
    return module.partition(".")[0]


def in_package(package: str) -> list[str]:
    return [name for name in MODULES if f"/{package}/" in f"/{name}"]


def test_there_is_something_to_check() -> None:
    assert len(MODULES) > 50
    assert {top(name.split("/")[1]) for name in MODULES} >= {"holdline", "holdline_runtime", "holdline_migrations"}


@pytest.mark.parametrize("name", MODULES)
def test_modules_are_small_and_say_what_they_are_for(name: str) -> None:
    text = MODULES[name].read_text()
    assert len(text.splitlines()) <= MAX_MODULE_LINES
    if MODULES[name].name != "__init__.py" or text.strip():
        assert ast.get_docstring(TREES[name]), "no docstring"
    long = [
        f"{node.name}: {(node.end_lineno or 0) - node.lineno + 1} lines"
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_most_modules_are_short() -> None:
    lengths = sorted(len(path.read_text().splitlines()) for path in MODULES.values())
    assert lengths[len(lengths) // 2] < 150


_GIT = ("git", "gitcommits", "githistory", "gitobjects", "gitprocess", "gitrefs", "gitremotes", "gitworktrees")
_FLEET = ("fleet/gitclones", "fleet/gitstate")
GATEWAY = {f"toolkit/holdline/{name}.py" for name in (*_GIT, *_FLEET)}
# What commands get from the packages that stand on the engine, each when it is run and no sooner.
HOOK_COMMANDS = {f"toolkit/holdline/cli/{name}_command.py" for name in ("check", "install", "uninstall", "doctor")}


@pytest.mark.parametrize("name", [n for n in MODULES if n not in GATEWAY])
def test_only_the_gateway_talks_to_git(name: str) -> None:
    tree = TREES[name]
    uses = [f"line {node.lineno}: {module}" for module, node in imported(tree) if top(module) == "git"]
    probes = {"import git  # noqa: F401"}  # says early that the extra is missing, and uses nothing of it
    lines = MODULES[name].read_text().splitlines()
    assert all(any(lines[int(u.split()[1][:-1]) - 1].strip().startswith(p) for p in probes) for u in uses)
    if any(top(module) == "subprocess" for module, _ in imported(tree)):
        words = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        assert not [w for w in words if w == "git" or w.startswith("git ")]


@pytest.mark.parametrize("name", MODULES)
def test_nothing_prints_and_only_the_boundary_exits(name: str) -> None:
    calls = [ast.unparse(n.func) for n in ast.walk(TREES[name]) if isinstance(n, ast.Call)]
    assert "print" not in calls
    writes = [c for c in calls if c.startswith(("sys.stdout", "sys.stderr"))]
    assert not writes or name.startswith(("toolkit/holdline/reports/", "toolkit/holdline/cli/", "hooks/"))
    exits = {"sys.exit", "exit", "quit", "os._exit"} & {*calls}
    if name == "toolkit/holdline/forks.py":
        exits -= {"os._exit"}  # how a worker ends, which is a process of its own
    assert not exits or name.startswith(("toolkit/holdline/cli/", "toolkit/holdline/__main__", "hooks/"))


@pytest.mark.parametrize("name", in_package("holdline"))
def test_the_engine_knows_no_migration(name: str) -> None:
    others = {"holdline_migrations", "holdline_hooks"}
    found = [(module, node.col_offset > 0) for module, node in imported(TREES[name]) if top(module) in others]
    assert all(lazy for _, lazy in found)
    where = {"holdline_migrations": {"toolkit/holdline/cli/surroundings.py"}, "holdline_hooks": HOOK_COMMANDS}
    assert all(name in where[top(module)] for module, _ in found)


@pytest.mark.parametrize("name", in_package("holdline_migrations") + in_package("holdline_hooks"))
def test_what_stands_on_the_engine_needs_nothing_else(name: str) -> None:
    own = {"holdline", "holdline_migrations"} if "migrations/" in name else {"holdline", "holdline_hooks"}
    own |= {"holdline_runtime"}
    if name == "hooks/holdline_hooks/config_file.py":
        own.add("yaml")  # where pre-commit is, to check what was written; see test_third_parties_are_imported_…
    assert {top(module) for module, _ in imported(TREES[name])} <= own | sys.stdlib_module_names


@pytest.mark.parametrize("name", in_package("holdline_runtime"))
def test_the_runtime_needs_the_standard_library_alone(name: str) -> None:
    allowed = sys.stdlib_module_names | {"holdline_runtime"} | ({"pytest", "_pytest"} if "pytest" in name else set())
    if name == "toolkit/holdline_runtime/ci_guard/verification.py":
        allowed |= {"jwt"}  # the extra [oidc], when a token is verified and no sooner
    allowed |= {"sqlalchemy"} if "/fingerprint/" in name else set()  # where the caller brings it
    assert {top(module) for module, _ in imported(TREES[name])} <= allowed


@pytest.mark.parametrize("name", MODULES)
def test_third_parties_are_imported_when_they_are_needed(name: str) -> None:
    eager = [module for module, node in imported(TREES[name]) if top(module) in THIRD_PARTY and node.col_offset == 0]
    assert eager == [] or "pytest" in name or name == "toolkit/holdline/reports/terminal.py"


def run_and_list_modules(folder: Path, *arguments: str) -> tuple[int, set[str]]:
    """Run a command of Holdline's in a process of its own: its exit code, and the top-level modules it imported."""
    code = (
        "import sys, holdline.cli as c; e = c.main(sys.argv[1:]); sys.stderr.write(' '.join(sys.modules)); sys.exit(e)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env={**get_env(), "PYTHONPATH": os.pathsep.join(str(ROOT / f) for f in FOLDERS)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, {top(module) for module in done.stderr.split()}


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "html"])
def test_scan_imports_no_third_party_package(make_repo, form: str) -> None:  # type: ignore[no-untyped-def]
    repo = make_repo({"tests/test_a.py": "import os\nos.environ['A']\n", "pyproject.toml": "[tool.holdline]\n"})
    code, modules = run_and_list_modules(repo.root, "scan", "--format", form)
    assert code == 0
    assert "holdline_migrations" in modules
    ours = {*PACKAGES, "sitecustomize", "usercustomize", "__main__", "__mp_main__"}
    site = {m for m in modules if m.startswith(("_virtualenv", "__editable__", "_distutils", "_editable_impl"))}
    assert modules - ours - site <= sys.stdlib_module_names


def test_the_runtime_does_not_import_the_toolkit() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import holdline_runtime, sys; print(*sys.modules)"],
        env={**get_env(), "PYTHONPATH": str(ROOT / "toolkit")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {m for m in done.stdout.split() if top(m) in ("holdline", "holdline_migrations")}
