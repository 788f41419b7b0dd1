"""What a shell script does, found in its syntax tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdline.contract.commands import read_command, read_words
from holdline.contract.operations import UNKNOWN, Operation
from holdline.contract.sql_words import read_sql

if TYPE_CHECKING:
    from tree_sitter import Node

_CLIENTS = ("psql", "mysql", "mariadb", "sqlite3")
_TEXTS = frozenset({"heredoc_body", "herestring_redirect"})
_SHELLS = frozenset({"sh", "bash", "eval", "ssh"})


def shell_operations(root: Node) -> Iterator[Operation]:
    """The operations of a script, in the order of its lines."""
    todo = [root]
    while todo:
        node = todo.pop()
        todo += reversed(node.children)
        if node.type == "command":
            words = _words(node)
            line = node.start_point[0] + 1
            yield from read_words(words, line)
            if words[:1] and words[0] in _SHELLS:
                yield from (o for word in words[1:] for o in read_command(word, line))
        elif node.type == "redirected_statement":
            yield from _redirected(node)


def _redirected(node: Node) -> Iterator[Operation]:
    """A database client that reads SQL from a here-document, a here-string or a file."""
    commands = [_words(c) for c in _below(node, "command")]
    if not any(word.rpartition("/")[2] in _CLIENTS for words in commands for word in words[:3]):
        return
    line = node.start_point[0] + 1
    for child in _below(node, *_TEXTS):
        yield from read_sql(_text(child).removeprefix("<<<").strip("\"' \n"), line)
    for child in _below(node, "file_redirect"):
        if _text(child).startswith("<"):
            yield Operation("RUN", f"{commands[0][0]} {_text(child)[1:].strip()}", (), line)


def _below(node: Node, *types: str) -> Iterator[Node]:
    for child in node.children:
        if child.type in types:
            yield child
        else:
            yield from _below(child, *types)


def _words(command: Node) -> list[str]:
    """The words of a command; what is only known when it runs is "?"."""
    parts = [c for c in command.children if c.is_named and not c.type.endswith("redirect")]
    return [word for part in parts if (word := _word(part))]


def _word(node: Node) -> str:
    if node.type in ("simple_expansion", "expansion", "command_substitution", "process_substitution"):
        return UNKNOWN
    if node.type == "raw_string":
        return _text(node)[1:-1]
    if node.type in ("string", "concatenation", "command_name"):
        return "".join(_word(c) for c in node.children if c.type != '"')
    return "" if node.type == "variable_assignment" else _text(node)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "surrogateescape")
