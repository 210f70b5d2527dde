"""Files in stores that fsspec knows, and on web servers: real ones on loopback and in memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import polars as pl
import pytest
from scripted_api import Asked, Reply, serving

from workbench import Workbench
from workbench.data.connectors import TextFormat, open_source, read_frame
from workbench.foundation.errors import Forbidden, Invalid, NotFound, Unavailable, WorkbenchError


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    store = fsspec.filesystem("memory")
    store.pipe("/shop/sales/1.csv", b"id,n\n1,\n")
    store.pipe("/shop/sales/2.csv", b"n,id\n2.5,2\n")
    store.pipe("/shop/book.csv.gz", b"not packed")
    yield store
    store.rm("/shop", recursive=True)


def test_files_of_a_store_are_read_alone_and_by_pattern(
    memory: fsspec.AbstractFileSystem, wb: Workbench, tmp_path: Path
) -> None:
    source = open_source("memory://shop/sales/*.csv#file=origin")
    assert source.tables() == ["sales"]
    assert read_frame(source).rows() == [(1, None, "1.csv"), (2, 2.5, "2.csv")]
    assert read_frame(open_source("memory://shop/**/2.csv#file=f")).rows() == [(2.5, 2, "sales/2.csv")]
    assert wb.datasets.load("memory://shop/sales/1.csv", "sales").to_polars().height == 1
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.parquet")
    for name in ("a", "b"):
        memory.put_file(str(tmp_path / "a.parquet"), f"/shop/{name}.parquet")
    assert read_frame(open_source("memory://shop/*.parquet"))["a"].to_list() == [1, 1]


def test_the_fingerprint_of_a_store_changes_with_its_files(memory: fsspec.AbstractFileSystem) -> None:
    source = open_source("memory://shop/sales/*.csv")
    before = source.fingerprint()
    assert before == source.fingerprint() != ""
    memory.pipe("/shop/sales/2.csv", b"n,id\n2.5,3\n")
    assert source.fingerprint() != before


@pytest.mark.parametrize(
    ("address", "error", "said"),
    [
        ("memory://shop/sales/3.csv", NotFound, r"no file memory://shop/sales/3\.csv; did you mean '\d\.csv'"),
        ("memory://shop/sale?/*.tsv", NotFound, "no file matches"),
        ("memory://shop/sales", Invalid, "is a folder"),
        ("memory://shop/book.csv.gz", Invalid, r"memory://.*book\.csv\.gz cannot be unpacked"),
        ("memory://shop/sales/1.csv#auth=bearer:env:A", Invalid, "has 'auth', which says nothing about files there"),
        ("memory://shop/sales/1.csv#settings=password:x", Invalid, "has 'password' in clear"),
        ("memory://shop/sales/1.csv#secrets=key:x", Invalid, "has a secret 'key' in clear"),
        ("memory://shop/sales/1.csv#secrets=key:env:NO_SUCH_KEY", NotFound, "no variable 'NO_SUCH_KEY'"),
        ("simplecache::memory://shop/sales/1.csv", WorkbenchError, "connector"),
    ],
)
def test_what_is_wrong_with_a_store_is_said(
    memory: fsspec.AbstractFileSystem, address: str, error: type[WorkbenchError], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        read_frame(open_source(address))
    assert "hush" not in str(caught.value)
    assert "/tmp/" not in str(caught.value)


def test_a_store_whose_library_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adlfs", None)  # to Python, what is not installed
    with pytest.raises(Unavailable, match="az:// needs adlfs, which is not installed") as caught:
        open_source("az://container/a.csv")
    assert caught.value.hint == 'pip install "analytics-workbench[azure]"'


def test_s3_is_asked_with_the_secret_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a server that knows as much of S3 as it takes to read an object."""
    content = b"id\n1\n"

    def handle(asked: Asked) -> Reply:
        if "Credential=AKEY/" not in asked.headers.get("authorization", ""):
            return Reply(b"", 403)
        if asked.path != "/shop/a.csv":
            return Reply(b"", 404)
        return Reply(b"" if asked.method == "HEAD" else content, kind="text/csv", headers={"ETag": '"1"'})

    monkeypatch.setenv("S3_SECRET", "hush-hush")
    with serving(handle) as site:
        endpoint = f"settings=endpoint_url:{site.url},key:"
        address = f"s3://shop/a.csv#secrets=secret:env:S3_SECRET&{endpoint}"
        source = open_source(f"{address}AKEY")
        assert read_frame(source)["id"].to_list() == [1]
        assert source.fingerprint() != ""
        with pytest.raises(Forbidden, match=r"s3://shop/a\.csv may not be read") as caught:
            open_source(f"{address}OTHER")
        assert "hush" not in str(caught.value)


class TestWeb:
    def test_a_file_is_read_as_its_ending_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SHOP_TOKEN", "s3cret")

        def handle(asked: Asked) -> Reply:
            assert asked.headers["authorization"] == "Bearer s3cret"
            return Reply(b"a;b\n1;x\n", kind="text/csv")

        with serving(handle) as site:
            address = f"{site.url}/v1/sales.csv?year=2026#private=yes&auth=bearer:env:SHOP_TOKEN"
            source = open_source(f"{address}&separator=;&file=f")
            assert source.tables() == ["sales"]
            assert read_frame(source).rows() == [(1, "x", "sales.csv")]
            assert read_frame(open_source(address, text=TextFormat(";"))).columns == ["a", "b"]
            assert site.asked[0].query == {"year": "2026"}
            assert source.fingerprint() == ""

    def test_what_goes_wrong_is_said_with_the_address(self) -> None:
        with serving(lambda asked: Reply(b"a,b\n1\n") if "bad" in asked.path else Reply(b"", 404)) as site:
            with pytest.raises(Invalid, match=r"http://.*/bad\.csv, line 2: 1 fields"):
                read_frame(open_source(f"{site.url}/bad.csv#private=yes"))
            with pytest.raises(NotFound, match=r"/none\.csv"):
                read_frame(open_source(f"{site.url}/none.csv#private=yes"))
            with pytest.raises(Forbidden, match="not an address of the internet"):
                read_frame(open_source(f"{site.url}/bad.csv"))

    def test_a_file_larger_than_agreed_is_refused(self) -> None:
        with (
            serving(lambda asked: Reply(b"a\n" + b"1\n" * 600_000)) as site,
            pytest.raises(Invalid, match="answers with more than 1 MB"),
        ):
            read_frame(open_source(f"{site.url}/big.csv#private=yes&most_mb=1"))

    @pytest.mark.parametrize(
        ("address", "error", "said"),
        [
            ("https://me:hush@host/a.csv", Invalid, "has a name or a password in it"),
            ("https://host/a.csv?api_key=hush", Invalid, "has 'api_key' in clear"),
            ("https://host/rows", NotFound, r"did you mean 'https\+json'"),
            ("https:///a.csv", Invalid, "names no host"),
            ("https://host/a.csv#secrets=key:env:A", Invalid, "has 'secrets', which says nothing"),
        ],
    )
    def test_an_address_that_is_wrong_says_so(self, address: str, error: type[WorkbenchError], said: str) -> None:
        with pytest.raises(error, match=said) as caught:
            open_source(address)
        assert "hush" not in str(caught.value)
