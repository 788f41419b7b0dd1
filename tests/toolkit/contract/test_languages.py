"""Shell, JavaScript, TypeScript and SQL: what they do, and that their digests see logic and nothing else."""

from __future__ import annotations

import pytest

from holdline.contract.languages import read_script
from holdline.contract.operations import texts_of
from holdline.source import SourceError


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("shell", "alembic upgrade head", ["RUN alembic upgrade"]),
        ("shell", 'if true; then FOO=1 sudo rm -rf "$DIR/x"; fi', ["RUN rm -rf ?/x"]),
        ("shell", "cat x | psql -c 'UPDATE a SET b=1'", ["UPDATE a (b)"]),
        ("shell", 'psql "$URL" <<SQL\nDELETE FROM orders;\nSQL\n', ["DELETE orders"]),
        ("shell", 'psql "$URL" < fix.sql', ["RUN psql fix.sql"]),
        ("shell", "bash -c 'kubectl -n x delete pod y'", ["RUN kubectl delete"]),
        ("shell", "curl -X DELETE https://x.test/1", ["HTTP DELETE https://x.test/1"]),
        ("shell", "echo rm -rf / # rm -rf /", []),
        ("shell", "cat <<X\nrm -rf /\nX\n", []),
        ("javascript", "client.query('UPDATE a SET b = $1', [x])", ["UPDATE a (b)"]),
        ("javascript", "const x = () => `DELETE FROM a`", []),
        ("javascript", "execSync('npx prisma migrate deploy')", ["RUN prisma migrate"]),
        ("javascript", "spawn('rm', ['-rf', dir])", ["RUN rm -rf ?"]),
        ("javascript", "fetch(url, {method: 'DELETE'})", ["HTTP DELETE ?"]),
        ("javascript", "axios.put('https://x.test', d)", ["HTTP PUT https://x.test"]),
        ("javascript", "knex('orders').where({a: 1}).del()", ["DELETE orders"]),
        ("javascript", "map.delete(key); list.insert(1); a.update()", []),
        ("typescript", "await prisma.user.deleteMany({} as any)", ["DELETE user"]),
        ("typescript", "await prisma.$executeRaw`DELETE FROM a WHERE id=${id}`", ["DELETE a"]),
        ("tsx", "const A = () => <b onClick={() => fetch(u, {method: 'POST'})}/>", ["HTTP POST ?"]),
        ("sql", "INSERT INTO a (x, y) VALUES (1, 2); UPDATE s.b SET c = 1", ["INSERT a (x, y)", "UPDATE s.b (c)"]),
        ("sql", "WITH g AS (DELETE FROM a RETURNING id) SELECT * FROM g", ["DELETE a"]),
        ("sql", "DROP TABLE a; TRUNCATE b, c; ALTER TABLE d ADD COLUMN e int", None),
        ("sql", "SELECT 'DELETE FROM a'; -- DELETE FROM b", []),
    ],
)
def test_operations(language, text, expected):
    found = list(texts_of(read_script("x", text, language).operations))
    assert found == (["ALTER TABLE d", "DROP TABLE a", "TRUNCATE b", "TRUNCATE c"] if expected is None else expected)


@pytest.mark.parametrize(
    ("language", "old", "new"),
    [
        ("shell", "a && b\n", "# why\na &&\n  b\n"),
        ("shell", "if a; then b; fi\n", "if a\nthen\n  b\nfi\n"),
        ("javascript", "f(1, 2)", "// why\nf(\n  1,\n  2,\n);\n"),
        ("typescript", "let a: string = b", "/* why */ let a: string =\n  b;"),
        ("sql", "update a set b = 'x'", "-- why\nUPDATE a\n   SET b = 'x'"),
    ],
)
def test_formatting_does_not_count(language, old, new):
    assert read_script("x", old, language).digest == read_script("x", new, language).digest


@pytest.mark.parametrize(
    ("language", "old", "new"),
    [
        ("shell", "a && b\n", "a || b\n"),
        ("shell", "rm 'a b'\n", "rm 'a  b'\n"),
        ("shell", "rm '$x'\n", 'rm "$x"\n'),
        ("shell", "a\n", "a\na\n"),
        ("shell", "cat <<X\n a\nX\n", "cat <<X\na\nX\n"),
        ("javascript", "f(1, 2)", "f(1, 3)"),
        ("javascript", "return_(`a b`)", "return_(`a  b`)"),
        ("javascript", "[a,,b]", "[a,b]"),
        ("typescript", "await f()", "f()"),
        ("sql", "update a set b = 'x'", "update a set b = 'X'"),
        ("sql", 'select "A"', 'select "a"'),
        ("sql", "delete from a where b", "delete from a"),
    ],
)
def test_logic_counts(language, old, new):
    assert read_script("x", old, language).digest != read_script("x", new, language).digest


@pytest.mark.parametrize(
    ("language", "text"), [("shell", "if a; then"), ("javascript", "f(("), ("sql", "UPDATE SET WHERE ((")]
)
def test_what_does_not_parse_is_named(language, text):
    with pytest.raises(SourceError, match="does not parse as") as caught:
        read_script("x.y", text, language)
    assert caught.value.problem.path == "x.y"
