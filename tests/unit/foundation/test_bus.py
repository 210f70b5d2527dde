from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from workbench.foundation.bus import Bus, publish
from workbench.foundation.catalog import Catalog, utcnow


def publish_and_fail(catalog: Catalog) -> None:
    with catalog.begin() as session:
        publish(session, "dataset", "flights")
        raise ZeroDivisionError


def test_a_change_is_heard_when_the_act_is_there_and_only_then(catalog: Catalog) -> None:
    bus = Bus(catalog)
    with pytest.raises(ZeroDivisionError):
        publish_and_fail(catalog)
    assert bus.since(0) == []
    with catalog.begin() as session:
        publish(session, "dataset", "flights", {"version": 3})
    [change] = bus.since(0)
    assert (change.topic, change.name, change.detail) == ("dataset", "flights", {"version": 3})
    assert bus.since(change.number) == []
    assert bus.newest() == change.number


def test_a_follower_hears_every_change_of_several_publishers_once_and_in_order(catalog: Catalog) -> None:
    bus = Bus(catalog)
    publishers, each = 4, 15
    heard: list[int] = []
    names: list[str] = []

    def follow() -> None:
        for change in bus.follow(0, until=lambda: len(heard) >= publishers * each):
            heard.append(change.number)
            names.append(change.name)

    def tell(who: int) -> None:
        for number in range(each):
            with catalog.begin() as session:
                publish(session, "run", f"{who}/{number}")

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    threads = [threading.Thread(target=tell, args=(who,)) for who in range(publishers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    follower.join(timeout=60)
    assert heard == sorted(set(heard))
    assert sorted(names) == sorted(f"{who}/{number}" for who in range(publishers) for number in range(each))


def test_old_changes_go_and_their_numbers_are_not_given_again(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = Bus(catalog)
    with catalog.begin() as session:
        publish(session, "dataset", "flights")
    last = bus.newest()
    later = utcnow() + timedelta(days=8)
    monkeypatch.setattr("workbench.foundation.bus.store.utcnow", lambda: later)
    assert bus.forget_old() == 1
    with catalog.begin() as session:
        publish(session, "dataset", "weather")
    assert [change.number for change in bus.since(last)] == [last + 1]
