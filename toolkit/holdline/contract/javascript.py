"""What a JavaScript or TypeScript file does, found in its syntax tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdline.contract.commands import read_command, read_words
from holdline.contract.operations import UNKNOWN, Operation
from holdline.contract.sql_words import read_sql

if TYPE_CHECKING:
    from tree_sitter import Node

_SQL = re.compile(r"query|execute|exec|raw|run|sql|unsafe|\$(?:executeRaw|queryRaw)(?:Unsafe)?")
_SHELL = frozenset({"exec", "execSync", "execaCommand", "$"})
_SPAWN = frozenset({"spawn", "spawnSync", "execFile", "execFileSync", "execa", "fork"})
_ORM = {"create": "INSERT", "createMany": "INSERT", "update": "UPDATE", "updateMany": "UPDATE", "upsert": "UPDATE"}
_ORM |= {"delete": "DELETE", "deleteMany": "DELETE"}
_DOCUMENTS = {"insertOne": "INSERT", "insertMany": "INSERT", "updateOne": "UPDATE", "updateMany": "UPDATE"}
_DOCUMENTS |= {"deleteOne": "DELETE", "deleteMany": "DELETE", "destroy": "DELETE", "bulkCreate": "INSERT"}
_BUILDER = {"insert": "INSERT", "update": "UPDATE", "del": "DELETE", "delete": "DELETE", "truncate": "TRUNCATE"}
_SCHEMA = re.compile(r"(create|drop|alter|rename)Table(?:IfExists|IfNotExists)?")
_HTTP = frozenset({"delete", "put", "post", "patch"})
_CLIENTS = frozenset({"axios", "got", "ky", "superagent", "request"})


def javascript_operations(root: Node) -> Iterator[Operation]:
    """The operations of a file, in the order of its lines."""
    todo = [root]
    while todo:
        node = todo.pop()
        todo += reversed(node.children)
        if node.type == "call_expression":
            yield from _call(node)


def _call(node: Node) -> Iterator[Operation]:
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or arguments is None:
        return
    line = node.start_point[0] + 1
    chain = _chain(function)
    name, owner = chain[-1], chain[0]
    values = [arguments] if arguments.type == "template_string" else [c for c in arguments.children if c.is_named]
    first = _text_of(values[0]) if values else ""
    if _SQL.fullmatch(name) and (found := read_sql(first, line)):
        yield from found
    elif name in _SHELL and first:
        yield from read_command(first, line)
    elif name in _SPAWN and first:
        rest = values[1] if len(values) > 1 and values[1].type == "array" else None
        words = [_text_of(c) or UNKNOWN for c in rest.children if c.is_named] if rest else []
        yield from read_words([first, *words], line)
    elif name == "fetch" and len(values) > 1:
        yield from _fetch(first, values[1], line)
    elif name in _HTTP and owner in _CLIENTS:
        yield Operation(f"HTTP {name.upper()}", first or UNKNOWN, (), line)
    else:
        yield from _stored(chain, function, first, line)


def _stored(chain: list[str], function: Node, first: str, line: int) -> Iterator[Operation]:
    """Query builders, object mappers and document stores."""
    name = chain[-1]
    if "prisma" in chain[:-1] and name in _ORM and len(chain) > 2:
        yield Operation(_ORM[name], chain[-2], (), line)
    elif name in _DOCUMENTS and len(chain) > 1:
        yield Operation(_DOCUMENTS[name], chain[-2], (), line)
    elif name in _BUILDER and (table := _knex_table(function)):
        yield Operation(_BUILDER[name], table, (), line)
    elif (match := _SCHEMA.fullmatch(name)) and first:
        yield Operation(f"{match[1].upper()} TABLE", first, (), line)


def _fetch(address: str, options: Node, line: int) -> Iterator[Operation]:
    for pair in (c for c in options.children if c.type == "pair"):
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is not None and value is not None and _bare(key) == "method":
            method = _text_of(value)
            if method.lower() in _HTTP:
                yield Operation(f"HTTP {method.upper()}", address or UNKNOWN, (), line)


def _chain(node: Node) -> list[str]:
    """The names in `prisma.user.delete`; those of calls in between are passed over."""
    names: list[str] = []
    while True:
        if node.type == "member_expression":
            named = node.child_by_field_name("property")
            names.append(_bare(named) if named is not None else UNKNOWN)
            inner = node.child_by_field_name("object")
        elif node.type == "call_expression":
            inner = node.child_by_field_name("function")
        else:
            names.append(_bare(node))
            return names[::-1]
        if inner is None:
            return names[::-1] or [UNKNOWN]
        node = inner


def _knex_table(function: Node) -> str:
    """The table in `knex("orders").where(…).del()`; "" where there is none."""
    node: Node | None = function
    while node is not None:
        called = node.child_by_field_name("function")
        if (
            node.type == "call_expression"
            and called is not None
            and _chain(called)[-1] in ("knex", "trx", "from", "into", "table")
        ):
            arguments = node.child_by_field_name("arguments")
            values = [c for c in arguments.children if c.is_named] if arguments else []
            return (_text_of(values[0]) if values else "") or UNKNOWN
        node = called if node.type == "call_expression" else node.child_by_field_name("object")
    return ""


def _text_of(node: Node) -> str:
    """The text that a string or template stands for; "" for anything else."""
    if node.type == "template_string":
        return "".join(UNKNOWN if c.type == "template_substitution" else _bare(c) for c in node.children if c.is_named)
    if node.type == "binary_expression":
        sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
        texts = [(_text_of(s) if s is not None else "") or UNKNOWN for s in sides]
        return "".join(texts) if any(t != UNKNOWN for t in texts) else ""
    return "".join(_bare(c) for c in node.children if c.is_named) if node.type == "string" else ""


def _bare(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "surrogateescape")
