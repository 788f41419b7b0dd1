"""`holdline rules`: what there is, and each rule's reason and examples."""

from __future__ import annotations

import argparse
import sys
import textwrap

from holdline.cli.exits import Exit
from holdline.cli.surroundings import load_registry
from holdline.errors import HoldlineError
from holdline.migration import Example, Migration, Registry, Rule
from holdline.reports.columns import columns
from holdline.reports.console import Console


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the command and return its exit code. Works outside a repository too."""
    registry = load_registry()
    console.write(_explain(registry, arguments.code) if arguments.code else _list(registry))
    return Exit.OK


def _list(registry: Registry) -> str:
    rules = [(r.code, r.name, "on" if r.default_on else "off", r.summary) for r in registry.rules]
    migrations = [(m.name, " ".join(r.code for r in m.rules), m.summary) for m in registry.migrations]
    lines = [
        *columns(("rule", "name", "default", "finds"), rules),
        "",
        *columns(("migration", "rules", "does"), migrations),
        "",
        "`holdline rules CODE` explains one and shows examples.",
    ]
    return "\n".join(lines) + "\n"


def _explain(registry: Registry, code: str) -> str:
    for rule in registry.rules:
        if code.upper() == rule.code or code == rule.name:
            return _rule(rule)
    for migration in registry.migrations:
        if code == migration.name:
            return _migration(migration)
    known = [*(r.code for r in registry.rules), *(m.name for m in registry.migrations)]
    raise HoldlineError(f"no rule or migration is called {code!r}; there are: {', '.join(known)}")


def _rule(rule: Rule) -> str:
    state = "" if rule.default_on else ", off by default"
    parts = [f"{rule.code} {rule.name}{state}: {rule.summary}", rule.explanation.strip()]
    parts += [_example(example) for example in rule.examples]
    return "\n\n".join(parts) + "\n"


def _example(example: Example) -> str:
    if example.after is None:
        return f"Found, but left for you to decide:\n\n{_code(example.before)}"
    if example.after == example.before:
        return f"Not a violation:\n\n{_code(example.before)}"
    return f"Before:\n\n{_code(example.before)}\n\nAfter:\n\n{_code(example.after)}"


def _migration(migration: Migration) -> str:
    module = sys.modules[type(migration).__module__]
    rules = [(r.code, r.name, r.summary) for r in migration.rules]
    lines = [
        f"{migration.name}: {migration.summary}",
        "",
        (module.__doc__ or "").strip(),
        "",
        *columns(("rule", "name", "finds"), rules),
    ]
    return "\n".join(lines) + "\n"


def _code(code: str) -> str:
    return textwrap.indent(code.rstrip("\n"), "    ")
