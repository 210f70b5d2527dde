"""Uploads: what comes in, what it is taken for, and that it is in a dataset once or not at all."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import zipfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from own_process import killed
from sqlalchemy import text

from workbench import Workbench
from workbench.data.uploads import ReadAs, UploadState
from workbench.foundation.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from workbench.governance.security import Principal, Role

ROWS = pl.DataFrame({"id": [1, 2, 3], "name": ["a", "b", "c"]})
CSV = b"id,name\n1,a\n2,b\n3,c\n"
ANA, ANN = Principal("ana", Role.ANALYST), Principal("ann", Role.ANALYST)


def sent(wb: Workbench, name: str, content: bytes) -> str:
    upload = wb.uploads.start(name, len(content))
    with wb.uploads.receive(upload.id) as part:
        part.write(content)
    return upload.id


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["id", "name"], [1, "a"], [2, "b"], [3, "c"]):
        sheet.append(row)
    book.create_sheet("empty")
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def parquet() -> bytes:
    written = io.BytesIO()
    ROWS.write_parquet(written)
    return written.getvalue()


KINDS: dict[str, bytes] = {
    "orders.csv": CSV,
    "no ending": CSV,
    "semicolons.csv": CSV.replace(b",", b";"),
    "tabs.tsv": CSV.replace(b",", b"\t"),
    "bom.csv": b"\xef\xbb\xbf" + CSV,
    "wide.csv": CSV.decode().encode("utf-16"),
    "packed.csv.gz": gzip.compress(CSV),
    "packed.csv.bz2": bz2.compress(CSV),
    "lines.json": b'{"id": 1, "name": "a"}\n{"id": 2, "name": "b"}\n{"id": 3, "name": "c"}\n',
    "list.json": b'[{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 3, "name": "c"}]',
    "book.xlsx": workbook(),
    "lies.csv": parquet(),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_known_by_its_bytes(wb: Workbench, name: str) -> None:
    upload = sent(wb, name, KINDS[name])
    found = wb.uploads.preview(upload)
    assert found.rows == 3
    assert found.frame.equals(ROWS)
    done = wb.uploads.load(upload, "orders")
    assert (done.state, done.dataset, done.version) == (UploadState.LOADED, "orders", 0)
    assert wb.datasets["orders"].to_polars().equals(ROWS)
    assert not list(wb.settings.uploads_dir.glob("*")), "its bytes are gone"


def test_types_and_the_like_can_be_changed(wb: Workbench) -> None:
    content = "id;when;gr\u00f6\u00dfe\n007;2020-01-01 10:00;1\n008;2020-01-02 10:00;2\n".encode("cp1252")
    upload = sent(wb, "orte.csv", content)
    found = wb.uploads.preview(upload)
    assert (found.read.separator, found.read.encoding) == (";", "cp1252"), "as it was found to be"
    assert found.zoneless == ("when",)
    with pytest.raises(Invalid, match="without a time zone"):
        wb.uploads.load(upload, "orte")
    read = ReadAs(types={"gr\u00f6\u00dfe": "text"}, time_zone="Europe/Vienna")
    assert wb.uploads.preview(upload, read).frame.schema["gr\u00f6\u00dfe"] == pl.String
    wb.uploads.load(upload, "orte", read=read)
    frame = wb.datasets["orte"].to_polars()
    assert frame["gr\u00f6\u00dfe"].to_list() == ["1", "2"]
    assert frame["when"][0] == datetime(2020, 1, 1, 9, tzinfo=UTC)
    assert wb.datasets["orte"].versions()[0].operation == "create"


def bomb(entry: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
        packed.writestr(entry, b"0" * 12_000_000)
    return written.getvalue()


def hollow_parquet() -> bytes:
    written = io.BytesIO()
    column = pa.DictionaryArray.from_arrays(pl.repeat(0, 20_000_000, eager=True, dtype=pl.Int8).to_arrow(), ["x"])
    pq.write_table(pa.table({"x": column}), written, row_group_size=20_000_000, data_page_size=1 << 30)
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty lines.csv", b"\n\n", "empty"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n", "'ragged.csv', line 3: 3 fields where the header has 2"),
        ("bytes.csv", b"a,b\n\0\1\2,3\n", "'bytes.csv' is no text, no workbook"),
        ("old.xls", bytes.fromhex("d0cf11e0a1b11ae1") + b"0" * 100, "Excel 97"),
        ("archive.zip", b"PK\x03\x04 and no more", "'archive.zip' cannot be unpacked"),
        ("cut.parquet", parquet()[:-20], "'cut.parquet' cannot be unpacked"),
        ("cut.csv.gz", gzip.compress(CSV * 1000)[:-40], "'cut.csv.gz' cannot be unpacked"),
        ("bomb.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 3_000_000), "more than 8,000,000 bytes unpacked"),
        ("bomb.xlsx", bomb("xl/worksheets/sheet1.xml"), "more than 8,000,000 bytes unpacked"),
        ("hollow.parquet", hollow_parquet(), "says that it has 20,000,000 values"),
        ("page.json", b"{not json", "'page.json', line 1, character 2: no JSON"),
        ("quote.csv", b'a,b\n"1,2\n', "opened and never closed"),
    ],
    ids=lambda given: given if isinstance(given, str) and "." in given[-8:] else "-",
)
def test_what_cannot_be_read_is_said_with_its_own_name(
    wb: Workbench, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, said: str
) -> None:
    monkeypatch.setattr(wb.uploads, "_settings", wb.settings.model_copy(update={"upload_limit": 1}))
    assert len(content) < 1_000_000
    upload = sent(wb, name, content)
    with pytest.raises(Invalid) as refused:
        wb.uploads.preview(upload)
    assert said in str(refused.value)
    assert str(wb.settings.home) not in f"{refused.value} {refused.value.hint}"
    with pytest.raises(Invalid):
        wb.uploads.load(upload, "orders")
    assert "orders" not in wb.datasets
    assert [run.status for run in wb.runs.list()] == ["failed"], "and that is on record"


def test_a_line_of_ten_megabytes_is_a_row(wb: Workbench) -> None:
    upload = sent(wb, "long.csv", b"id,text\n1," + b"x" * 10_000_000 + b"\n2,y\n")
    wb.uploads.load(upload, "long")
    assert wb.datasets["long"].to_polars()["text"].str.len_bytes().to_list() == [10_000_000, 1]


@pytest.mark.parametrize(
    ("given", "file"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\orders.csv", "orders.csv"),
        ("/orders.csv", "orders.csv"),
        ("a'b\"c<d>.csv", "a'b\"c<d>.csv"),
        (".htaccess", ".htaccess"),
    ],
)
def test_only_a_name_is_kept_and_nothing_is_written_under_it(wb: Workbench, given: str, file: str) -> None:
    upload = sent(wb, given, CSV)
    assert wb.uploads.get(upload).file == file
    there = {one.name for one in wb.settings.uploads_dir.rglob("*")}
    assert there == {upload, "content"}


@pytest.mark.parametrize("given", ["", "..", "a/", "x\0.csv", "x\n.csv", "gnp\u202evsc.exe", "x" * 201, "\ud800.csv"])
def test_what_is_no_name_is_refused(wb: Workbench, given: str) -> None:
    with pytest.raises(Invalid):
        wb.uploads.start(given, 10)
    assert list(wb.uploads.list()) == []


def test_pieces_come_in_order_and_no_more_than_was_said(wb: Workbench) -> None:
    upload = wb.uploads.start("orders.csv", len(CSV)).id
    with wb.uploads.receive(upload) as part:
        part.write(CSV[:5])
        with pytest.raises(Conflict, match="another piece"):
            wb.uploads.receive(upload, 5)
    with pytest.raises(Conflict, match="begins at byte 5, not at 0"):
        wb.uploads.receive(upload, 0)
    with pytest.raises(Conflict, match=r"5 of the 20 bytes"):
        wb.uploads.preview(upload)
    with wb.uploads.receive(upload, 5) as part, pytest.raises(Invalid, match="more comes than the 20 bytes"):
        part.write(CSV)
    assert wb.uploads.get(upload).received == 5
    with wb.uploads.receive(upload, 5) as part:
        part.write(CSV[5:])
    with pytest.raises(Conflict, match="are here already"):
        wb.uploads.receive(upload, 20)
    assert wb.uploads.preview(upload).rows == 3


def test_size_number_and_sum_are_bounded(wb: Workbench) -> None:
    with pytest.raises(Invalid, match="has 513,000,000 bytes, and an upload may have 512,000,000"):
        wb.uploads.start("large.csv", 513_000_000)
    with pytest.raises(Invalid, match="is empty"):
        wb.uploads.start("empty.csv", 0)
    for _ in range(4):
        wb.uploads.start("large.csv", 510_000_000)
    with pytest.raises(Conflict, match="your uploads would have 2,550,000,000 bytes"):
        wb.uploads.start("large.csv", 510_000_000)
    for _ in range(16):
        wb.uploads.start("small.csv", 1)
    with pytest.raises(Conflict, match="20 uploads"):
        wb.uploads.start("small.csv", 1)
    wb.uploads.cancel(wb.uploads.list()[0].id)
    wb.uploads.start("small.csv", 1)


def test_uploads_are_their_owners(wb: Workbench) -> None:
    ana, ann = wb.acting_as(ANA), wb.acting_as(ANN)
    upload = sent(ana, "orders.csv", CSV)
    for ask in (ann.uploads.get, ann.uploads.preview, ann.uploads.cancel, lambda one: ann.uploads.load(one, "x")):
        with pytest.raises(NotFound):
            ask(upload)
    assert list(ann.uploads.list()) == []
    assert [one.id for one in wb.uploads.list()] == [upload], "an admin sees all"
    with pytest.raises(Forbidden):
        wb.acting_as(Principal("vera", Role.VIEWER)).uploads.start("orders.csv", 1)
    ana.uploads.load(upload, "orders")
    other = sent(ann, "orders.csv", CSV)
    with pytest.raises(Forbidden, match="'orders'"):
        ann.uploads.load(other, "orders", mode="append")
    with pytest.raises(Conflict, match="orders"):
        ann.uploads.load(other, "orders")
    assert ana.datasets["orders"].info.rows == 3


def test_rows_come_into_a_dataset_that_is_there(wb: Workbench) -> None:
    wb.uploads.load(sent(wb, "orders.csv", CSV), "orders", key=["id"])
    done = wb.uploads.load(sent(wb, "more.csv", b"id,name\n3,changed\n4,d\n"), "orders", mode="upsert")
    assert done.version == 1
    assert wb.datasets["orders"].to_polars().sort("id")["name"].to_list() == ["a", "b", "changed", "d"]
    with pytest.raises(Conflict, match="'orders' has already"):
        wb.uploads.load(sent(wb, "again.csv", b"id,name\n4,d\n"), "orders", mode="append")
    with pytest.raises(Invalid, match="did you mean 'append'"):
        wb.uploads.load(sent(wb, "again.csv", CSV), "orders", mode="apend")
    receipt = wb.runs.receipt(str(done.run))
    assert [(edge.kind, edge.name) for edge in receipt.read] == [("source", "upload:more.csv")]
    assert [(edge.kind, edge.name, edge.version) for edge in receipt.wrote] == [("dataset", "orders", "1")]
    assert {node.name for node in wb.lineage("orders").upstream} == {"orders", "upload:orders.csv", "upload:more.csv"}


@pytest.mark.parametrize("mode", ["", "append"])
@pytest.mark.parametrize(
    "point", ["lake.files.written", "lake.commit.after_fsync", "lake.commit.after_catalog", "upload.loaded"]
)
def test_killed_at_any_moment_it_is_in_once(wb: Workbench, mode: str, point: str) -> None:
    if mode:
        wb.datasets.create("orders", ROWS.clear())
    upload = sent(wb, "orders.csv", CSV)
    killed(wb.settings.home, f"wb.uploads.load({upload!r}, 'orders', mode={mode or None!r})", point)
    done = wb.uploads.load(upload, "orders", mode=mode or None)
    assert done.state is UploadState.LOADED
    assert wb.datasets["orders"].to_polars().equals(ROWS)
    wb.runs.reap()
    assert {run.status for run in wb.runs.list()} <= {"failed", "succeeded"}


def aged(wb: Workbench, upload: str, hours: int) -> None:
    with wb.catalog.begin() as session:
        then = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=hours)
        session.execute(text("UPDATE upload SET touched = :then WHERE id = :id"), {"then": str(then), "id": upload})


def test_what_nobody_goes_on_with_is_forgotten(wb: Workbench) -> None:
    old, young = sent(wb, "old.csv", CSV), sent(wb, "young.csv", CSV)
    aged(wb, old, 25)
    aged(wb, young, 23)
    stray = wb.settings.uploads_dir / "stray"
    stray.mkdir()
    os.utime(stray, (0, 0))
    assert wb.uploads.forget_abandoned() == 2
    assert {one.name for one in wb.settings.uploads_dir.iterdir()} == {young}
    with pytest.raises(NotFound, match="begin anew"):
        wb.uploads.get(old)
    with pytest.raises(NotFound):
        wb.uploads.get("../" + young)


def test_a_full_disk_keeps_what_came(wb: Workbench) -> None:
    """A file system that really is full: of the kernel's own making."""
    upload = wb.uploads.start("orders.csv", len(CSV)).id
    content = Path(wb.settings.uploads_dir) / upload / "content"
    content.unlink()
    content.symlink_to("/dev/full")
    part = wb.uploads.receive(upload)
    with pytest.raises(Unavailable, match="disk is full"):
        part.write(CSV)
    with suppress(OSError):  # what is no file has nothing to bring to disk
        part.close()
