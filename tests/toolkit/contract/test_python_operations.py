"""What a Python file does: databases, commands, HTTP; and what only looks like it."""

from __future__ import annotations

import pytest

from holdline.contract.operations import texts_of
from holdline.contract.python_operations import MARKS, PythonOperations
from holdline.source import parse


def operations(text: str) -> list[str]:
    data = text.encode()
    found = list(texts_of(PythonOperations(parse("a.py", data)).all))
    assert not found or MARKS.search(data), "the cheap first look would pass it over"
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('c.execute("INSERT INTO logs (a, b) VALUES (1, 2)")', ["INSERT logs (a, b)"]),
        ('c.execute("INSERT INTO logs VALUES (1, 2)")', ["INSERT logs (*)"]),
        ('c.executemany("UPDATE a SET b = %s, c.d = %s WHERE e = %s", x)', ["UPDATE a (b, d)"]),
        ('c.execute("update a set (b, c) = (1, 2)")', ["UPDATE a (b, c)"]),
        ('c.executescript("DELETE FROM a; DROP TABLE IF EXISTS b;")', ["DELETE a", "DROP TABLE b"]),
        ('c.execute("TRUNCATE TABLE a")', ["TRUNCATE a"]),
        ('c.execute("ALTER TABLE a ADD COLUMN b int")', ["ALTER TABLE a"]),
        ('c.execute("CREATE UNIQUE INDEX i ON a (b)")', ["CREATE INDEX i"]),
        ('c.execute("-- why\\n/* how */ DELETE FROM a")', ["DELETE a"]),
        ('c.execute(f"DELETE FROM {t}")', ["DELETE ?"]),
        ('c.execute("DELETE FROM " + t)', ["DELETE ?"]),
        ('c.execute("DELETE FROM %s" % t)', ["DELETE ?"]),
        ('c.execute("DELETE FROM {}".format(t))', ["DELETE ?"]),
        ('Q = "DELETE FROM a"\nc.execute(Q)', ["DELETE a"]),
        ('def run(c, q):\n    c.execute(q)\nrun(c, "DELETE FROM a")', ["DELETE a"]),
        ("from sqlalchemy import text\nc.execute(text('DELETE FROM a'))", ["DELETE a"]),
        ("from sqlalchemy import update as u\nc.execute(u(A).where(A.x == 1).values(y=2))", ["UPDATE A (y)"]),
        ("import sqlalchemy as sa\nc.execute(sa.insert(A))", ["INSERT A (*)"]),
        ("from sqlalchemy import delete\nc.execute(delete(A))", ["DELETE A"]),
        ("self.session.add(User(name='a', age=1))", ["INSERT User (age, name)"]),
        ("u = User()\nsession.delete(u)\nsession.commit()", ["COMMIT session", "DELETE User"]),
        ("import sqlalchemy\ndb.add(x)", ["INSERT ?"]),
        ("User.objects.filter(a=1).delete()", ["DELETE User"]),
        ("User.objects.create(a=1)", ["INSERT User (a)"]),
        ("db.orders.delete_many({})", ["DELETE orders"]),
        ('client["shop"]["orders"].insert_one({})', ["INSERT orders"]),
        ("from alembic import op\nop.drop_table('a')\nop.add_column('b', c)", ["ALTER TABLE b", "DROP TABLE a"]),
        ("from alembic import op\nop.execute('DELETE FROM a')", ["DELETE a"]),
        ("import subprocess\nsubprocess.run(['rm', '-rf', path])", ["RUN rm -rf ?"]),
        ("import subprocess as s\ns.check_call('dropdb shop', shell=True)", ["RUN dropdb"]),
        ("from subprocess import run\nrun(['sh', '-c', 'terraform destroy -auto-approve'])", ["RUN terraform destroy"]),
        ("import os\nos.system('python manage.py migrate')", ["RUN manage.py migrate"]),
        ("import sys, subprocess\nsubprocess.run([sys.executable, 'manage.py', 'flush'])", ["RUN manage.py flush"]),
        ("from django.core.management import call_command\ncall_command('migrate')", ["RUN manage.py migrate"]),
        ("import requests\nrequests.delete('https://x.test/1')", ["HTTP DELETE https://x.test/1"]),
        ("import requests\ns = requests.Session()\ns.put(url)", ["HTTP PUT ?"]),
        (
            "import httpx\nwith httpx.Client() as c:\n    c.request('POST', 'https://x.test')",
            ["HTTP POST https://x.test"],
        ),
    ],
)
def test_found(text, expected):
    assert operations(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        'c.execute("SELECT * FROM a")',
        'c.execute("EXPLAIN DELETE FROM a")',
        "c.execute(\"SELECT 'DELETE FROM a'\")",
        'print("DELETE FROM a")',
        '"""DELETE FROM a"""\nc.execute(q)',
        "seen.add(1)",
        "db.delete(key)",
        "d.update(a=1)",
        "import requests\nself.update_one(1)",
        "import os\nos.system('ls')",
        "import subprocess\nsubprocess.run(['git', 'status'])",
        "import subprocess\nsubprocess.run(['echo', 'rm -rf /'])",
        "import requests\nrequests.get(url)",
        "import requests\nsession = requests.Session()\nsession.get(u)",
        "requests = {}\nrequests.pop('delete')",
    ],
)
def test_not_found(text):
    assert operations(text) == []
