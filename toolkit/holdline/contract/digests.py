"""Digests of a script's logic. Layout, comments and docstrings do not count; whatever may change what it does, does.

That of Python is taken from the syntax tree and is the same on each Python that parses the file. That of other
languages is what the standard library can do: see `text_digest`.
"""

from __future__ import annotations

import ast
import hashlib
import re

#: Set apart from others that a later version may compute differently.
PREFIX = "sha256:"
_SKIPPED = frozenset({"ctx", "kind", "type_comment", "type_ignores", "lineno", "simple"})
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`""", re.DOTALL)
_BLANKS = re.compile(r"[ \t]+")
_COMMENT = {"shell": "#", "sql": "--", "javascript": "//", "typescript": "//"}
#: Where one of these is, a line that looks like a comment may be text.
_MULTILINE = {"shell": "<<", "sql": "$", "javascript": "`", "typescript": "`"}


def python_digest(tree: ast.Module) -> str:
    """The digest of a module's logic.

    >>> one = ast.parse('"Doc."\\nif x:  # why\\n    run( "a" )')
    >>> two = ast.parse("if x: run('a')")
    >>> python_digest(one) == python_digest(two), python_digest(one) == python_digest(ast.parse("run('a')"))
    (True, False)
    """
    parts: list[str] = []
    todo: list[object] = [tree]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            parts.append(item)
        elif isinstance(item, ast.AST):
            parts.append(f"({type(item).__name__}")
            todo.append(")")
            for name in reversed(item._fields):
                value = _value(item, name)
                if name not in _SKIPPED and value is not None and value != []:
                    todo += [value, f" {name}="] if isinstance(value, ast.AST | list) else [f" {name}={_plain(value)}"]
        elif isinstance(item, list):
            todo.append("]")
            todo += [i if isinstance(i, ast.AST) else _plain(i) for i in reversed(item)]
            todo.append("[")
    return digest_of("".join(parts))


def digest_of(text: str) -> str:
    """The digest of a text, with the name of its algorithm."""
    return PREFIX + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def text_digest(text: str, language: str) -> str:
    """The digest of a text that is not Python: indentation, spacing, blank lines and whole-line comments do not count.

    Anything else does, other quotes and line breaks among it: without a parser it is not known to be layout.

    >>> text_digest("# why\\n\\nrm  -rf  'a  b'\\n", "shell") == text_digest("  rm -rf 'a  b'", "shell")
    True
    >>> text_digest("rm -rf 'a b'", "shell") == text_digest("rm -rf 'a  b'", "shell")
    False
    """
    lines = text.replace("\r\n", "\n").split("\n")
    if _MULTILINE[language] not in text and "\\\n" not in text and not any(_opens_quote(line) for line in lines):
        mark = _COMMENT[language]
        lines = [squeezed for line in lines if (squeezed := _squeeze(line)) and not squeezed.startswith(mark)]
    return digest_of("\n".join(lines).strip())


def _opens_quote(line: str) -> bool:
    """Whether a quote is left open at a line's end, so that the next line may be text; an apostrophe counts as one."""
    return any(mark in _QUOTED.sub("", line) for mark in "'\"`")


def _squeeze(line: str) -> str:
    """A line with runs of blanks as one, but within quotes."""
    parts, end = [], 0
    for match in _QUOTED.finditer(line):
        parts += [_BLANKS.sub(" ", line[end : match.start()]), match.group()]
        end = match.end()
    return "".join([*parts, _BLANKS.sub(" ", line[end:])]).strip()


def _value(node: ast.AST, name: str) -> object:
    """A field's value: bodies without their docstring, f-strings with texts that stand side by side as one."""
    value = getattr(node, name, None)
    if name == "body" and isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        assert isinstance(value, list)
        return value[1:] if _is_docstring(value) else value
    if name == "values" and isinstance(node, ast.JoinedStr):
        return _joined(node.values)
    return value


def _is_docstring(body: list[ast.stmt]) -> bool:
    first = body[0] if body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def _joined(values: list[ast.expr]) -> list[ast.expr]:
    """Python versions cut the text of an f-string differently."""
    joined: list[ast.expr] = []
    for value in values:
        last = joined[-1] if joined else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            if isinstance(last, ast.Constant) and isinstance(last.value, str):
                joined[-1] = ast.Constant(last.value + value.value)
                continue
            if not value.value:
                continue
        joined.append(value)
    return joined


def _plain(value: object) -> str:
    return f"{type(value).__name__}:{value!a};"
