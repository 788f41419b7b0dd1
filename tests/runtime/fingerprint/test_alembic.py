"""Alembic's env.py with the guard, run by the real Alembic."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config

from holdline_runtime import fingerprint
from holdline_runtime.fingerprint import CorruptError, EnvironmentMismatchError, InvalidRequestError, TableMissingError
from holdline_runtime.fingerprint.alembic import guard

from .conftest import fails_with, staging

ENV = """\
import sqlalchemy
from alembic import context
from holdline_runtime.fingerprint.alembic import guard, include_name

url = context.config.get_main_option("sqlalchemy.url")
engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=sqlalchemy.MetaData(), include_name=include_name, transactional_ddl=True
    )
    with context.begin_transaction(), guard(connection, environment="staging"):
        context.run_migrations()
"""
SCRIPT = """\
\"\"\"${message}\"\"\"
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
def upgrade():
    ${upgrades if upgrades else "pass"}
def downgrade():
    pass
"""
MIGRATION = """\
from alembic import op
import sqlalchemy as sa
revision, down_revision = "one", None
def upgrade():
    op.create_table("orders", sa.Column("id", sa.Integer))
    {more}
def downgrade():
    op.drop_table("orders")
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('file')}"
    return str(request.getfixturevalue("shop").url())


@pytest.fixture
def project(tmp_path: Path, url: str) -> Config:
    """A project with a migration that makes the table `orders`."""
    folder = tmp_path / "alembic"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENV)
    (folder / "script.py.mako").write_text(SCRIPT)
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    config.set_main_option("sqlalchemy.url", url)
    write(config)
    return config


def write(config: Config, more: str = "") -> None:
    folder = Path(config.get_main_option("script_location") or "")
    (folder / "versions" / "one.py").write_text(MIGRATION.format(more=more))


def on(url: str, work: Any) -> Any:
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    with engine.connect() as connection:
        return work(connection)


def tables(url: str) -> set[str]:
    return set(on(url, lambda connection: sqlalchemy.inspect(connection).get_table_names()))


def test_the_right_database_is_migrated(project: Config, url: str) -> None:
    stamp = on(url, lambda connection: fingerprint.init(connection, environment="staging"))
    command.upgrade(project, "head")
    assert "orders" in tables(url)
    assert on(url, staging) == stamp
    command.downgrade(project, "base")
    assert "orders" not in tables(url)


def test_any_other_is_left_as_it_is(project: Config, url: str) -> None:
    fails_with(TableMissingError, lambda: command.upgrade(project, "head"))
    assert tables(url) == set()
    on(url, lambda connection: fingerprint.init(connection, environment="qa"))
    fails_with(EnvironmentMismatchError, lambda: command.upgrade(project, "head"))
    assert tables(url) == {"database_metadata"}


def test_a_migration_that_changes_the_fingerprint_is_rolled_back(project: Config, url: str) -> None:
    stamp = on(url, lambda connection: fingerprint.init(connection, environment="staging"))
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.execute("DROP TRIGGER database_metadata_update")
    write(project, "op.execute(\"UPDATE database_metadata SET fingerprint = '5f0c6a52-6c3c-4c6e-9d7c-0c5a2b0f7a10'\")")
    fails_with(CorruptError, lambda: command.upgrade(project, "head"), "a migration changed")
    if not url.startswith("sqlite"):  # whose driver commits before it changes the schema
        assert tables(url) == {"database_metadata"}
        assert on(url, staging) == stamp


def test_autogenerate_does_not_drop_the_table(project: Config, url: str) -> None:
    on(url, lambda connection: fingerprint.init(connection, environment="staging"))
    command.upgrade(project, "head")
    made = command.revision(project, autogenerate=True)
    text = Path(made.path).read_text()  # type: ignore[union-attr]
    assert "drop_table('orders')" in text
    assert "database_metadata" not in text


def test_offline_there_is_nothing_to_verify() -> None:
    def offline() -> None:
        with guard(None, environment="staging"):
            pass

    fails_with(InvalidRequestError, offline, "offline")
