from __future__ import annotations

import gzip
import logging
import random
import socket
import threading
import time
import traceback
from contextlib import suppress
from email.utils import formatdate
from urllib.parse import quote, quote_plus

import pytest
from scripted_api import Asked, Reply, Site, TurnedClock, in_turn, serving

from workbench.foundation.errors import Forbidden, Invalid, NotFound, Unavailable, WorkbenchError
from workbench.foundation.http import Client, Credentials, Limits

HERE = ["127.0.0.1"]
FINE = Reply({"fine": True})
SECRET = "s3cr3t/+ü?"
PLAIN = "pl4in"


def client(turned: TurnedClock | None = None, **limits: float) -> Client:
    return Client(Limits(**limits), private=HERE, clock=(turned or TurnedClock()).clock)  # type: ignore[arg-type]


def test_an_answer_comes_whole_with_what_was_sent_along() -> None:
    with serving(in_turn(FINE)) as site, client() as asking:
        answer = asking.get(f"{site.url}/orders?a=1&b=ü", parameters={"b": "x y&z"})
    assert (answer.status, answer.json()) == (200, {"fine": True})
    assert answer.shown == f"{site.url}/orders"
    (asked,) = site.asked
    assert asked.query == {"a": "1", "b": "x y&z"}
    assert asked.headers["accept"] == "application/json"
    assert asked.headers["host"] == site.url.removeprefix("http://")


def test_one_connection_serves_request_after_request() -> None:
    with serving(in_turn(FINE)) as site, client() as asking:
        for _ in range(3):
            asking.get(site.url)
        assert len(site.asked) == 3
        assert len(asking._wire._pool().connections) == 1


def test_failures_that_pass_are_waited_out_with_growing_waits() -> None:
    bad = [Reply(status=503), Reply(status=500), Reply(status=502), Reply(status=429)]
    waits: list[list[float]] = []
    random.seed(1)
    for _ in range(8):
        turned = TurnedClock()
        with serving(in_turn(*bad, FINE)) as site, client(turned, first_wait=1) as asking:
            assert asking.get(site.url).json() == {"fine": True}
        assert len(site.asked) == 5
        waits.append(turned.slept)
    for number, bound in enumerate((1, 2, 4, 8)):
        column = [slept[number] for slept in waits]
        assert all(0 <= wait <= bound for wait in column)
        assert len(set(column)) > 1, "at random"
    assert max(slept[3] for slept in waits) > 2


def test_it_gives_up_after_as_many_attempts_as_agreed() -> None:
    with serving(in_turn(Reply({"message": "out of   order"}, 500))) as site, client(attempts=3) as asking:
        with pytest.raises(Unavailable, match=r"/orders fails \(500\): out of order") as caught:
            asking.get(f"{site.url}/orders?page=1")
        assert len(site.asked) == 3
    assert caught.value.hint


@pytest.mark.parametrize("dated", [False, True])
def test_a_wait_that_the_server_asks_for_is_kept(dated: bool) -> None:
    """A time is one of the server's clock, which says so in every answer; the client's is years ahead here."""
    turned = TurnedClock(wall=time.time() + 1e8)
    wait = formatdate(time.time() + 42, usegmt=True) if dated else "42"
    with serving(in_turn(Reply(status=429, headers={"Retry-After": wait}), FINE)) as site, client(turned) as asking:
        asking.get(site.url)
    assert sum(turned.slept) == pytest.approx(42, abs=15)


def test_a_longer_wait_than_agreed_ends_the_request_at_once() -> None:
    turned = TurnedClock()
    with serving(in_turn(Reply(status=503, headers={"Retry-After": "3600"}), FINE)) as site, client(turned) as asking:
        with pytest.raises(Unavailable, match="left alone for 3,600 s, longer than a request waits"):
            asking.get(site.url)
        assert (len(site.asked), turned.slept) == (1, [])


@pytest.mark.parametrize("nonsense", ["soon", "-5", "", "99999999999999999999", "Mon, 99 Foo 2013 00:00:00 GMT"])
def test_a_wait_that_is_none_is_no_wait(nonsense: str) -> None:
    with serving(in_turn(Reply(status=503, headers={"Retry-After": nonsense}), FINE)) as site, client() as asking:
        assert asking.get(site.url).json() == {"fine": True}


def test_an_answer_that_breaks_off_is_asked_for_again() -> None:
    long = Reply({"text": "x" * 10_000})
    for cut in (-1, 0, 5_000):
        with serving(in_turn(Reply(long.body, cut=cut), long)) as site, client() as asking:
            assert asking.get(site.url).json() == long.body
            assert len(site.asked) == 2
    with serving(in_turn(Reply(long.body, cut=5_000))) as site, client(attempts=2) as asking:
        with pytest.raises(Unavailable, match="broke off before its answer was whole"):
            asking.get(site.url)
        assert len(site.asked) == 2


def test_what_may_not_be_done_twice_is_sent_once_unless_told() -> None:
    for repeatable, sent in ((None, 1), (True, 2)):
        with serving(in_turn(Reply(status=500), FINE)) as site, client() as asking:
            try:
                asking.request("POST", site.url, body={"ü": 1}, repeatable=repeatable)
            except Unavailable:
                assert repeatable is None
            assert [asked.body for asked in site.asked] == [b'{"\\u00fc": 1}'] * sent
    with serving(in_turn(Reply(status=500), FINE)) as site, client() as asking:
        asking.request("PUT", site.url, body=1)
        assert len(site.asked) == 2


def test_a_server_that_is_not_there_is_named() -> None:
    with serving(in_turn(FINE)) as site:
        pass
    turned = TurnedClock()
    with client(turned, attempts=3) as asking, pytest.raises(Unavailable, match=r"cannot be reached.*refused"):
        asking.request("POST", site.url, body=1)  # it never got it, so it may be sent again
    assert len(turned.slept) == 2
    with client(turned) as asking, pytest.raises(NotFound, match=r"no host is called 'nowhere\.invalid'"):
        asking.get("http://nowhere.invalid/")
    assert len(turned.slept) == 2, "and never will be"


def test_silence_and_dripping_end_in_time() -> None:
    slow = Reply({"text": "x" * 1000}, pause=0.05)
    with serving(in_turn(slow)) as site, Client(Limits(attempts=1, total=0.5), private=HERE) as asking:
        begin = time.perf_counter()
        with pytest.raises(Unavailable, match=r"was silent for 30 s, or not done in 0\.5 s"):
            asking.get(site.url)
        assert time.perf_counter() - begin < 20
    with serving(in_turn(Reply(b"{}", pause=30))) as site, Client(Limits(attempts=1, silence=0.3), private=HERE) as a:
        begin = time.perf_counter()
        slow = Reply(b"{}", headers={"Content-Length": "5"})
        with serving(in_turn(slow)) as silent, pytest.raises(Unavailable, match=r"was silent for 0\.3 s"):
            a.get(silent.url)
        assert time.perf_counter() - begin < 20


def test_a_head_that_drips_ends_in_time() -> None:
    """A byte every now and then is never silence; only the moment that all must be over by ends it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
                while True:
                    connection.sendall(b"x")
                    time.sleep(0.05)

        thread = threading.Thread(target=drip)
        thread.start()
        begin = time.perf_counter()
        with Client(Limits(attempts=1, total=0.5), private=HERE) as asking:
            with pytest.raises(Unavailable, match=r"not done in 0\.5 s"):
                asking.get(f"http://127.0.0.1:{listening.getsockname()[1]}")
            assert time.perf_counter() - begin < 20
        thread.join(10)
        assert not thread.is_alive()


def test_no_answer_is_larger_than_agreed_packed_or_not() -> None:
    large = b'"' + b"x" * 3_000_000 + b'"'
    for body, headers in ((large, {}), (gzip.compress(large), {"Content-Encoding": "gzip"})):
        reply = Reply(body, headers=headers)
        with serving(in_turn(reply)) as site, client(most_bytes=1_000_000) as asking:
            with pytest.raises(Invalid, match="answers with more than 1 MB"):
                asking.get(site.url)
            assert len(site.asked) == 1
        with serving(in_turn(reply)) as site, client() as asking:
            assert len(asking.get(site.url).json()) == 3_000_000


def test_packed_answers_that_are_damaged_are_said_to_be() -> None:
    whole = gzip.compress(b'{"a": 1}') + gzip.compress(b"  ")
    packed = {"Content-Encoding": "gzip"}
    with serving(in_turn(Reply(whole[:10], headers=packed), Reply(whole, headers=packed))) as site, client() as asking:
        assert asking.get(site.url).json() == {"a": 1}
        assert len(site.asked) == 2
    with (
        serving(in_turn(Reply(b"{}", headers=packed))) as site,
        client() as asking,
        pytest.raises(Invalid, match="packed with gzip, and it is not"),
    ):
        asking.get(site.url)
    with (
        serving(in_turn(Reply(b"{}", headers={"Content-Encoding": "br"}))) as site,
        client() as asking,
        pytest.raises(Invalid, match="packed with br"),
    ):
        asking.get(site.url)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(b"<html>Sign in</html>", kind="text/html; charset=utf-8"), "answers with text/html, not with JSON"),
        (Reply(b'{"a": [1, 2'), "broken JSON: .* at line 1, column"),
        (Reply(b""), "an empty body"),
        (Reply(b"[NaN]"), "NaN is no number in JSON"),
        (Reply(b'["\xfc"]'), "not UTF-8, at byte 2"),
        (Reply(b"[" * 100_000), "nested too deeply|broken JSON"),
        (Reply(b"9" * 5_000), "not JSON"),
    ],
)
def test_what_is_no_json_is_said_to_be(reply: Reply, said: str) -> None:
    with serving(in_turn(reply)) as site, client() as asking, pytest.raises(Invalid, match=said):
        asking.get(site.url).json()


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (400, Invalid, r"refuses the request \(400\): too wide"),
        (401, Forbidden, r"refuses \(401\): too wide"),
        (403, Forbidden, "refuses"),
        (404, NotFound, "there is nothing at"),
        (501, Invalid, "refuses the request"),
        (304, Invalid, "refuses the request"),
    ],
)
def test_a_refusal_is_told_in_its_own_words_and_not_asked_for_again(
    status: int, kind: type[WorkbenchError], said: str
) -> None:
    refusal = Reply(b"" if status == 304 else {"error": {"message": "too\n wide"}}, status)
    with serving(in_turn(refusal)) as site, client() as asking:
        with pytest.raises(kind, match=said):
            asking.get(site.url)
        assert len(site.asked) == 1


class TestRedirects:
    def test_within_a_host_keeps_who_asks(self) -> None:
        with serving(in_turn(Reply(status=302, headers={"Location": "/there"}), FINE)) as site, client() as asking:
            answer = asking.get(site.url, credentials=Credentials.bearer("abc"))
        assert answer.url == f"{site.url}/there"
        assert [asked.headers["authorization"] for asked in site.asked] == ["Bearer abc"] * 2

    @pytest.mark.parametrize(
        "credentials",
        [
            Credentials.bearer("abc"),
            Credentials.basic("me", "abc"),
            Credentials.header("X-Api-Key", "abc"),
            Credentials.parameter("key", "abc"),
        ],
        ids=repr,
    )
    def test_to_another_host_leaves_it_behind_for_good(self, credentials: Credentials) -> None:
        def back(site: Site) -> Reply:
            return Reply(status=307, headers={"Location": f"{site.url}/back"})

        def home(asked: object) -> Reply:
            return Reply(status=302, headers={"Location": other.url}) if len(site.asked) == 1 else FINE

        with serving(lambda _asked: back(site)) as other, serving(home) as site, client() as asking:
            asking.get(site.url, credentials=credentials)
        known = {"authorization": "", "x-api-key": "", **site.asked[0].headers}
        assert known["authorization"] or known["x-api-key"] or site.asked[0].query == {"key": "abc"}
        for asked in (other.asked[0], site.asked[1]):
            assert not {"authorization", "x-api-key"} & asked.headers.keys()
            assert asked.query == {}

    def test_end_somewhere(self) -> None:
        with serving(in_turn(Reply(status=302, headers={"Location": "/"}))) as site, client(redirects=3) as asking:
            with pytest.raises(Invalid, match="sends on more than 3 times"):
                asking.get(site.url)
            assert len(site.asked) == 4

    @pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://x/", "http://me:pw@127.0.0.1/", "http://[::1"])
    def test_to_what_is_no_server_are_refused(self, target: str) -> None:
        with (
            serving(in_turn(Reply(status=302, headers={"Location": target}))) as site,
            client() as asking,
            pytest.raises(Invalid, match="sends on to"),
        ):
            asking.get(site.url)

    def test_of_what_is_sent_are_refused(self) -> None:
        with (
            serving(in_turn(Reply(status=307, headers={"Location": "/x"}))) as site,
            client() as asking,
            pytest.raises(Invalid, match="only what is read follows"),
        ):
            asking.request("POST", site.url, body=1)


@pytest.mark.parametrize(
    "way",
    [Credentials.parameter("key", SECRET), Credentials.basic("me", SECRET), Credentials.bearer(PLAIN)],
    ids=repr,
)
def test_no_error_and_no_log_has_the_secret(way: Credentials, caplog: pytest.LogCaptureFixture) -> None:
    """Neither one of our own nor one of httpx or httpcore, even where the server says it back."""
    caplog.set_level(logging.DEBUG)
    forms = {text for secret in way.secrets for text in (secret, quote(secret, safe=""), quote_plus(secret))}

    def echo(asked: Asked) -> Reply:
        sent = f"{asked.query.get('key', '')} {asked.headers.get('authorization', '')}"
        assert any(form in sent for form in forms), "it was sent"
        if asked.path == "/moved":
            return Reply(status=302, headers={"Location": f"/gone/{quote(way.secrets[0], safe='')}"})
        return Reply({"message": f"not {sent}"}, {"/400": 400, "/500": 500}.get(asked.path, 404))

    with serving(echo) as site, client(attempts=2) as asking:
        for path in ("/400", "/500", "/moved"):
            with pytest.raises(WorkbenchError) as caught:
                asking.get(f"{site.url}{path}", credentials=way)
            told = "".join(traceback.format_exception(caught.value)) + repr(way) + repr(asking.circuits())
            assert not [form for form in forms if form in told]
            assert "***" in str(caught.value)
    assert "attempt 2 follows" in caplog.text
    assert not [form for form in forms if form in caplog.text]


@pytest.mark.parametrize("token", ["hush\nb", "hüsh", " hush", "hush\0"])
def test_a_secret_that_cannot_be_sent_is_refused_without_being_said(token: str) -> None:
    with pytest.raises(Invalid, match="cannot carry") as caught:
        Credentials.bearer(token)
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "orders", "ftp://x/", "http://", "http://me:hush@x/", "http://x:99999/", "http://\ud800/"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with client() as asking, pytest.raises(Invalid, match=r"no address|a password") as caught:
        asking.get(url)
    assert "hush" not in str(caught.value)


def test_limits_and_rates_that_mean_nothing_are_refused() -> None:
    for wrong in ({"attempts": 0}, {"silence": -1}, {"most_bytes": 0}, {"longest_wait": float("nan")}):
        with pytest.raises(Invalid, match="cannot be"):
            Limits(**wrong)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="asks nothing at all"):
        Client(rate=0)
