"""Command lines: what they do, however they are written; and that no text breaks the readers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline.contract.commands import read_command
from holdline.contract.operations import not_allowed, split_text, texts_of
from holdline.contract.sql_words import read_sql

_WORDS = "insert into update set delete from where with as drop alter truncate table if exists values a b.c \"x\" 'y' ; ( ) , = . $$ -- /* */ ? \n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cd /srv\nrm -rf data", ["RUN rm -rf data"]),
        ("alembic -c a.ini \\\n  upgrade head", ["RUN alembic upgrade"]),
        ("echo a#b; dropdb shop", ["RUN dropdb"]),
        ("true&&terraform destroy||true", ["RUN terraform destroy"]),
        ("(cd x; kubectl delete pod y)", ["RUN kubectl delete"]),
        ("echo $(rm -r x)", ["RUN rm -rf x"]),
        ("A=1 B=2 nohup sudo env C=3 dropdb x &", ["RUN dropdb"]),
        ("python3.12 -u manage.py migrate --noinput", ["RUN manage.py migrate"]),
        ("npx prisma migrate deploy", ["RUN prisma migrate"]),
        ("aws dynamodb delete-table --table-name x", ["RUN aws delete"]),
        ("git push --force origin main", ["RUN git push --force"]),
        ("git push origin main", []),
        ("kubectl get pods", []),
        ("alembic history", []),
        ("rm -f x", []),
        ("rm '' -rf x", ["RUN rm -rf x"]),
        ("echo 'dropdb x", []),
        ("psql -f fix.sql", ["RUN psql fix.sql"]),
        ("curl -d @x https://x.test", ["HTTP POST https://x.test"]),
        ("curl https://x.test", []),
    ],
)
def test_commands(text: str, expected: list[str]) -> None:
    assert list(texts_of(read_command(text))) == expected


@given(st.lists(st.sampled_from(_WORDS.split(" ")), max_size=25).map(" ".join))
def test_no_text_breaks_the_readers(text: str) -> None:
    for operation in (*read_sql(text), *read_command(text)):
        head, columns = split_text(operation.text)
        assert (head, columns) == (f"{operation.verb} {operation.target}", operation.columns)
        assert not_allowed([operation], [operation.text]) == []
        assert operation.target


@given(st.text(max_size=60))
def test_no_characters_break_the_readers(text: str) -> None:
    read_command(f"psql -c {text}")
    read_sql(f"UPDATE {text}")
    read_sql(f"INSERT INTO {text}")
