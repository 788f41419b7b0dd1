"""Scripts that are not Python, read by real parsers: sqlglot and tree-sitter, which the extra `[contract]` brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from holdline.contract.digests import digest_of
from holdline.contract.operations import Operation
from holdline.model import Problem, ProblemKind
from holdline.reports.console import needs_extra
from holdline.source import SourceError

if TYPE_CHECKING:
    from tree_sitter import Node

_UNTOLD = frozenset({"comment", ";", "\n", "html_comment", "hash_bang_line"})
_CLOSING = frozenset({")", "]", "}"})
#: What is text, in which blanks count; grammars do not make nodes of all of it.
_VERBATIM = frozenset(
    {"string", "heredoc_redirect", "herestring_redirect", "template_string", "concatenation", "expansion", "regex"}
)


class ParsedScript(NamedTuple):
    """What a script does, in the order of its lines, and the digest of its logic."""

    operations: tuple[Operation, ...]
    digest: str


def read_script(path: str, text: str, language: str) -> ParsedScript:
    """Read a script in "shell", "javascript", "typescript", "tsx" or "sql".

    Raises SourceError for one that does not parse, MissingExtraError where the parser is not installed.
    """
    if language == "sql":
        from holdline.contract.sql_files import read_sql_file

        return ParsedScript(*read_sql_file(path, text))
    root = _parse(text, language)
    if root.has_error:
        line = _first_error(root)
        raise SourceError(Problem(path, ProblemKind.UNPARSABLE, f"does not parse as {language}", line))
    if language == "shell":
        from holdline.contract.shell import shell_operations

        return ParsedScript(tuple(shell_operations(root)), tree_digest(root))
    from holdline.contract.javascript import javascript_operations

    return ParsedScript(tuple(javascript_operations(root)), tree_digest(root))


def tree_digest(root: Node) -> str:
    """The digest of a syntax tree: comments, layout, semicolons and trailing commas do not count."""
    parts: list[str] = []
    todo: list[Node | str] = [root]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            parts.append(item)
        elif item.children and item.type not in _VERBATIM:
            parts.append(f"({item.type}{_between(item)}")
            todo.append(")")
            todo += reversed([c for c in item.children if not _is_layout(c)])
        else:
            parts.append(f" {item.type}={text_of(item)!r}")
    return digest_of("".join(parts))


def _between(node: Node) -> str:
    """What a node's text has that is in none of its children, but for layout."""
    text, start, gaps = node.text or b"", node.start_byte, []
    end = start
    for child in node.children:
        gaps.append(text[end - start : child.start_byte - start])
        end = max(end, child.end_byte)
    gaps.append(text[end - start :])
    kept = [g for gap in gaps if (g := gap.replace(b"\\\n", b"").strip())]
    return repr(kept) if kept else ""


def text_of(node: Node) -> str:
    """A node's source text."""
    return (node.text or b"").decode("utf-8", "surrogateescape")


def _is_layout(node: Node) -> bool:
    if node.type in _UNTOLD:
        return True
    return node.type == "," and node.next_sibling is not None and node.next_sibling.type in _CLOSING


def _parse(text: str, language: str) -> Node:
    with needs_extra("contract"):
        from tree_sitter import Language, Parser

        match language:
            case "shell":
                import tree_sitter_bash

                grammar = tree_sitter_bash.language()
            case "javascript":
                import tree_sitter_javascript

                grammar = tree_sitter_javascript.language()
            case "tsx":
                import tree_sitter_typescript

                grammar = tree_sitter_typescript.language_tsx()
            case _:
                import tree_sitter_typescript

                grammar = tree_sitter_typescript.language_typescript()
    return Parser(Language(grammar)).parse(text.encode("utf-8", "surrogateescape")).root_node


def _first_error(node: Node) -> int:
    """The line of the innermost first node that did not parse."""
    while True:
        broken = next((c for c in node.children if c.has_error or c.is_error or c.is_missing), None)
        if broken is None:
            return node.start_point[0] + 1
        node = broken
