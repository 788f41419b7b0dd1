"""One Python file before the production-safety rules: what it does, and what the project says about it."""

from __future__ import annotations

import ast
from functools import cached_property

from holdline.categories import Categorizer
from holdline.contract.operations import Operation
from holdline.contract.python_operations import PythonOperations
from holdline.contract.settings import ContractConfig
from holdline.globs import GlobSet
from holdline.migration import Context
from holdline.model import Category, Fix, Violation
from holdline.source import Source


class MutationFile:
    """A file that may be a mutation script."""

    def __init__(self, source: Source, context: Context) -> None:
        self.source = source
        self.context = context
        self.settings = context.config.contract or ContractConfig()
        self.contract = context.config.frozen
        self.reader = PythonOperations(source)

    @cached_property
    def is_listed(self) -> bool:
        """Whether the contract has it."""
        return self.contract is not None and self.source.path in self.contract.by_path

    @cached_property
    def is_judged(self) -> bool:
        """Whether it may be a mutation script at all: no test, and named by the globs, or in the contract."""
        if self.is_listed:
            return True
        is_test = Categorizer(self.context.config).category(self.source.path) is Category.TESTS
        return not is_test and GlobSet(self.settings.files).matches(self.source.path)

    @cached_property
    def is_protected(self) -> bool:
        """Whether no flag may switch its protections off."""
        return self.is_listed or GlobSet(self.settings.protected).matches(self.source.path)

    @cached_property
    def operations(self) -> list[Operation]:
        """What it does, in the order of its lines."""
        return self.reader.all

    def is_guard(self, node: ast.AST) -> bool:
        """Whether a node is a call of the guard."""
        return isinstance(node, ast.Call) and self.reader.origin(node.func) == self.settings.guard.replace(":", ".")

    def violation_at(
        self,
        code: str,
        node: ast.expr | ast.stmt | ast.ExceptHandler,
        message: str,
        hint: str,
        identity: str,
        fix: Fix | None = None,
        refusal: str = "",
    ) -> Violation:
        """A violation at a node, which is its first line where it is a block."""
        line, column = node.lineno, node.col_offset + 1
        end_line, end_column = node.end_lineno or line, (node.end_col_offset or 0) + 1
        if end_line > line and not isinstance(node, ast.expr):
            end_line, end_column = line, len(self.source.line_text(line)) + 1
        text = self.source.line_text(line).strip()
        place = (self.source.path, line, column, end_line, end_column, text)
        return Violation(code, message, *place, hint, refusal, fix, identity)

    def violation_on(self, code: str, line: int, message: str, hint: str, identity: str) -> Violation:
        """A violation on a whole line."""
        text = self.source.line_text(line) if line <= len(self.source.line_starts) else ""
        indent = len(text) - len(text.lstrip())
        place = (self.source.path, line, indent + 1, line, len(text.rstrip()) + 1, text.strip())
        return Violation(code, message, *place, hint, "only a review can allow it", identity=identity)
