from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from workbench.foundation.catalog import SCHEMA_REVISION, Base, Catalog, UtcDateTime
from workbench.foundation.errors import Invalid, Unavailable
from workbench.foundation.jobs import Jobs
from workbench.governance.security import Role, Security, audit_append, audit_entries, local_owner


def test_the_revision_this_version_knows_is_the_newest_of_the_chain() -> None:
    config = Config()
    config.set_main_option("script_location", "workbench:migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_REVISION


def test_the_chain_makes_exactly_the_declared_tables(catalog: Catalog) -> None:
    with catalog.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "workbench_version"})
        assert compare_metadata(context, Base.metadata) == []


def test_preparing_twice_changes_nothing(catalog: Catalog) -> None:
    catalog.prepare()
    assert catalog.revision() == SCHEMA_REVISION


def test_a_catalog_of_a_newer_version_is_refused_and_left_alone(catalog: Catalog) -> None:
    with catalog.begin() as session:
        session.execute(text("UPDATE workbench_version SET version_num = '9999'"))
    with pytest.raises(Unavailable, match="made by a newer version") as caught:
        catalog.prepare()
    assert "upgrade" in str(caught.value.hint)
    assert catalog.revision() == "9999"


def test_a_transaction_that_fails_leaves_nothing(catalog: Catalog) -> None:
    jobs = Jobs(catalog)

    def write_then_fail() -> None:
        with catalog.begin() as session:
            session.execute(text("INSERT INTO job (kind, slot, fence) VALUES ('a', 'b', 7)"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_then_fail()
    assert jobs.take("a", "b").fence == 1


def test_the_audit_log_refuses_to_be_changed_or_deleted(catalog: Catalog) -> None:
    security = Security(catalog)
    security.add_user("vera", Role.VIEWER, by=local_owner())
    for statement in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="append-only"), catalog.begin() as session:
            session.execute(text(statement))
    assert [entry.action for entry in security.audit()] == ["add user", "register owner"]


def test_times_come_back_in_utc_whatever_zone_they_had() -> None:
    from sqlalchemy.dialects import sqlite

    column = UtcDateTime()
    eastern = datetime(2013, 1, 1, 5, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-5)))
    stored = column.process_bind_param(eastern, sqlite.dialect())
    assert column.process_result_value(stored, sqlite.dialect()) == datetime(2013, 1, 1, 10, 0, 0, 123456, tzinfo=UTC)


def test_a_time_without_a_zone_is_refused() -> None:
    from sqlalchemy.dialects import sqlite

    with pytest.raises(Invalid, match="no time zone"):
        UtcDateTime().process_bind_param(datetime(2013, 1, 1), sqlite.dialect())  # noqa: DTZ001 - the point of it


def test_sqlite_is_set_to_survive_a_power_cut(tmp_path: Path) -> None:
    catalog = Catalog(f"sqlite:///{tmp_path / 'catalog.db'}")
    with catalog.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
    catalog.close()


def test_an_url_that_is_none_ends_in_one_sentence() -> None:
    with pytest.raises(Invalid, match="catalog's URL"):
        Catalog("postgres//nowhere")


def test_a_server_that_is_not_there_is_unavailable() -> None:
    catalog = Catalog("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2")
    with pytest.raises(Unavailable, match="cannot be used"):
        catalog.prepare()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_text("not a database at all, but long enough to be looked at" * 20)
    catalog = Catalog(f"sqlite:///{tmp_path / 'catalog.db'}")
    with pytest.raises(Exception, match=r"catalog\.db"):
        catalog.prepare()


def test_half_a_character_is_refused_in_a_column_a_document_and_a_question(catalog: Catalog) -> None:
    half = "caf\ud83d"
    with pytest.raises(Invalid, match="holds half a character"), catalog.read() as session:
        session.execute(text("SELECT :asked"), {"asked": half})
    with pytest.raises(Invalid, match="holds half a character"), catalog.begin() as session:
        audit_append(session, actor="ada", action="say", thing="it", detail={"said": half})
    with catalog.begin() as session:
        audit_append(session, actor="ada", action="say", thing="it", detail={"said": "café ☕"})
    with catalog.read() as session:
        assert [dict(entry.detail) for entry in audit_entries(session, thing="it")] == [{"said": "café ☕"}]
