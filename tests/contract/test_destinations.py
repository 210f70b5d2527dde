"""What holds for every destination of rows: the same again changes nothing, and what fails leaves nothing behind.

A new one joins by one entry in `DESTINATIONS`: an address, and how what lies there is read back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
import pyarrow as pa
import pytest
from mariadb_server import mariadb_connection
from own_process import OwnProcess, killed
from scripted_api import Asked, Reply, Site, serving
from sqlalchemy import create_engine, text

from workbench import Workbench
from workbench.data.connectors import DatabaseAddress, open_source, read_frame
from workbench.data.destinations import Destination, Sent, destinations, open_destination
from workbench.foundation.errors import Conflict, Invalid, NotFound, Unavailable
from workbench.governance.runs import RunKind

ODD = 'or"de`rs/x:y %s'
ROWS = pl.DataFrame(
    {
        "id": [1, 2, 3],
        "code": ["a", "A", "O'Hare; --"],
        "amount": pl.Series(["1.50", None, "-0.01"]).cast(pl.Decimal(12, 2)),
        "share": [0.5, None, 1e300],
        "day": [date(2013, 1, 1), None, date(9999, 12, 31)],
        "at": pl.Series([datetime(2013, 1, 1, 5, tzinfo=UTC), None, datetime(2100, 1, 1, tzinfo=UTC)]).cast(
            pl.Datetime("us", "UTC")
        ),
        "late": [True, None, False],
        "raw": [b"\x00\xff", None, b""],
        "said": ["é=1+1", None, "tab\there\nand \\N"],
    }
)
CHANGED = ROWS.with_columns(said=pl.lit("changed")).filter(pl.col("id") > 1)
NEW = ROWS.head(1).with_columns(id=pl.lit(4, pl.Int64), code=pl.lit("new"))

DATABASES = [
    "sqlite",
    "duckdb",
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@pytest.fixture(params=DATABASES)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param in ("postgres", "mariadb"):
        return str(request.getfixturevalue(f"{request.param}_url"))
    return f"{request.param}:///{tmp_path / 'shop.db'}"


def there(address: str, table: str = ODD) -> pl.DataFrame:
    """What lies in the table, with the types that it was sent with: not every database has all of them."""
    found = read_frame(open_source(address), table=table)
    naive = [name for name, kind in found.schema.items() if kind == pl.Datetime("us")]
    found = found.with_columns(pl.col(naive).dt.replace_time_zone("UTC"))
    return found.sort("id")


def execute(address: str, *statements: str) -> None:
    if address.startswith("duckdb"):
        import duckdb

        with duckdb.connect(address.removeprefix("duckdb:///")) as connection:
            for statement in statements:
                connection.execute(statement)
        return
    engine = create_engine(DatabaseAddress(address).url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_rows_arrive_as_they_are_and_come_back(wb: Workbench, address: str) -> None:
    sent = wb.etl.send(ROWS, address, ODD, key=["id", "code"])
    assert (sent.rows, sent.added) == (3, 3)
    assert ODD in sent.place
    found = there(address)
    assert found.equals(ROWS)
    assert found.schema == ROWS.schema


def test_the_same_again_changes_nothing_and_a_key_takes_its_row_s_place(wb: Workbench, address: str) -> None:
    wb.etl.send(ROWS, address, ODD, key=["id", "code"])
    assert wb.etl.send(ROWS, address, ODD, key=["id", "code"]).added == 0
    assert there(address).equals(ROWS)
    assert wb.etl.send(pl.concat([CHANGED, NEW]), address, ODD, key=["id", "code"]).added == 1
    assert there(address).equals(pl.concat([ROWS.head(1), CHANGED, NEW]))


def test_without_a_key_the_rows_are_all_there_is_if_that_is_meant(wb: Workbench, address: str) -> None:
    wb.etl.send(ROWS, address, "orders")
    with pytest.raises(Conflict, match="has rows already"):
        wb.etl.send(NEW, address, "orders")
    assert there(address, "orders").equals(ROWS)
    assert wb.etl.send(NEW, address, "orders", overwrite=True) == Sent(
        f"{open_destination(address).url}, table 'orders'", 1
    )
    assert there(address, "orders").equals(NEW)


def test_a_table_of_others_keeps_its_other_columns_and_rows(wb: Workbench, address: str) -> None:
    execute(
        address,
        "CREATE TABLE orders (id bigint, title varchar(20), note varchar(20))",
        "INSERT INTO orders VALUES (1, 'old', 'keep'), (9, 'theirs', 'keep')",
    )
    sent = wb.etl.send(pl.DataFrame({"id": [1, 2], "title": ["new", "added"]}), address, "orders", key="id")
    assert sent.added == 1
    assert there(address, "orders").rows() == [(1, "new", "keep"), (2, "added", None), (9, "theirs", "keep")]
    with pytest.raises(NotFound, match=r"no column in .*, table 'orders' 'titel'; did you mean 'title'"):
        wb.etl.send(pl.DataFrame({"id": [1], "titel": ["x"]}), address, "orders", key="id")


@pytest.mark.parametrize(
    ("rows", "key", "said"),
    [
        (pl.concat([ROWS, ROWS.head(1)]), ["id"], "two rows for .* have one key, id = '1'"),
        (ROWS.with_columns(id=pl.Series([1, None, 3])), ["id"], "has no value in its key"),
        (ROWS, ["idd"], "did you mean 'id'"),
    ],
)
def test_rows_without_a_sound_key_leave_everything_as_it_was(
    wb: Workbench, address: str, rows: pl.DataFrame, key: list[str], said: str
) -> None:
    wb.etl.send(NEW, address, "orders")
    with pytest.raises(Invalid, match=said):
        wb.etl.send(rows, address, "orders", key=key)
    assert there(address, "orders").equals(NEW)
    with pytest.raises(Invalid):
        wb.etl.send(rows, address, "not_yet", key=key)
    assert "not_yet" not in open_source(address).tables()


def test_a_value_that_does_not_fit_leaves_everything_as_it_was(wb: Workbench, address: str) -> None:
    """SQLite takes any value for any type but one that a constraint forbids."""
    execute(address, "CREATE TABLE orders (id int, n int CHECK (n < 1000))", "INSERT INTO orders VALUES (1, 1)")
    many = pl.DataFrame({"id": range(100_000), "n": [7] * 99_999 + [1001]})
    with pytest.raises((Invalid, Conflict), match="refused the rows"):
        wb.etl.send(many, address, "orders", key="id")
    assert there(address, "orders").rows() == [(1, 1)]


@pytest.mark.parametrize("failpoint", ["destinations.filled", "destinations.before_commit"])
def test_killed_in_the_middle_nothing_is_there_and_again_makes_it_whole(
    wb: Workbench, address: str, failpoint: str
) -> None:
    wb.etl.send(ROWS, address, ODD, key=["id", "code"])
    CHANGED.vstack(NEW).write_parquet(wb.settings.home / "rows.parquet")
    send = (
        f"import polars as pl\nwb.etl.send(pl.read_parquet('rows.parquet'), {address!r}, {ODD!r}, key=['id', 'code'])"
    )
    killed(wb.settings.home, send, failpoint)
    assert there(address).equals(ROWS)
    assert OwnProcess(wb.settings.home, send).ended() == 0
    assert there(address).equals(pl.concat([ROWS.head(1), CHANGED, NEW]))


@pytest.mark.parametrize("name", ["out.csv", "out.tsv", "out.ndjson", "out.parquet", "out.xlsx"])
@pytest.mark.parametrize("where", ["local", "store"])
def test_a_file_is_whole_or_not_there(wb: Workbench, name: str, where: str, tmp_path: Path) -> None:
    to = str(tmp_path / name) if where == "local" else f"memory://sent-{tmp_path.name}/{name}"
    rows = ROWS.drop("raw", "share")  # neither has every format
    assert wb.etl.send(rows, to) == Sent(to, 3)
    with pytest.raises(Conflict, match="there is a file"):
        wb.etl.send(rows, to)
    wb.etl.send(rows, to, overwrite=True)
    found = read_frame(open_source(to))
    assert found.height == 3
    assert found["code"].to_list() == ["a", "A", "O'Hare; --"]
    assert found["said"].to_list()[:2] == ["é=1+1", None]
    if name == "out.parquet":
        assert found.equals(rows)
    with pytest.raises(Invalid, match="no key to replace rows by"):
        wb.etl.send(rows, to, key="id", overwrite=True)
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ([name] if where == "local" else [])


def test_a_file_that_cannot_be_written_leaves_the_old_one(wb: Workbench, tmp_path: Path) -> None:
    wb.etl.send(ROWS.select("id"), tmp_path / "out.csv")
    before = (tmp_path / "out.csv").read_bytes()
    for rows, said in ((ROWS, "'raw', which is bytes"), (ROWS.select(a=pl.struct("id")), "cannot hold these columns")):
        with pytest.raises(Invalid, match=said):
            wb.etl.send(rows, tmp_path / "out.csv", overwrite=True)
    assert (tmp_path / "out.csv").read_bytes() == before
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["out.csv"]
    with pytest.raises(Invalid, match=r"did you mean '\.parquet'"):
        wb.etl.send(ROWS, tmp_path / "out.parqet")


def test_a_formula_stays_a_text(wb: Workbench, tmp_path: Path) -> None:
    said = ['=HYPERLINK("http://x")', "+1", "12345678901234567890"]
    wb.etl.send(pl.DataFrame({"said": said, "n": [2**60, 1, -1]}), tmp_path / "out.xlsx")
    found = read_frame(open_source(f"{tmp_path / 'out.xlsx'}#types=said:text,n:integer"))
    assert found["said"].to_list() == said
    assert found["n"].to_list() == [2**60, 1, -1]


def test_empty_datasets_are_tables_and_files_too(wb: Workbench, address: str, tmp_path: Path) -> None:
    assert wb.etl.send(ROWS.clear(), address, ODD, key="id").rows == 0
    assert there(address).schema == ROWS.schema
    assert wb.etl.send(ROWS.clear().drop("raw"), tmp_path / "out.csv").rows == 0
    assert (tmp_path / "out.csv").read_text().startswith("id,code,amount")


class Shop:
    """Keeps orders by id, and each request's answer by its idempotency key, as such APIs do."""

    def __init__(self) -> None:
        self.orders: dict[int, dict[str, Any]] = {}
        self.known: set[str] = set()
        self.bad = 0

    def __call__(self, asked: Asked) -> Reply:
        assert asked.headers["authorization"] == "Bearer s3cret"
        key = asked.headers["idempotency-key"]
        if self.bad:
            self.bad -= 1
            return Reply({"detail": "not now"}, 503)
        body = json.loads(asked.body)
        rows = [body] if isinstance(body, dict) and "items" not in body else body["items"]
        if any(row["said"] == "refused" for row in rows):
            return Reply({"detail": "no such order"}, 422)
        if key not in self.known:
            self.known.add(key)
            self.orders |= {row["id"]: row for row in rows}
        return Reply({})


@contextmanager
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Shop, Site]]:
    monkeypatch.setenv("SHOP_TOKEN", "s3cret")
    orders = Shop()
    with serving(orders) as site:
        yield orders, site


AUTH = "auth=bearer:env:SHOP_TOKEN&private=yes"


def test_an_api_gets_rows_in_parts_and_each_again_until_it_takes_it(
    wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shop(monkeypatch) as (orders, site):
        to = f"{site.address}/v1/orders#rows=items&size=2&{AUTH}"
        orders.bad = 1
        assert wb.etl.send(ROWS, to, key="id").rows == 3
        assert [asked.method for asked in site.asked] == ["POST"] * 3
        assert site.asked[0].headers["idempotency-key"] == site.asked[1].headers["idempotency-key"]
        assert orders.orders[1]["at"] == "2013-01-01T05:00:00+00:00"
        assert (orders.orders[1]["amount"], orders.orders[1]["raw"], orders.orders[2]["share"]) == (
            "1.50",
            "00ff",
            None,
        )
        known = set(orders.known)
        wb.etl.send(ROWS, to, key="id")
        assert orders.known == known


def test_an_api_gets_each_row_at_its_own_address(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    with shop(monkeypatch) as (orders, site):
        wb.etl.send(ROWS, f"{site.address}/v1/orders/{{code}}#{AUTH}")
        assert [(asked.method, asked.path) for asked in site.asked] == [
            *(("PUT", "/v1/orders/a"), ("PUT", "/v1/orders/A"), ("PUT", "/v1/orders/O%27Hare%3B%20--"))
        ]
        assert set(orders.orders) == {1, 2, 3}


def test_what_an_api_refuses_is_named_by_its_rows(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    with shop(monkeypatch) as (_, site):
        to = f"{site.address}/v1/orders#rows=items&size=2&{AUTH}"
        rows = ROWS.with_columns(said=pl.Series(["ok", "ok", "refused"]))
        with pytest.raises(Invalid, match=r"rows 3 to 3: .*no such order; 2 rows before them are there") as caught:
            wb.etl.send(rows, to, key="id")
        assert "s3cret" not in str(caught.value)
        for wrong, given, said in (
            (to, {}, "need a key"),
            (to, {"key": "id", "table": "x"}, "has no tables"),
            (f"{site.address}/{{idd}}#{AUTH}", {}, "did you mean 'id'"),
            (f"{site.address}/x#size=0", {"key": "id"}, "size"),
            (f"{site.address}/x?token=abc", {"key": "id"}, "'token' in clear"),
            (site.address.replace("//", "//me:hush@"), {"key": "id"}, "has a name or a password in it"),
        ):
            with pytest.raises(Invalid, match=said) as caught:
                wb.etl.send(ROWS, wrong, **given)
            assert "hush" not in str(caught.value)
            assert "abc" not in str(caught.value)


def test_a_server_that_cannot_be_reached_is_one_sentence(wb: Workbench, tmp_path: Path) -> None:
    for scheme, where in (("postgresql", f"localhost/nothing?host={tmp_path}"), ("mariadb", "127.0.0.1:1/nothing")):
        with pytest.raises(Unavailable, match="cannot be reached") as caught:
            wb.etl.send(ROWS, f"{scheme}://me:hush@{where}", "orders", key="id")
        assert "hush" not in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("server", DATABASES[2:])
def test_a_server_that_ends_the_connection_keeps_nothing(
    wb: Workbench, server: str, request: pytest.FixtureRequest
) -> None:
    address = str(request.getfixturevalue(f"{server}_url"))
    wb.etl.send(NEW, address, "orders")

    def rows() -> Iterator[pl.DataFrame]:
        yield from [ROWS] * 3
        if server == "mariadb":
            with closing(mariadb_connection(address)) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT id FROM information_schema.processlist WHERE db = database()")
                for (one,) in cursor.fetchall():
                    if one != connection.thread_id():
                        cursor.execute(f"KILL {one}")
        else:
            execute(
                address,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
        yield from [ROWS] * 3

    batches = (part for frame in rows() for part in frame.to_arrow().to_batches())
    reader = pa.RecordBatchReader.from_batches(ROWS.to_arrow().schema, batches)
    with pytest.raises(Unavailable, match="table 'orders': the connection broke, and nothing of it was kept"):
        open_destination(address).write(reader, table="orders", key=[], overwrite=True)
    assert there(address, "orders").equals(NEW)


def test_what_a_run_sent_is_in_its_lineage(wb: Workbench, tmp_path: Path) -> None:
    wb.datasets.create("orders", ROWS)
    run = wb.runs.start(RunKind.NOTEBOOK, "send", actor=wb.actor, parameters={})
    inside = Workbench(wb.settings, wb.catalog, wb.runs.actor(run.id, wb.actor.principal))
    inside.etl.send("orders", tmp_path / "orders.parquet")
    edges = [(edge.direction, edge.kind, edge.name) for edge in wb.runs.edges(run.id)]
    assert edges == [("read", "dataset", "orders"), ("write", "destination", str(tmp_path / "orders.parquet"))]


class Kept:
    """A destination of somebody else's."""

    rows: ClassVar[list[int]] = []

    def __init__(self, url: str) -> None:
        self.url = url

    def write(self, rows: pa.RecordBatchReader, *, table: str | None, key: Sequence[str], overwrite: bool) -> Sent:
        Kept.rows += rows.read_all()["id"].to_pylist()
        return Sent(self.url, len(Kept.rows))


def test_one_of_somebody_else_s_joins_by_its_scheme(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(destinations._things, "kept", Kept)
    assert isinstance(open_destination("kept://here"), Destination)
    assert str(wb.etl.send(ROWS, "kept://here")) == "3 rows are in kept://here"
    assert Kept.rows == [1, 2, 3]


def test_an_unknown_scheme_gets_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean 'postgresql'"):
        open_destination("postgersql://somewhere/db")
    assert isinstance(open_destination("out.csv"), Destination)
