"""The page about connectors says what the code says, and its examples work."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import get_args

import pytest
from house import ROOT
from scripted_api import Asked, Reply, serving

from workbench import Workbench
from workbench.data.connectors import connectors
from workbench.data.connectors.api import ApiOptions, SendOptions
from workbench.data.connectors.api.options import Style
from workbench.data.connectors.declared import ColumnType
from workbench.data.connectors.delta import DeltaOptions
from workbench.data.connectors.files import FileOptions
from workbench.data.connectors.files.formats import EXCEL, FORMATS, SEPARATED
from workbench.data.connectors.streams import KafkaOptions, RedisOptions, streams
from workbench.data.destinations import destinations
from workbench.data.destinations.files import WRITERS

PAGE = (ROOT / "docs" / "connectors.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_every_scheme_and_ending_stands_there() -> None:
    for name in [*connectors.names(), *streams.names(), *FORMATS, *SEPARATED, *EXCEL]:
        assert f"{name}://" in PAGE or f"{name}`" in PAGE, name


def test_every_key_of_an_api_stands_there_with_its_default() -> None:
    _, _, below = PAGE.partition("### Keys of an API's address\n")
    below = below.partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", below.replace("| |", "|  |"), re.MULTILINE))
    assert list(rows) == list(ApiOptions.model_fields)
    for name, field in ApiOptions.model_fields.items():
        if isinstance(field.default, bool):
            assert rows[name] == "no"
        elif isinstance(field.default, int | float):
            assert rows[name] == str(field.default)
    for word in (*get_args(Style), *get_args(ColumnType)):
        assert f"`{word}`" in below, word


def test_every_destination_and_key_of_an_address_that_rows_are_sent_to_stands_there() -> None:
    _, _, below = PAGE.partition("## Where rows go\n")
    for name in [*destinations.names(), *WRITERS]:
        assert f"`{name}:" in below or f"`{name}`" in below or f"{name}`" in below, name
    _, _, keys = below.partition("### Keys of an address that rows are sent to\n")
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*)\|", keys.partition("\nA package")[0], re.MULTILINE))
    assert list(rows) == list(SendOptions.model_fields)
    for name, field in SendOptions.model_fields.items():
        if isinstance(field.default, int) and not isinstance(field.default, bool):
            assert rows[name].strip() == str(field.default)


def test_every_key_of_a_file_stands_there() -> None:
    _, _, below = PAGE.partition("### Keys of a path\n")
    assert re.findall(r"^\| `(\w+)` \|", below.partition("\n## ")[0], re.MULTILINE) == list(FileOptions.model_fields)


def test_the_example_of_an_api_works(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the answer that the page shows, from a server of this machine."""
    answer = re.search(r"```json\n(.*?)\n```", PAGE, re.DOTALL)
    assert answer is not None
    last = '{"data": {"items": [{"id": 2, "at": "2026-01-01T10:00:00Z", "total": "1.5"}]}, "meta": {"next": null}}'

    def handle(asked: Asked) -> Reply:
        assert asked.headers["authorization"] == "Bearer s3cret"
        return Reply((last if asked.query.get("cursor") == "c3Vy" else answer[1]).encode())

    monkeypatch.setenv("SHOP_TOKEN", "s3cret")
    with serving(handle) as site:
        names = {"wb": wb, "datetime": datetime, "UTC": UTC}
        for example in PYTHON[3:5]:
            exec(example.replace("https+json://api.example.com", site.address).replace("rate=5", "private=yes"), names)
        assert {asked.path for asked in site.asked} == {"/v1/orders"}
        assert site.asked[-1].query == {"updated_since": "2026-01-01T00:00:00Z", "limit": "200", "cursor": "c3Vy"}
    for name in ("orders", "new_orders"):
        assert wb.datasets[name].to_polars().sort("id").to_dicts() == [
            {"id": 1, "at": datetime(2026, 1, 1, 9, 30, tzinfo=UTC), "total": 12.5},
            {"id": 2, "at": datetime(2026, 1, 1, 10, tzinfo=UTC), "total": 1.5},
        ]


def test_every_key_of_a_delta_table_stands_there() -> None:
    _, _, below = PAGE.partition("### Keys of a Delta table's address\n")
    assert re.findall(r"^\| `(\w+)` \|", below.partition("\n## ")[0], re.MULTILINE) == list(DeltaOptions.model_fields)


def test_every_key_of_a_redis_stream_stands_there_with_its_default() -> None:
    _, _, below = PAGE.partition("### Keys of a Redis stream's address\n")
    rows = dict(
        re.findall(r"^\| `(\w+)` \| ([^|]*) \|", re.split(r"\n##+ ", below)[0].replace("| |", "|  |"), re.MULTILINE)
    )
    fields = {field.alias or name: field for name, field in RedisOptions.model_fields.items()}
    assert list(rows) == list(fields)
    for name in ("group", "consumer", "begin", "idle", "most_mb"):
        assert rows[name] == str(fields[name].default)


def test_every_key_of_a_kafka_topic_stands_there() -> None:
    _, _, below = PAGE.partition("### Keys of a Kafka topic's address\n")
    assert re.findall(r"^\| `(\w+)` \|", re.split(r"\n##+ ", below)[0], re.MULTILINE) == list(KafkaOptions.model_fields)


def test_a_connector_of_ones_own_takes_twenty_lines() -> None:
    """`tests/contract/test_connectors.py` builds and installs this one."""
    (shown,) = re.findall(r"```python\n(.*?)```", PAGE.partition("## A connector of your own")[2], re.DOTALL)
    assert len(shown.splitlines()) <= 20
