"""Which command lines change data or infrastructure: migration tools and destructive programs."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Sequence
from pathlib import PurePosixPath

from holdline.contract.operations import UNKNOWN, Operation
from holdline.contract.sql_words import read_sql

#: Program and the words that make it dangerous, "" for the program alone; all words must occur, in this order.
_DANGEROUS = tuple(
    tuple(line.split())
    for line in """
    alembic upgrade|alembic downgrade|alembic stamp|manage.py migrate|manage.py flush|manage.py loaddata|
    django-admin migrate|django-admin flush|flask db upgrade|flask db downgrade|flyway migrate|flyway clean|
    flyway undo|flyway repair|liquibase update|liquibase rollback|liquibase drop-all|prisma migrate|prisma db push|
    prisma db execute|knex migrate:latest|knex migrate:rollback|knex seed:run|sequelize db:migrate|
    sequelize-cli db:migrate|typeorm migration:run|typeorm schema:sync|typeorm schema:drop|rails db:migrate|
    rake db:migrate|rails db:drop|rake db:drop|dbmate up|dbmate down|dbmate drop|goose up|goose down|atlas apply|
    sqitch deploy|sqitch revert|dropdb|createdb|dropuser|createuser|pg_restore|mysqladmin drop|kubectl delete|
    kubectl apply|kubectl replace|kubectl patch|kubectl scale|kubectl drain|helm uninstall|helm delete|helm upgrade|
    helm rollback|terraform destroy|terraform apply|tofu destroy|tofu apply|pulumi destroy|pulumi up|aws s3 rm|
    aws s3 rb|aws delete|aws terminate|gcloud delete|gsutil rm|az delete|redis-cli flushall|redis-cli flushdb|
    docker volume rm|docker system prune|docker volume prune|git push --force|git push -f|git push --delete
    """.replace("\n", " ").split("|")
)
_CLIENTS = frozenset({"psql", "mysql", "mariadb", "sqlite3", "sqlcmd", "snowsql", "bq", "clickhouse-client"})
_LAUNCHERS = frozenset(
    {"sudo", "npx", "poetry", "uv", "pipenv", "run", "exec", "env", "time", "nohup", "bundle", "yarn"}
)
_PYTHON = re.compile(r"python[\d.]*|pnpm|bunx?")
_ASSIGNMENT = re.compile(r"\w+=.*", re.DOTALL)
_PUNCTUATION = "();&|\n"
_SEPARATORS = frozenset(_PUNCTUATION)


def read_words(words: Sequence[str], line: int = 0) -> list[Operation]:
    """What one command does, given its words; "?" is a word that is only known when it runs.

    >>> [o.text for o in read_words(["sudo", "/usr/bin/alembic", "-c", "a.ini", "upgrade", "head"])]
    ['RUN alembic upgrade']
    >>> [o.text for o in read_words(["rm", "-rf", "/srv/data"])], read_words(["rm", "a.txt"])
    (['RUN rm -rf /srv/data'], [])
    >>> [o.text for o in read_words(["psql", "-c", "DELETE FROM orders"])]
    ['DELETE orders']
    """
    words = _bare(words)
    if not words:
        return []
    program, rest = PurePosixPath(words[0]).name, words[1:]
    if program == "rm":
        return _rm(rest, line)
    if program == "curl":
        return _curl(rest, line)
    if program in _CLIENTS:
        return [o for word in rest for o in read_sql(word.removeprefix("--command="), line)] or _piped(
            program, rest, line
        )
    for name, *needed in _DANGEROUS:
        if program == name and _in_order(needed, rest):
            return [Operation("RUN", " ".join([name, *needed]), (), line)]
    return []


def read_command(text: str, line: int = 0) -> list[Operation]:
    """What a command line given to a shell does, as far as its words tell.

    >>> [o.text for o in read_command("cd x && DEBUG=1 python manage.py migrate; echo 'rm -rf /'")]
    ['RUN manage.py migrate']
    """
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars=_PUNCTUATION + "<>")
    lexer.whitespace_split = True
    lexer.whitespace = " \t\r"
    lexer.commenters = ""  # it would take `a#b` for one
    found: list[Operation] = []
    words: list[str] = []
    try:
        for word in [*lexer, ";"]:
            if word and set(word) <= _SEPARATORS:
                found += read_words(words, line)
                words = []
            else:
                words.append(word)
    except ValueError:  # an open quote: what stands before it was read
        found += read_words(words, line)
    return found


def _bare(words: Sequence[str]) -> list[str]:
    """The words from the program on: without assignments, launchers and their options."""
    rest = list(words)
    while rest:
        name = PurePosixPath(rest[0]).name
        if _ASSIGNMENT.fullmatch(rest[0]) or name in _LAUNCHERS:
            rest = rest[1:]
        elif _PYTHON.fullmatch(name) or rest[0] == UNKNOWN:  # sys.executable
            rest = rest[1:]
            while rest and rest[0].startswith("-"):
                rest = rest[1:]
        else:
            break
    return rest


def _in_order(needed: Sequence[str], words: Sequence[str]) -> bool:
    """Whether the words hold these, in this order, whatever stands between; `delete` stands for `delete-table` too."""
    rest = iter(words)
    return all(any(word == n or word.startswith(f"{n}-") for word in rest) for n in needed)


def _rm(words: Sequence[str], line: int) -> list[Operation]:
    flags = "".join(w[1:] for w in words if re.fullmatch(r"-[a-zA-Z]+", w))
    recursive = {"r", "R"} & set(flags) or "--recursive" in words
    targets = [w for w in words if w and not w.startswith("-")] or [UNKNOWN]
    return [Operation("RUN", f"rm -rf {target}", (), line) for target in targets] if recursive else []


def _curl(words: Sequence[str], line: int) -> list[Operation]:
    method, address = "", UNKNOWN
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word in ("-X", "--request"):
            method = following.upper()
        elif word.startswith(("-X", "--request=")):
            method = word.removeprefix("-X").removeprefix("--request=").upper()
        elif word.startswith(("http:", "https:")):
            address = word
        elif word in ("-d", "--data", "--data-raw", "--data-binary", "--json", "-F", "--form"):
            method = method or "POST"
    return [Operation(f"HTTP {method}", address, (), line)] if method in ("DELETE", "PUT", "POST", "PATCH") else []


def _piped(program: str, words: Sequence[str], line: int) -> list[Operation]:
    """A database client that runs a file."""
    for word, following in itertools.pairwise(words):
        if word in ("-f", "--file", "<"):
            return [Operation("RUN", f"{program} {following}", (), line)]
    files = [w.removeprefix("--file=") for w in words if w.startswith("--file=")]
    return [Operation("RUN", f"{program} {file}", (), line) for file in files]
