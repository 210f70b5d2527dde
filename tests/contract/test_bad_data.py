"""What is wrong with data is said by source, place and row; nothing half-loaded is seen, and nothing loaded is lost.

Each case goes through a user's doors: a first load, and a sync of a source that was good until then. What is said of
each stands in docs/bad-data.md.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from bad_files import BAD_FILES
from house import ROOT
from mariadb_server import mariadb_connection
from scripted_api import Asked, Handle, Reply, in_turn, paged, serving
from sqlalchemy.engine import make_url

from workbench import Workbench
from workbench.foundation.errors import Invalid, Unavailable, WorkbenchError
from workbench.governance.runs import RunStatus

PAGE = re.sub(r"\s+", " ", (ROOT / "docs" / "bad-data.md").read_text())
GOOD = pl.DataFrame({"a": [1, 2]})
ROWS = [{"id": number} for number in range(5)]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Workbench]]:
    """A workbench in which a file of an ending was good once, and was synced."""
    home = tmp_path_factory.mktemp("bad")
    (home / "workbench.toml").write_text("")

    def with_good(ending: str) -> Workbench:
        name = ending.strip(".").replace(".", "_")
        if not wb.lake.exists(name):
            _write_good(home / f"file{ending}")
            wb.sources.add(name, f"file{ending}", into=name)
            wb.sources.sync(name)
        return wb

    with Workbench.open(home) as wb:
        yield with_good


def _write_good(path: Path) -> None:
    match path.suffix:
        case ".parquet":
            GOOD.write_parquet(path)
        case ".json":
            GOOD.write_json(path)
        case ".ndjson":
            GOOD.write_ndjson(path)
        case ".xlsx":
            import openpyxl

            workbook = openpyxl.Workbook()
            for row in (["a"], [1], [2]):
                workbook.active.append(row)
            workbook.save(path)
        case ".gz":
            GOOD.write_csv(path, compression="gzip", check_extension=False)
        case _:
            GOOD.write_csv(path)


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_file_with_something_wrong(synced: Callable[[str], Workbench], case: str) -> None:
    ending, content, says = BAD_FILES[case]
    wb = synced(ending)
    name, path = ending.strip(".").replace(".", "_"), wb.settings.home / f"file{ending}"
    path.write_bytes(content)
    with pytest.raises(Invalid) as caught:
        wb.datasets.load(path, "other")
    assert str(path) in str(caught.value)
    assert says in str(caught.value)
    assert not wb.lake.exists("other")

    before = wb.lake.version(name)
    with pytest.raises(Invalid) as caught:
        wb.sources.sync(name)
    assert f"source '{name}': " in str(caught.value)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (wb.lake.version(name), wb.datasets[name].to_polars().rows()) == (before, [(1,), (2,)])
    (last,) = wb.sources.history(name, limit=1)
    assert (last.outcome, last.version, wb.runs.get(last.run).status) == ("failed", None, RunStatus.FAILED)
    assert says in PAGE


def test_what_looks_odd_and_is_right_comes_in(wb: Workbench, workspace: Path) -> None:
    odd = {
        "bom.csv": b"\xef\xbb\xbfa,b\n1,2\n",
        "cr.csv": b"a,b\r1,2\r",
        "mixed.csv": b"a,b\r\n1,2\n\n",
        "no end.csv": b"a,b\n1,2",
        'it\'s "odd" #1; 100%.csv': b"a,b\n1,2\n",
        "new\nline.csv": b"a,b\n1,2\n",
    }
    for number, (name, content) in enumerate(odd.items()):
        (workspace / name).write_bytes(content)
        assert wb.datasets.load(name, f"d{number}").to_polars().rows() == [(1, 2)], name
    (workspace / "header.csv").write_bytes(b"a,b")
    assert wb.datasets.load("header.csv", "header").to_polars().shape == (0, 2)
    (workspace / "long.csv").write_bytes(b"a,b\n1," + b"x" * 10_000_000 + b"\n")
    assert wb.datasets.load("long.csv", "long").to_polars()["b"].str.len_bytes().to_list() == [10_000_000]
    (workspace / "names.csv").write_bytes(b'"a""b",c/d,e\'f,../g\n1,2,3,4\n')
    assert wb.datasets.load("names.csv", "names").to_polars().columns == ['a"b', "c/d", "e'f", "../g"]
    (workspace / "wide.csv").write_text(",".join(f"c{n}" for n in range(2_000)) + "\n" + "1," * 1_999 + "1\n")
    assert len(wb.datasets.load("wide.csv", "wide").info.columns) == 2_000
    for name, content in {
        "big.json": '[{"a": 1}, {"a": 9223372036854775808}]',
        "days.csv": "a\n1\n9999999999999999999",
    }.items():
        (workspace / name).write_text(content)
        rows = wb.datasets.load(name, name.partition(".")[0]).to_polars()["a"].to_list()
        assert rows[0] == "1"
        assert rows[1].startswith("9")
    (workspace / "late.csv").write_text("a\n" + "1\n" * 100_000 + "x\n")
    assert wb.datasets.load("late.csv", "late").to_polars()["a"][-1] == "x"


@pytest.mark.parametrize(
    ("header", "says"), [("a,A", "'a' and 'A' differ only in upper and lower case"), ("  ", "a column has no name")]
)
def test_names_that_no_dataset_can_have(wb: Workbench, workspace: Path, header: str, says: str) -> None:
    (workspace / "names.csv").write_text(f"{header}\n{header}\n")
    with pytest.raises(Invalid) as caught:
        wb.datasets.load("names.csv", "names")
    assert str(workspace / "names.csv") in str(caught.value)
    assert says in str(caught.value)
    assert says in PAGE
    assert not wb.lake.exists("names")


def test_whole_numbers_that_no_type_holds_within_lists_are_refused(wb: Workbench, workspace: Path) -> None:
    (workspace / "big.ndjson").write_text('{"a": {"b": 9223372036854775808}}\n')
    with pytest.raises(Invalid, match=r"column 'a': a whole number beyond 64 bits within a list"):
        wb.datasets.load("big.ndjson", "big")
    assert not wb.lake.exists("big")


def _repeats(asked: Asked) -> Reply:
    return paged(ROWS, "page")(Asked(asked.method, asked.path, {"page": "1"}, asked.headers, b""))


def _changes(asked: Asked) -> Reply:
    first = asked.query["page"] == "1"
    return Reply({"data": [{"id": 1 if first else "x"}], "more": first})


_LAST_FAILS = paged(ROWS, "page")
APIS: dict[str, tuple[Handle, type[WorkbenchError], str]] = {
    "HTML": (in_turn(Reply(b"<html>", kind="text/html")), Invalid, "answers with text/html, not with JSON"),
    "HTML that says it is JSON": (in_turn(Reply(b"<html>")), Invalid, "answers with broken JSON"),
    "too many requests": (in_turn(Reply(status=429)), Unavailable, "(429)"),
    "a page that comes again": (_repeats, Invalid, "page 2 has the very rows of the page before"),
    "a page that is cut off": (in_turn(Reply(ROWS, cut=9)), Unavailable, "broke off before its answer was whole"),
    "another type half-way": (
_changes,
        Invalid,
        "column 'id' is a whole number",
    ),
    "a later page that fails": (
        lambda asked: Reply(status=500) if asked.query["page"] == "3" else _LAST_FAILS(asked),
        Unavailable,
        "page 3",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", APIS)
def test_an_api_with_something_wrong(wb: Workbench, case: str) -> None:
    handle, kind, says = APIS[case]
    good = [True]
    with serving(lambda asked: paged(ROWS, "page")(asked) if good[0] else handle(asked)) as site:
        url = f"{site.address}/rows#rows=data&pages=page&more=more&private=yes&attempts=1"
        wb.sources.add("api", url, into="api")
        wb.sources.sync("api")
        good[0] = False
        with pytest.raises(kind) as caught:
            wb.sources.sync("api")
        assert str(caught.value).startswith("source 'api': ")
        assert site.url in str(caught.value)
        assert says in str(caught.value)
        assert says in PAGE
        assert (wb.lake.version("api"), wb.datasets["api"].to_polars().height) == (1, 5)
        good[0] = True
        assert wb.sources.sync("api").outcome == "succeeded"


def test_a_source_that_cannot_be_reached(wb: Workbench, workspace: Path, command: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    urls = {
        "api": f"http+json://127.0.0.1:{port}/rows#private=yes&attempts=1",
        "postgres": f"postgresql://u@127.0.0.1:{port}/shop",
        "maria": f"mysql://u@127.0.0.1:{port}/shop",
    }
    for name, url in urls.items():
        wb.sources.add(name, url, into=name, **({} if name == "api" else {"table": "orders"}))
        with pytest.raises(Unavailable, match=rf"source '{name}': .*127\.0\.0\.1"):
            wb.sources.sync(name)
        ended = command("source", "sync", name)
        assert (ended.code, f"error: source '{name}': " in ended.err, "Traceback" in ended.err) == (1, True, False)
        assert not wb.lake.exists(name)
    wb.sources.add("gone", "gone.csv", into="gone")
    ended = command("source", "sync", "gone")
    assert (ended.code, "source 'gone': no file" in ended.err) == (2, True)


@pytest.mark.postgres
def test_a_database_that_drops_the_connection_half_way(wb: Workbench, postgres_url: str) -> None:
    ends = "CASE WHEN n = 250000 AND (SELECT on_ FROM trap) THEN pg_terminate_backend(pg_backend_pid()) END"
    _run(
        postgres_url,
        "CREATE TABLE trap AS SELECT true AS on_",
        f"CREATE VIEW many AS SELECT n AS id, repeat('x', 99) AS said, {ends} AS x FROM generate_series(1, 300000) n",
    )
    wb.sources.add("many", postgres_url, into="many", table="many")
    with pytest.raises(Unavailable, match=r"source 'many': .*, table 'many': the connection broke after row [1-9]"):
        wb.sources.sync("many")
    assert not wb.lake.exists("many")
    _run(postgres_url, "UPDATE trap SET on_ = false")
    assert wb.sources.sync("many").rows == 300_000
    _run(postgres_url, "UPDATE trap SET on_ = true")
    with pytest.raises(Unavailable):
        wb.sources.sync("many", anew=True)
    assert (wb.lake.version("many"), wb.datasets["many"].info.rows) == (1, 300_000)
    assert "the connection broke after row" in PAGE


@pytest.mark.parametrize(
    ("server", "made", "says"),
    [
        pytest.param("postgres", "timestamptz, 'infinity'", "row 2, column 'a'", marks=pytest.mark.postgres),
        pytest.param("mariadb", "date, '0000-00-00'", "row 2, column 'a': '0000-00-00'", marks=pytest.mark.mariadb),
    ],
)
def test_a_value_that_cannot_be_kept(
    wb: Workbench, request: pytest.FixtureRequest, server: str, made: str, says: str
) -> None:
    url = str(request.getfixturevalue(f"{server}_url"))
    kind, value = made.split(", ")
    _run(url, f"CREATE TABLE odd (a {kind})")
    wb.sources.add("odd", url, into="odd", table="odd")
    wb.sources.sync("odd")
    mode = ("SET sql_mode = ''",) if server == "mariadb" else ()
    _run(url, *mode, f"INSERT INTO odd VALUES (NULL), ({value})")
    with pytest.raises(Invalid) as caught:
        wb.sources.sync("odd")
    assert "source 'odd': " in str(caught.value)
    assert says in str(caught.value)
    assert (wb.lake.version("odd"), wb.datasets["odd"].info.rows) == (1, 0)


def _run(url: str, *statements: str) -> list[Any]:
    if url.startswith("mariadb"):
        with closing(mariadb_connection(url)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        for statement in statements:
            found = connection.execute(statement)  # type: ignore[call-overload]
        return found.fetchall() if found.description else []
