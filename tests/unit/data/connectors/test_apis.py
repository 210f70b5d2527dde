"""APIs as sources: how there is more, who asks, and what goes wrong."""

from __future__ import annotations

import base64
import datetime as dt
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scripted_api import Asked, Reply, Site, in_turn, paged, serving

from workbench.data.connectors import open_source, read_frame
from workbench.foundation.errors import Forbidden, Invalid, NotFound, Unavailable, WorkbenchError

ROWS = [{"id": number, "name": f"n{number}"} for number in range(7)]
STYLES = {
    "page": "rows=data&pages=page",
    "offset": "rows=data&pages=offset",
    "cursor": "rows=data.items&pages=cursor&next=meta.next",
    "next": "rows=data&pages=next",
    "link": "pages=link",
}


def read(site: Site, options: str = "", **asked: Any) -> pl.DataFrame:
    return read_frame(open_source(f"{site.address}/v1/rows.json?status=open#private=yes&attempts=2&{options}"), **asked)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_every_style_of_pages_gives_every_row_once_and_in_order(style: str, count: int) -> None:
    with serving(paged(ROWS[:count], style)) as site:
        found = read(site, STYLES[style])
        assert found.to_dicts() == ROWS[:count]
        assert {asked.query["status"] for asked in site.asked} == {"open"}
        assert {asked.path for asked in site.asked} == {"/v1/rows.json"}


def test_a_body_may_be_the_list_and_there_may_be_one_page() -> None:
    with serving(in_turn(Reply(ROWS))) as site:
        assert read(site).to_dicts() == ROWS
        assert len(site.asked) == 1
    with serving(in_turn(Reply({"items": None}))) as site:
        assert read(site, "rows=items").height == 0


def test_size_first_and_the_names_of_parameters_are_as_said() -> None:
    def handle(asked: Asked) -> Reply:
        at = int(asked.query["p"])
        return Reply({"data": ROWS[at * 3 : at * 3 + 3], "more": at < 2})

    with serving(handle) as site:
        found = read(site, "rows=data&pages=page&parameter=p&first=0&size=500&size_parameter=per_page&more=more")
        assert found.to_dicts() == ROWS, "though a page has fewer rows than were asked for"
        assert [asked.query["p"] for asked in site.asked] == ["0", "1", "2"]
        assert {asked.query["per_page"] for asked in site.asked} == {"500"}


def test_a_cursor_may_be_the_last_rows_id_with_a_word_whether_there_is_more() -> None:
    def handle(asked: Asked) -> Reply:
        begin = int(asked.query.get("after", -1)) + 1
        return Reply({"data": ROWS[begin : begin + 3], "has_more": begin + 3 < len(ROWS)})

    with serving(handle) as site:
        options = "rows=data&pages=cursor&parameter=after&next=data.-1.id&more=has_more"
        assert read(site, options).to_dicts() == ROWS


@pytest.mark.parametrize(
    ("auth", "sent"),
    [
        ("bearer:env:SHOP", {"authorization": "Bearer t0p/s3cret"}),
        ("basic:me:env:SHOP", {"authorization": f"Basic {base64.b64encode(b'me:t0p/s3cret').decode()}"}),
        ("header:X-Api-Key:env:SHOP", {"x-api-key": "t0p/s3cret"}),
        ("query:api_key:file:{}", {}),
    ],
)
def test_who_asks_is_shown_on_every_page(
    auth: str, sent: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP", "t0p/s3cret")
    (tmp_path / "key").write_text("t0p/s3cret\n")
    answers = paged(ROWS, "next")

    def handle(asked: Asked) -> Reply:
        shown = {name: asked.headers.get(name) for name in sent} or {"key": asked.query.get("api_key")}
        return answers(asked) if shown == (sent or {"key": "t0p/s3cret"}) else Reply({"message": "who?"}, 401)

    with serving(handle) as site:
        given = auth.format(tmp_path / "key")
        assert read(site, f"rows=data&pages=next&auth={given}").to_dicts() == ROWS
        assert len(site.asked) == 4
        with pytest.raises(Forbidden, match=r"/v1/rows.json refuses \(401\): who\?"):
            read(site, "rows=data&pages=next")
        monkeypatch.setenv("SHOP", "wr0ng/s3cret")
        (tmp_path / "key").write_text("wr0ng/s3cret\n")
        source = open_source(f"{site.address}/v1/rows#private=yes&auth={given}")
        with pytest.raises(Forbidden) as caught:
            read_frame(source)
        assert "s3cret" not in f"{caught.value} {caught.value.__notes__} {source!r} {source.url}"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http+json://me:hush@x/rows", "has a name or a password in it"),
        ("https+json://x/rows?api_key=hush", "has 'api_key' in clear"),
        ("https+json://x/rows#auth=bearer:hush", "says not where its secret is kept"),
        ("https+json://x/rows#auth=bearer:clear:hush", "a secret in clear"),
        ("https+json://x/rows#auth=hush", "says not where its secret is kept"),
        ("https+json://x/rows#auth=header:X-Key:hush", "says not where its secret is kept"),
        ("https+json://me:hush@\u2100/rows", "the address of the API is none"),
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(address: str, said: str) -> None:
    with pytest.raises(Invalid, match=said) as caught:
        open_source(address)
    assert "hush" not in f"{caught.value} {caught.value.hint}"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https+json://x/rows#rowz=data", "has the unknown option 'rowz'; did you mean 'rows'"),
        ("https+json://x/rows#pages=curser", "has the pages 'curser'; did you mean 'cursor'"),
        ("https+json://x/rows#pages=link&first=2", "has 'first', which belongs to pages=page or offset"),
        ("https+json://x/rows#size=0", "size"),
        ("https+json://x/rows#types=id:intger", "has 'id:intger' among its types.*did you mean 'integer'"),
        ("https+json://x/rows#pages", "no list of options"),
        ("https+json://x/rows#rows=a&rows=b", "has the option 'rows' twice"),
        ("https+json:///rows", "names no host"),
        ("https+json://[::1/rows", "the address of the API is none"),
    ],
)
def test_an_address_that_is_wrong_says_where(address: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        open_source(address)


def test_another_scheme_is_told_the_nearest() -> None:
    with pytest.raises(NotFound, match=r"did you mean 'https\+json'"):
        open_source("https://api.example.com/rows")


class TestQueries:
    def test_are_bound_and_take_the_place_of_what_the_address_says(self) -> None:
        since = dt.datetime(2026, 1, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=2)))
        with serving(in_turn(Reply(ROWS))) as site:
            query = "status=:status&since=:since&day=:day&deleted=:deleted&q=a%20b&time=12:30"
            given = {"status": "x&y=z", "since": since, "day": dt.date(2026, 1, 2), "deleted": False}
            read(site, query=query, parameters=given)
            assert site.asked[0].query == {
                "status": "x&y=z", "since": "2026-01-01T10:00:00Z", "day": "2026-01-02", "deleted": "false",
                "q": "a b", "time": "12:30",
            }  # fmt: skip

    @pytest.mark.parametrize(
        ("query", "given", "said"),
        [
            ("SELECT * FROM rows", {}, "refused the query"),
            ("a=1&b", {}, "'b' is no name=value"),
            ("a=:since", {"sinc": 1}, "no parameter 'since'; did you mean 'sinc'"),
            ("a=1", {"since": 1}, "has no :since"),
            ("a=:b", {"b": None}, "which an address cannot say"),
            ("a=:b", {"b": dt.datetime(2026, 1, 1)}, "has no zone"),  # noqa: DTZ001
        ],
    )
    def test_that_are_none_are_refused(self, query: str, given: dict[str, Any], said: str) -> None:
        with serving(in_turn(Reply(ROWS))) as site:
            with pytest.raises(Invalid, match=said):
                read(site, query=query, parameters=given)
            assert site.asked == []


class TestBadDays:
    def test_a_server_that_fails_now_and_then_loses_nothing(self) -> None:
        """Too often, broken, gone in the middle of a body: one page after the other."""
        answers, bad = paged(ROWS, "cursor"), [429, 500, -1, 20, 503]
        left = {begin: list(bad[at : at + 2]) for at, begin in enumerate(("r0", "r2", "r4", "r6"))}

        def handle(asked: Asked) -> Reply:
            now = left[asked.query.get("cursor", "r0")]
            good = answers(asked)
            if not now:
                return good
            kind = now.pop(0)
            return Reply(good.body, cut=kind) if kind < 100 else Reply(status=kind, headers={"Retry-After": "0"})

        with serving(handle) as site:
            source = open_source(f"{site.address}/rows#private=yes&attempts=9&{STYLES['cursor']}")
            assert read_frame(source).to_dicts() == ROWS
            assert len(site.asked) == 4 + 8

    def test_an_end_that_never_comes_is_found(self) -> None:
        row = {"id": 1}
        with (
            serving(in_turn(Reply([row]))) as site,
            pytest.raises(Invalid, match="page 2 has the very rows of the page"),
        ):
            read(site, "pages=page")
        turn = in_turn(*[Reply({"data": [{"id": n}], "next": f"r{n % 3}"}) for n in range(9)])
        with serving(turn) as site:
            with pytest.raises(Invalid, match=r"page 4 leads to a page that was there before \('r0'\)"):
                read(site, "rows=data&pages=cursor")
            assert len(site.asked) == 4

        def forever(asked: Asked) -> Reply:
            return Reply([{"id": asked.query["page"]}])

        with serving(forever) as site:
            with pytest.raises(Invalid, match="has more than 20 pages"):
                read(site, "pages=page&most_pages=20")
            assert len(site.asked) == 20
        pages = in_turn(Reply([row]), Reply([row]), Reply([]))
        with serving(pages) as site:
            assert read(site, "pages=page&repeats=yes").height == 2

    @pytest.mark.parametrize(
        "link", ["http://127.0.0.2:{}/rows", "https://127.0.0.1:{}/rows", "http://127.0.0.1:1/", "//x/"]
    )
    def test_a_link_to_another_host_is_not_followed(self, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SHOP", "s3cret")

        def handle(_asked: Asked) -> Reply:
            return Reply({"data": ROWS, "next": link.format(site.url.rpartition(":")[2])})

        with serving(handle) as site:
            with pytest.raises(Invalid, match=r"page 1 goes on at .*, which is another host"):
                read(site, "rows=data&pages=next&auth=bearer:env:SHOP")
            assert len(site.asked) == 1

    def test_a_redirect_elsewhere_goes_without_who_asks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SHOP", "s3cret")
        with serving(in_turn(Reply(ROWS))) as other:
            with serving(in_turn(Reply(status=302, headers={"Location": f"{other.url}/rows"}))) as site:
                assert read(site, "auth=header:X-Api-Key:env:SHOP").to_dicts() == ROWS
                assert site.asked[0].headers["x-api-key"] == "s3cret"
            assert "x-api-key" not in other.asked[0].headers

    @pytest.mark.parametrize(
        ("reply", "options", "kind", "said"),
        [
            (Reply(b"<html>", kind="text/html"), "", Invalid, "answers with text/html, not with JSON"),
            (Reply(b'[{"id": 1}, {"id"'), "", Invalid, "broken JSON"),
            (Reply({"data": {"items": ROWS}}), "", Invalid, "the body is an object .data., no list of rows"),
            (Reply({"data": ROWS}), "rows=dta", Invalid, "there is no 'dta' in the body, on the way dta; did you mean"),
            (Reply({"data": ROWS}), "rows=data.-9.x", Invalid, "there is no item -9 of 7"),
            (Reply({"data": 5}), "rows=data", Invalid, "its data is 5, no list of rows"),
            (Reply({"data": ROWS, "nextCursor": "x"}), "rows=data&pages=cursor&next=next_cursor", Invalid,
             "no 'next_cursor' in the body.*did you mean 'nextCursor'"),
            (Reply({"data": ROWS}), "rows=data&pages=cursor&next=meta.next", Invalid, "no 'meta' in the body"),
            (Reply({"data": ROWS, "next": [1]}), "rows=data&pages=cursor", Invalid, "'next' is a list, no cursor"),
            (Reply({"data": ROWS, "more": "yes"}), "rows=data&pages=page&more=more", Invalid, "takes true or false"),
            (Reply({"data": ROWS, "next": "\ud800"}), "rows=data&pages=cursor", Invalid, "page 2: .* is no address"),
            (Reply({"message": "no such list"}, 404), "", NotFound, "nothing at .*/v1/rows.json .404.: no such list"),
            (Reply(status=500), "", Unavailable, "fails .500."),
            (Reply(b'["' + b"x" * 1_100_000 + b'"]'), "most_mb=1", Invalid, "answers with more than 1 MB"),
            (Reply(b"[]", headers={"Content-Length": "9"}), "timeout=0.3&attempts=1", Unavailable, "silent for 0.3 s"),
            (Reply([{f"c{n}": 1 for n in range(10_001)}]), "", Invalid, "more than 10,000 different names"),
        ],
    )  # fmt: skip
    def test_each_ends_in_one_sentence(self, reply: Reply, options: str, kind: type[WorkbenchError], said: str) -> None:
        with serving(in_turn(reply)) as site, pytest.raises(kind, match=said) as caught:
            read_frame(
                open_source(
                    f"{site.address}/v1/rows.json#private=yes&{'attempts=2&' * ('attempts' not in options)}{options}"
                )
            )
        assert "\n" not in str(caught.value)
        f"{caught.value} {caught.value.hint}".encode()

    def test_a_failure_on_a_later_page_names_it_and_gives_nothing(self) -> None:
        answers = paged(ROWS, "offset")

        def handle(asked: Asked) -> Reply:
            return Reply(status=500) if asked.query["offset"] == "4" else answers(asked)

        with serving(handle) as site:
            batches = open_source(f"{site.address}/rows#private=yes&attempts=2&{STYLES['offset']}").batches(
                batch_rows=1
            )
            with pytest.raises(Unavailable, match=r"rows, page 3: .* fails"):
                next(batches)

    def test_this_machine_is_asked_where_that_is_allowed_only(self) -> None:
        with serving(in_turn(Reply(ROWS))) as site:
            with pytest.raises(Forbidden, match="not an address of the internet"):
                read_frame(open_source(f"{site.address}/rows"))
            assert site.asked == []


def test_requests_are_as_far_apart_as_said() -> None:
    with serving(paged(ROWS, "offset")) as site:
        begin = time.perf_counter()
        read(site, f"rate=20&{STYLES['offset']}")
        assert time.perf_counter() - begin > 4 / 20 * 0.9
        assert len(site.asked) == 5
