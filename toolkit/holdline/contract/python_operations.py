"""What a Python file does to data or infrastructure, found in its syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property

from holdline.contract.commands import read_command, read_words
from holdline.contract.operations import ALL_COLUMNS, UNKNOWN, Operation
from holdline.contract.python_strings import Strings, last_name
from holdline.contract.sql_words import read_sql
from holdline.origins import Origins
from holdline.source import Source

#: What every file that does any of it spells; a cheap first look.
MARKS = re.compile(
    rb"execute|\bsql\b|session|objects|sqlalchemy|alembic|subprocess|\bsystem\b|popen|requests|httpx|call_command"
    rb"|\.(?:insert|update|delete|replace)_(?:one|many)|create_all|drop_all",
    re.IGNORECASE,
)
_EXECUTES = re.compile(
    r"execute(?:_?many|_?script|_sql|_query|_statement|_raw)?|exec_driver_sql|run_sql|raw|op_execute"
)
_SESSION = re.compile(r"(?:.*_)?(?:session|sess|Session|SessionLocal)|db_?session", re.IGNORECASE)
#: What a session is often called too, in a file that has to do with SQLAlchemy.
_DATABASE = re.compile(r"_*db", re.IGNORECASE)
_ORM = {"add": "INSERT", "add_all": "INSERT", "merge": "UPDATE", "delete": "DELETE", "commit": "COMMIT"}
_ORM |= {"bulk_save_objects": "INSERT", "bulk_insert_mappings": "INSERT", "bulk_update_mappings": "UPDATE"}
_MANAGER = {"create": "INSERT", "bulk_create": "INSERT", "get_or_create": "INSERT", "update_or_create": "UPDATE"}
_MANAGER |= {"update": "UPDATE", "bulk_update": "UPDATE", "delete": "DELETE"}
_CORE = {"insert": "INSERT", "update": "UPDATE", "delete": "DELETE"}
_DOCUMENTS = {
    f"{verb}_{many}": verb.upper() for verb in ("insert", "update", "delete", "replace") for many in ("one", "many")
}
_ALEMBIC = {"create_table": "CREATE TABLE", "drop_table": "DROP TABLE", "bulk_insert": "INSERT"}
_METHODS = frozenset({"delete", "put", "post", "patch"})
_HTTP = ("requests.", "httpx.")
_CLIENTS = frozenset({"requests.Session", "requests.session", "httpx.Client", "httpx.AsyncClient"})
_SHELLS = (
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "asyncio.create_subprocess_shell",
)
_PROCESSES = re.compile(
    r"subprocess\.(?:run|call|check_call|check_output|Popen)|asyncio\.create_subprocess_exec|os\.exec\w+"
)


class PythonOperations:
    """The operations of one file, in the order of its lines."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._strings = Strings(source)
        self._origins = Origins(source.scopes, source.parents, source.path.rpartition("/")[0].replace("/", "."))
        self._is_unclear = False

    @cached_property
    def at(self) -> dict[ast.expr, list[Operation]]:
        """By the call that does them."""
        found: dict[ast.expr, list[Operation]] = {
            call: operations for call in self._source.calls if (operations := list(self._read(call)))
        }
        if self._is_unclear:  # what is executed was put together elsewhere: the file's own texts say what it may be
            known = {(o.verb, o.target) for operations in found.values() for o in operations}
            texts = [o for text, line in self._strings.constants() for o in read_sql(text, line)]
            if more := [o for o in texts if (o.verb, o.target) not in known]:
                found[ast.Constant("", lineno=more[0].line)] = more
        return found

    @property
    def all(self) -> list[Operation]:
        """All of them."""
        return sorted((o for operations in self.at.values() for o in operations), key=lambda o: (o.line, o.text))

    def origin(self, node: ast.expr) -> str:
        """The dotted path that an expression was imported from, "" where it was not."""
        found = self._origins.of(node)
        return found.path if found else ""

    def _read(self, call: ast.Call) -> Iterator[Operation]:
        path, line = self.origin(call.func), call.lineno
        if path.startswith("alembic.op."):
            yield from self._alembic(call, path.rpartition(".")[2])
        elif path in _SHELLS:
            yield from (o for text in self._first(call) for o in read_command(text, line))
        elif _PROCESSES.fullmatch(path):
            yield from self._process(call)
        elif path == "django.core.management.call_command":
            yield from (o for name in self._first(call) for o in read_words(["manage.py", name], line))
        elif path.startswith(_HTTP) or self._is_client(call.func):
            yield from self._http(call)
        elif path.startswith(("sqlalchemy.", "sqlmodel.")) and path.rpartition(".")[2] in _CORE and call.args:
            yield self._core(call, _CORE[path.rpartition(".")[2]], call.args[0])
        elif isinstance(call.func, ast.Attribute):
            yield from self._method(call, call.func)

    def _method(self, call: ast.Call, function: ast.Attribute) -> Iterator[Operation]:
        name, line = function.attr, call.lineno
        if _EXECUTES.fullmatch(name) and call.args:
            texts = self._strings.of(call.args[0])
            # `execute(delete(t))` is read at `delete`
            self._is_unclear |= not texts and not isinstance(call.args[0], ast.Call)
            yield from (o for text in texts for o in read_sql(text, line))
        elif name in _ORM and self._is_session(function.value) and not self._is_address(call):
            target = self._model(call.args[0]) if call.args else UNKNOWN
            if name == "commit":
                yield Operation("COMMIT", "session", (), line)
            else:
                yield Operation(_ORM[name], target, self._columns(call.args[:1]), line)
        elif name in _MANAGER and (model := _managed(function.value)):
            columns = tuple(sorted(k.arg for k in call.keywords if k.arg)) or (ALL_COLUMNS,)
            yield Operation(_MANAGER[name], model, columns if name in ("create", "update") else (), line)
        elif name in _DOCUMENTS and last_name(function.value) not in ("self", "cls"):
            yield Operation(_DOCUMENTS[name], _subject(function.value), (), line)
        elif name in ("create_all", "drop_all") and last_name(function.value) == "metadata":
            yield Operation(f"{name.partition('_')[0].upper()} TABLE", ALL_COLUMNS, (), line)

    def _alembic(self, call: ast.Call, name: str) -> Iterator[Operation]:
        line = call.lineno
        if name == "execute":
            yield from (o for text in self._first(call) or [UNKNOWN] for o in read_sql(text, line))
        elif name.startswith(("create_", "drop_", "add_", "alter_", "rename_", "batch_alter", "bulk_insert")):
            index = 1 if name.endswith(("index", "constraint")) and len(call.args) > 1 else 0
            target = next(iter(self._strings.of(call.args[index])), UNKNOWN) if call.args else UNKNOWN
            if index == 0 and name in ("drop_index", "drop_constraint"):
                target = next(
                    (t for k in call.keywords if k.arg == "table_name" for t in self._strings.of(k.value)), target
                )
            yield Operation(_ALEMBIC.get(name, "ALTER TABLE"), target, (), line)

    def _process(self, call: ast.Call) -> Iterator[Operation]:
        arguments = call.args or [k.value for k in call.keywords if k.arg == "args"]
        if not arguments:
            return
        words = self._strings.words(arguments[0])
        if not words and len(arguments) > 1:  # asyncio.create_subprocess_exec("rm", "-rf", …)
            words = [next(iter(self._strings.of(a)), UNKNOWN) for a in arguments]
        if words[:1] and words[0].rpartition("/")[2] in ("sh", "bash") and len(words) > 2:
            yield from read_command(words[2], call.lineno)
        elif words:
            yield from read_words(words, call.lineno)
        else:
            yield from (o for text in self._strings.of(arguments[0]) for o in read_command(text, call.lineno))

    def _http(self, call: ast.Call) -> Iterator[Operation]:
        method, arguments = last_name(call.func), call.args
        if method == "request" and len(arguments) > 1:
            method, arguments = next(iter(self._strings.of(arguments[0])), "").lower(), arguments[1:]
        if method in _METHODS:
            texts = self._strings.of(arguments[0]) if arguments else []
            yield Operation(f"HTTP {method.upper()}", texts[0] if texts else UNKNOWN, (), call.lineno)

    def _is_client(self, function: ast.expr) -> bool:
        """Whether a method belongs to an HTTP client made in this file."""
        if not isinstance(function, ast.Attribute) or function.attr not in {*_METHODS, "request"}:
            return False
        made = self._strings.assigned.get(last_name(function.value), ())
        entered = [
            item.context_expr
            for node in self._source.parents
            if isinstance(node, ast.With | ast.AsyncWith)
            for item in node.items
            if item.optional_vars is not None and last_name(item.optional_vars) == last_name(function.value)
        ]
        return any(isinstance(v, ast.Call) and self.origin(v.func) in _CLIENTS for v in (*made, *entered))

    def _core(self, call: ast.Call, verb: str, table: ast.expr) -> Operation:
        """`update(Table).where(…).values(a=1)`."""
        node: ast.AST = call
        columns: set[str] = set()
        while isinstance(parent := self._source.parents.get(node), ast.Attribute | ast.Call):
            if isinstance(parent, ast.Call) and parent.func is not node:
                break
            if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Attribute) and parent.func.attr == "values":
                columns |= {k.arg or ALL_COLUMNS for k in parent.keywords} or {ALL_COLUMNS}
            node = parent
        known = tuple(sorted(columns)) or (ALL_COLUMNS,)
        return Operation(verb, _subject(table), () if verb == "DELETE" else known, call.lineno)

    def _first(self, call: ast.Call) -> list[str]:
        return self._strings.of(call.args[0]) if call.args else []

    def _is_session(self, node: ast.expr) -> bool:
        name = _base_name(node)
        uses_sqlalchemy = b"sqlalchemy" in self._source.utf8 or b"sqlmodel" in self._source.utf8
        return bool(_SESSION.fullmatch(name) or (uses_sqlalchemy and _DATABASE.fullmatch(name)))

    def _is_address(self, call: ast.Call) -> bool:
        """Whether a session's `delete` gets an address: then it is an HTTP client's, made elsewhere."""
        return bool(call.args and any("/" in text for text in self._strings.of(call.args[0])))

    def _model(self, node: ast.expr) -> str:
        """The class of an object that is added or deleted, where it is made in this file."""
        candidates = [node, *self._strings.assigned.get(last_name(node), ())]
        made = [last_name(c.func) for c in candidates if isinstance(c, ast.Call) and last_name(c.func)[:1].isupper()]
        return made[0] if made else UNKNOWN

    def _columns(self, arguments: list[ast.expr]) -> tuple[str, ...]:
        made = [a for a in arguments if isinstance(a, ast.Call)]
        return tuple(sorted(k.arg or ALL_COLUMNS for a in made for k in a.keywords))


def _base_name(node: ast.expr) -> str:
    """`session` of `self.session`, `Session()` and `db.session`."""
    return last_name(node.func if isinstance(node, ast.Call) else node)


def _managed(node: ast.expr) -> str:
    """The model in `Model.objects.filter(…)`; "" where there is no manager."""
    while isinstance(node, ast.Attribute | ast.Call):
        if isinstance(node, ast.Attribute) and node.attr in ("objects", "_default_manager"):
            name = last_name(node.value)
            return name if name[:1].isupper() or name in ("model", "cls") else ""
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return ""


def _subject(node: ast.expr) -> str:
    """What a table is called in code: `Order`, `Order.__table__`, `db.orders`, `db["orders"]`."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    if isinstance(node, ast.Attribute) and node.attr == "__table__":
        return last_name(node.value) or UNKNOWN
    return last_name(node) or UNKNOWN
