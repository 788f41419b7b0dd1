"""Reading SQL well enough to tell writes from reads, with the standard library alone.

It is what the gate has. `holdline contract freeze` and `check` read `.sql` files with a real parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdline.contract.operations import ALL_COLUMNS, UNKNOWN, Operation

_TOKEN = re.compile(
    r"(?P<skip>\s+|--[^\n]*|/\*.*?\*/)"
    r"|(?P<string>'(?:[^']|'')*'|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)"
    r'|(?P<name>"[^"]+"|`[^`]+`|\[[\w ]+\]|[\w$?]+(?:\?\w*)*)'
    r"|(?P<mark>.)",
    re.DOTALL,
)
_DEFINED = "TABLE|INDEX|VIEW|SCHEMA|DATABASE|SEQUENCE|TYPE|FUNCTION|PROCEDURE|TRIGGER|ROLE|USER|EXTENSION|COLUMN|POLICY"
_OBJECTS = frozenset(_DEFINED.split("|"))
_FILLERS = frozenset(
    ("IF", "NOT", "EXISTS", "ONLY", "TEMP", "TEMPORARY", "UNIQUE", "MATERIALIZED", "OR", "REPLACE", "CONCURRENTLY")
)
_FOR_INSERT = frozenset(["OR", "IGNORE", "REPLACE", "ABORT", "FAIL", "ROLLBACK"])


def read_sql(text: str, line: int = 0) -> list[Operation]:
    """The writes in a text of SQL statements; `{}` and `?` in names stand for what is not known.

    >>> [o.text for o in read_sql("SELECT 1; update public.orders set status = 'x', n = 1 where id = 3")]
    ['UPDATE public.orders (n, status)']
    >>> [o.text for o in read_sql("WITH gone AS (DELETE FROM a RETURNING id) INSERT INTO b (id) SELECT id FROM gone")]
    ['DELETE a', 'INSERT b (id)']
    >>> read_sql("update your settings"), read_sql("delete this")
    ([], [])
    """
    found: list[Operation] = []
    for statement in _statements(text):
        found += _Statement(statement, line).writes()
    return found


def _statements(text: str) -> Iterator[list[str]]:
    """Each statement's tokens; names unquoted, strings as one token `'`."""
    tokens: list[str] = []
    for match in _TOKEN.finditer(text):
        if match["skip"]:
            continue
        if match["mark"] == ";":
            yield tokens
            tokens = []
        elif match["string"]:
            tokens.append("'")
        else:
            token = match["name"] or match["mark"]
            tokens.append(token[1:-1] if token[0] in '"`[' and len(token) > 1 else token)
    yield tokens


class _Statement:
    def __init__(self, tokens: list[str], line: int) -> None:
        self.tokens = tokens
        self.upper = [t.upper() for t in tokens]
        self.line = line

    def writes(self) -> list[Operation]:
        """The writes of the statement: its own, and those in its common table expressions."""
        if self.upper[:1] == ["EXPLAIN"]:
            return []
        starts = [0]
        if self.upper[:1] == ["WITH"]:
            starts = [i for i, t in enumerate(self.upper) if t in ("INSERT", "UPDATE", "DELETE", "MERGE")]
        return [o for i in starts if (o := self._at(i)) is not None]

    def _at(self, start: int) -> Operation | None:
        word = self.upper[start] if start < len(self.upper) else ""
        match word:
            case "INSERT" | "REPLACE":
                return self._insert(start)
            case "UPDATE":
                return self._update(start)
            case "DELETE" | "MERGE":
                keyword = "FROM" if word == "DELETE" else "INTO"
                if keyword not in self.upper[start + 1 : start + 2]:
                    return None
                name, _ = self._name(self._past(start + 2, _FILLERS))
                return Operation(word, name, (), self.line) if name else None
            case "TRUNCATE":
                name, _ = self._name(self._past(start + 1, _FILLERS | {"TABLE"}))
                return Operation(word, name, (), self.line) if name else None
            case "ALTER" | "DROP" | "CREATE":
                return self._definition(start)
        return None

    def _insert(self, start: int) -> Operation | None:
        index = self._past(start + 1, _FOR_INSERT)
        if self.upper[index : index + 1] not in (["INTO"], ["OVERWRITE"]):
            return None
        name, index = self._name(index + 1)
        columns = self._list(index) if self.tokens[index : index + 1] == ["("] else ()
        return Operation("INSERT", name, columns or (ALL_COLUMNS,), self.line) if name else None

    def _update(self, start: int) -> Operation | None:
        name, index = self._name(self._past(start + 1, _FOR_INSERT | {"ONLY"}))
        if "SET" not in self.upper[index : index + 4] or not name:
            return None
        index = self.upper.index("SET", index) + 1
        columns, depth, expected = set(), 0, True
        while index < len(self.tokens) and not (depth == 0 and self.upper[index] in ("WHERE", "FROM", "RETURNING")):
            token = self.tokens[index]
            depth += (token == "(") - (token == ")")
            if expected and token not in "(,":
                qualified, index = self._name(index)
                columns.add(qualified.rpartition(".")[2] or UNKNOWN)
                expected = depth > 0 and self.tokens[index : index + 1] == [","]
                continue
            if depth == 0 and token == ",":
                expected = True
            index += 1
        return Operation("UPDATE", name, tuple(sorted(columns)), self.line)

    def _definition(self, start: int) -> Operation | None:
        index = self._past(start + 1, _FILLERS)
        kind = self.upper[index] if index < len(self.upper) else ""
        if kind not in _OBJECTS:
            return None
        name, _ = self._name(self._past(index + 1, _FILLERS))
        return Operation(f"{self.upper[start]} {kind}", name, (), self.line) if name else None

    def _past(self, index: int, words: frozenset[str]) -> int:
        while index < len(self.upper) and self.upper[index] in words:
            index += 1
        return index

    def _name(self, index: int) -> tuple[str, int]:
        """A name, dotted perhaps, and where it ends; "" where there is none."""
        parts: list[str] = []
        while index < len(self.tokens) and re.fullmatch(r"[^\W\d][\w$ ?]*|\?[\w?]*", self.tokens[index]):
            parts.append(self.tokens[index])
            index += 1
            if self.tokens[index : index + 1] != ["."]:
                break
            index += 1
        return ".".join(UNKNOWN if UNKNOWN in p else p for p in parts), index

    def _list(self, index: int) -> tuple[str, ...]:
        """The names of a bracketed list, nothing where it is anything else (`INSERT INTO t (SELECT …)`)."""
        end = self.tokens.index(")", index) if ")" in self.tokens[index:] else len(self.tokens)
        inner = self.tokens[index + 1 : end]
        if not inner or inner[0].upper() in ("SELECT", "WITH", "VALUES"):
            return ()
        return tuple(sorted({UNKNOWN if UNKNOWN in t else t for t in inner if t != ","}))
