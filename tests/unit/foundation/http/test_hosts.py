"""How hosts are treated: how often they are asked, when they are left alone, and which are not asked at all."""

from __future__ import annotations

import threading

import pytest
from scripted_api import Reply, TurnedClock, in_turn, serving

from workbench.foundation.errors import Forbidden, Invalid, Unavailable
from workbench.foundation.http import CircuitState, Client, Limits
from workbench.foundation.http.connecting import is_public

HERE = ["127.0.0.1"]
FINE = Reply({"fine": True})
BAD = Reply(status=500)


def test_requests_to_one_host_are_spaced_evenly() -> None:
    turned = TurnedClock()
    with (
        serving(in_turn(FINE)) as site,
        serving(in_turn(FINE)) as other,
        Client(rate=4, private=HERE, clock=turned.clock) as asking,
    ):
        for _ in range(5):
            asking.get(site.url)
        assert turned.slept == pytest.approx([0.25] * 4)
        asking.get(other.url)
        assert len(turned.slept) == 4, "another host has a pace of its own"
        turned.time += 10
        asking.get(site.url)
        assert len(turned.slept) == 4, "what was not used is not made up for either"
        asking.get(site.url)
        assert turned.slept[4:] == pytest.approx([0.25])


def test_the_pace_is_shared_by_threads() -> None:
    times: list[float] = []
    turned = TurnedClock()
    with serving(in_turn(FINE)) as site, Client(rate=50, private=HERE, clock=turned.clock) as asking:
        threads = [threading.Thread(target=lambda: times.append(len(asking.get(site.url).content))) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert len(times) == 12
    assert turned.time >= 11 / 50 - 1e-9


def test_a_host_that_asks_for_a_wait_gets_it_from_everybody() -> None:
    turned = TurnedClock()
    busy = Reply(status=429, headers={"Retry-After": "7"})
    with (
        serving(in_turn(busy, FINE)) as site,
        Client(Limits(attempts=1), private=HERE, clock=turned.clock) as asking,
    ):
        with pytest.raises(Unavailable, match="asked too often"):
            asking.get(site.url)
        asking.get(site.url)
    assert turned.slept == [7]


def test_a_host_that_fails_is_left_alone_then_asked_once_then_trusted_again() -> None:
    turned = TurnedClock()
    limits = Limits(attempts=1, failures=3, rest=30)
    with serving(in_turn(*[BAD] * 4, FINE)) as site, Client(limits, private=HERE, clock=turned.clock) as asking:

        def state() -> tuple[CircuitState, int]:
            (circuit,) = asking.circuits()
            assert circuit.host == site.url
            return circuit.state, circuit.failures

        for failures in (1, 2, 3):
            with pytest.raises(Unavailable, match="fails"):
                asking.get(site.url)
            assert state()[1] == failures
        assert state() == (CircuitState.OPEN, 3)
        turned.time += 29
        with pytest.raises(Unavailable, match=r"failed 3 times in a row and is left alone: .* fails"):
            asking.get(site.url)
        assert len(site.asked) == 3, "nothing was sent"
        turned.time += 1
        assert state() == (CircuitState.HALF_OPEN, 3)
        with pytest.raises(Unavailable, match="fails"):
            asking.get(site.url)
        assert state() == (CircuitState.OPEN, 4)
        turned.time += 30
        assert asking.get(site.url).json() == {"fine": True}
        assert state() == (CircuitState.CLOSED, 0)


def test_only_one_finds_out_whether_a_host_is_back() -> None:
    turned, held, come = TurnedClock(), threading.Event(), threading.Event()

    def handle(_asked: object) -> Reply:
        if len(site.asked) == 1:
            return BAD
        come.set()
        assert held.wait(30)
        return FINE

    limits = Limits(attempts=1, failures=1, rest=5)
    with serving(handle) as site, Client(limits, private=HERE, clock=turned.clock) as asking:
        with pytest.raises(Unavailable):
            asking.get(site.url)
        turned.time += 5
        probe = threading.Thread(target=asking.get, args=(site.url,))
        probe.start()
        assert come.wait(30)
        with pytest.raises(Unavailable, match="left alone") as caught:
            asking.get(site.url)
        assert caught.value.hint == "it is asked again right now"
        held.set()
        probe.join(30)
        asking.get(site.url)
        assert len(site.asked) == 3


def test_retries_end_when_the_host_is_given_up_and_refusals_are_no_failures() -> None:
    limits = Limits(attempts=10, failures=3)
    with serving(in_turn(BAD)) as site, Client(limits, private=HERE, clock=TurnedClock().clock) as asking:
        with pytest.raises(Unavailable, match="left alone"):
            asking.get(site.url)
        assert len(site.asked) == 3
    with serving(in_turn(Reply(status=404))) as site, Client(limits, private=HERE) as asking:
        for _ in range(5):
            with pytest.raises(Exception, match="nothing at"):
                asking.get(site.url)
        assert asking.circuits()[0].failures == 0


def test_an_answer_that_is_of_no_use_leaves_the_circuit_as_it_is() -> None:
    limits = Limits(attempts=1, failures=1, rest=0.001, most_bytes=10)
    turned = TurnedClock()
    large = Reply(b"x" * 100)
    with serving(in_turn(BAD, large, FINE)) as site, Client(limits, private=HERE, clock=turned.clock) as asking:
        with pytest.raises(Unavailable):
            asking.get(site.url)
        for _ in range(2):
            turned.time += 1
            with pytest.raises(Invalid, match="more than 0 MB"):
                asking.get(site.url)
        assert len(site.asked) == 3, "the probe that ended otherwise made room for the next"


class TestPrivateAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
            *("255.255.255.255", "224.0.0.1", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1"),
            *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::"),
        ],
    )
    def test_are_no_public_ones(self, address: str) -> None:
        assert not is_public(address)

    @pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"])
    def test_are_told_from_public_ones(self, address: str) -> None:
        assert is_public(address)

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
    def test_are_not_asked_however_they_are_written(self, host: str) -> None:
        with serving(in_turn(FINE)) as site, Client(Limits(attempts=1)) as asking:
            with pytest.raises(Forbidden, match="not an address of the internet"):
                asking.get(site.url.replace("127.0.0.1", host))
            assert site.asked == []

    def test_are_asked_where_their_name_is_allowed_and_reached_by_no_redirect(self) -> None:
        with serving(in_turn(FINE)) as inner, Client(private=["LOCALHOST"]) as asking:
            there = inner.url.replace("127.0.0.1", "localhost")
            assert asking.get(there).json() == {"fine": True}
            away = Reply(status=302, headers={"Location": inner.url})
            with serving(in_turn(away)) as site, pytest.raises(Forbidden, match=r"^127\.0\.0\.1 is not an address"):
                asking.get(site.url.replace("127.0.0.1", "localhost"))
            assert len(inner.asked) == 1
