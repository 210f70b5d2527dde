"""What `explain` says: the same for metrics, product and SQL, the bytes of what is read, and nothing of a policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pyarrow.parquet as pq
import pytest
import shop_events
from site_of_servers import running

from workbench import Workbench
from workbench.analytics.metrics import MetricResult
from workbench.analytics.product import EventColumns
from workbench.cli import main
from workbench.compute import ResultCache, bytes_of_columns
from workbench.data.lake import EventLayout
from workbench.foundation.errors import NotFound, Unavailable
from workbench.governance.runs import RunKind
from workbench.governance.security import Policy, Principal, Role, local_owner

COLUMNS = EventColumns("who", "what", "at", "id")
# Words that only a policy says.
SECRET = "zebra"
MASK = "okapi"
EVENT = "quokka"
POLICY = {
    "row_filter": f"country <> '{SECRET}' AND amount <> 150 AND what <> '{EVENT}'",
    "columns": {"country": f"CASE WHEN country = 'US' THEN '{MASK}' ELSE country END"},
}

METRICS: dict[str, dict[str, Any]] = {
    "n": {"aggregation": "count"},
    "people": {"aggregation": "count_distinct", "column": "who"},
    "half": {"aggregation": "median", "column": "amount"},
    "so_far": {"type": "cumulative", "metric": "n", "window": "7 days"},
    "each": {"type": "ratio", "numerator": "n", "denominator": "people"},
    "went_on": {
        "type": "conversion", "base_metric": "n", "conversion_metric": "people", "entity": "who", "window": "2 days",
    },
}  # fmt: skip
ASKED: dict[str, Callable[[Workbench], Any]] = {
    **{name: lambda wb, name=name: wb.metrics.query(name, by="country", grain="day") for name in METRICS},
    "joined": lambda wb: wb.metrics.query("n", by="continent"),
    "funnel": lambda wb: wb.product.funnel("events", ["view", "cart"], breakdown="country"),
    "funnel of plain rows": lambda wb: wb.product.funnel("plain", ["view", "cart"], columns=COLUMNS),
    "retention": lambda wb: wb.product.retention("events", "view"),
    "stickiness": lambda wb: wb.product.stickiness("events", "view"),
    "lifecycle": lambda wb: wb.product.lifecycle("events", "view"),
    "paths": lambda wb: wb.product.paths("events"),
    "sessions": lambda wb: wb.product.sessions("events", by=["country"]),
    "duplicates": lambda wb: wb.product.duplicates("events", by=["country"]),
    "sql": lambda wb: wb.sql("SELECT country, count(*) FROM events GROUP BY 1"),
    "saved query": lambda wb: wb.queries.run("by_country"),
}


@pytest.fixture
def owner(wb: Workbench) -> Workbench:
    shop_events.fill(wb.settings.home)
    wb.datasets.create("places", pl.DataFrame({"code": ["DE", "US"], "continent": ["Europe", "America"]}))
    for name, said in METRICS.items():
        own = {"dataset": "events", "time": "at", "dimensions": ["country"]} if "aggregation" in said else {}
        if own:
            joins = [{"name": "place", "dataset": "places", "on": {"country": "code"}}]
            own |= {"joins": joins, "dimensions": ["country", {"name": "continent", "sql": "place__continent"}]}
        wb.metrics.define({"name": name, **own, **said})
    wb.queries.save("by_country", "SELECT country, count(*) FROM events GROUP BY 1", shared="viewer")
    return wb


def restricted(owner: Workbench) -> Workbench:
    for dataset in ("events", "plain"):
        owner.security.set_policy(
            Policy(dataset=dataset, role=Role.VIEWER, **POLICY),
            by=owner.actor.principal,  # type: ignore[arg-type]
        )
    places = Policy(dataset="places", role=Role.VIEWER, row_filter=f"continent <> '{SECRET}'")
    owner.security.set_policy(places, by=owner.actor.principal)
    return owner.acting_as(Principal("vera", Role.VIEWER))


@pytest.mark.parametrize("asked", ASKED)
def test_every_answer_says_engine_cache_files_and_plan(asked: str, owner: Workbench) -> None:
    said = ASKED[asked](owner).explain()
    for word in ("\nengine   ", "\ncache    ", "\nfiles    ", "\nplan"):
        assert word in said
    assert str(owner.settings.home) not in said, "where a workspace lies is nobody's business"


@pytest.mark.parametrize("asked", ASKED)
def test_nothing_of_a_policy_is_told(asked: str, owner: Workbench) -> None:
    viewer = restricted(owner)
    found = ASKED[asked](viewer)
    said = found.explain() + (json.dumps([use.to_dict() for use in found.engines]) if hasattr(found, "engines") else "")
    for word in (SECRET, MASK, EVENT, "9 rows", ".parquet", "ESTIMATED"):
        assert word not in said
    assert "policy" in said
    assert "policy" not in ASKED[asked](owner).explain()


def line(said: str, word: str) -> str:
    return next(one for one in said.splitlines() if one.startswith(word)).removeprefix(word).strip()


@pytest.mark.parametrize(
    ("ask", "columns"),
    [
        (lambda wb: wb.metrics.query("n", by="country"), ["country"]),
        (lambda wb: wb.metrics.query("n", by="country", where="amount > 5"), ["country", "amount"]),
        (lambda wb: wb.metrics.query("n", by="country", grain="day"), ["at", "country"]),
        (lambda wb: wb.metrics.query(["n", "people"], by="country"), ["_subject_hash", "country"]),
        (lambda wb: wb.product.funnel("plain", ["view", "cart"], columns=COLUMNS), ["who", "what", "at", "id"]),
        (
            lambda wb: wb.product.funnel("wide", ["view", "cart"], breakdown="country"),
            ["_subject_hash", "at", "what", "country"],
        ),
        (lambda wb: wb.sql("SELECT country FROM plain WHERE amount > 5"), ["country", "amount"]),
        (
            lambda wb: wb.sql("SELECT a.country FROM plain a JOIN plain b ON a.id = b.amount"),
            ["id", "country", "amount"],
        ),
    ],
)  # fmt: skip
def test_bytes_are_those_of_the_columns_that_are_read(
    ask: Callable[[Workbench], Any], columns: list[str], owner: Workbench
) -> None:
    layout = EventLayout(subject="who", event="what", time="at", id="id", buckets=2)
    owner.datasets.create("wide", shop_events.EVENTS.head(4), layout=layout)
    owner.datasets["wide"].append(shop_events.EVENTS.tail(5))
    said = ask(owner).explain()
    dataset = next(name for name in ("wide", "plain", "events") if f"{name} version" in said)
    folder = owner.lake.root / owner.datasets[dataset].info.id
    files = sorted(folder.glob("*.parquet"))
    read = 0
    for path in files:
        footer = pq.read_metadata(path).to_dict()
        for group in footer["row_groups"]:
            read += sum(c["total_compressed_size"] for c in group["columns"] if c["path_in_schema"] in columns)
    total = sum(path.stat().st_size for path in files)
    told = line(said, "files").removeprefix(f"{dataset} version 0: ")
    names = f", of {', '.join(columns)}" if columns else ""
    assert told == f"{len(files)} of {len(files)} files, {read / 1e3:,.1f} of {total / 1e3:,.1f} kB{names}"


def test_a_second_answer_says_when_it_was_computed(owner: Workbench) -> None:
    first, second = (owner.metrics.query("n", by="country") for _ in range(2))
    assert line(first.explain(), "cache") == f"computed now, kept by the key {first.engines[0].key}"
    (use,) = second.engines
    assert use.cached is not None
    assert line(second.explain(), "cache") == f"computed at {use.cached:%Y-%m-%d %H:%M:%S} UTC, key {use.key}"
    assert owner.metrics.query("n", by="country", cache="off").engines[0].cached is None
    assert owner.product.anew().funnel("events", ["view", "cart"]).use.cached is None
    with pytest.raises(Exception, match="did you mean 'off'"):
        owner.metrics.query("n", cache="of")  # type: ignore[arg-type]


def test_a_ratio_of_two_datasets_is_explained_pass_by_pass(owner: Workbench) -> None:
    owner.metrics.define({"name": "places", "dataset": "places", "aggregation": "count"})
    owner.metrics.define({"name": "per_place", "type": "ratio", "numerator": "n", "denominator": "places"})
    said = owner.metrics.query("per_place").explain()
    assert [one.split("\n")[0] for one in said.split("\n\n")] == [
        "measures of events version 0",
        "measures of places version 0",
    ]
    assert line(owner.metrics.query("n", by="continent").explain(), "beside") == "places version 0"


def test_a_conversion_says_what_it_reads_of_both_events(owner: Workbench) -> None:
    owner.datasets.create("later", shop_events.EVENTS)
    owner.metrics.define({"name": "buyers", "dataset": "later", "aggregation": "count_distinct", "column": "who",
                          "filter": "amount > 5", "time": "at"})  # fmt: skip
    owner.metrics.define({**METRICS["went_on"], "name": "bought", "conversion_metric": "buyers"})
    first, later = line(owner.metrics.query("bought", by="country").explain(), "files").split("; ")
    assert first.startswith("1 of 1 files, ")
    assert first.endswith("kB, of at, who, country")
    assert later.endswith("kB, of who, at, amount")
    assert "0.0 of" not in first + later
    assert ";" not in line(owner.metrics.query("went_on").explain(), "files")


def test_what_was_cleaned_away_cannot_be_explained(owner: Workbench) -> None:
    found = owner.metrics.query("n", by="country")
    owner.datasets["events"].overwrite(shop_events.EVENTS)
    owner.lake.clean("events", owner.actor, keep_days=0)
    with pytest.raises(NotFound, match="were cleaned away"):
        found.explain()


def test_what_a_server_computed_is_explained_there(owner: Workbench) -> None:
    found = owner.metrics.query("n")
    there = MetricResult(found.frame, found.metrics, found.dimensions, None, found.versions, {}, found.engines)
    with pytest.raises(Unavailable, match="is known where it was computed"):
        there.explain()


def test_explain_through_the_command_line(owner: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    calls: dict[str, list[str]] = {
        "measures of events version 0": ["metric", "query", "n"],
        "funnel of events version 0": ["funnel", "events", "view", "cart"],
        "SQL over events version 0": ["sql", "SELECT country FROM events"],
        "SQL over events version 0\n": ["query", "run", "by_country"],
    }
    for head, call in calls.items():
        for more in ([], ["--json"]):
            with pytest.raises(SystemExit) as ended:
                main([*call, "--explain", *more])
            told = capsys.readouterr()
            assert not ended.value.code, told.err
            beside = told.err if more else told.out
            assert head in beside
            assert "plan" in beside
            if more:
                assert json.loads(told.out)


@pytest.mark.newest
def test_explain_through_the_api(owner: Workbench) -> None:
    principal = local_owner()
    owner.security.add_user("vera", Role.VIEWER, by=principal)
    headers = {"Authorization": f"Bearer {owner.identities.create_token('vera', by=principal).secret}"}
    restricted(owner)
    with (
        running("api", owner.settings.home) as url,
        httpx.Client(base_url=f"{url}/workbench/api/v1", headers=headers, timeout=30) as api,
    ):
        answers = [
            api.get("/metrics/query/explain", params={"metric": "n", "by": "country"}),
            api.post("/product/funnel/explain", json={"dataset": "events", "steps": ["view", "cart"]}),
            api.post("/queries/by_country/explain", json={}),
        ]
        refused = api.get("/metrics/query/explain", params={"metric": "nn"})
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert "\nengine" in answer.json()["text"]
        assert not [word for word in (SECRET, MASK, EVENT, str(owner.settings.home)) if word in answer.text]
    assert refused.status_code == 404


def test_a_run_says_that_its_answer_was_kept(owner: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:

    owner.metrics.query("n")
    ResultCache._open.clear()
    run = owner.runs.start(RunKind.NOTEBOOK, "n", actor=owner.actor, parameters={})
    monkeypatch.setenv("WORKBENCH_RUN_ID", run.id)
    with Workbench.open(owner.settings.home) as inside:
        inside.metrics.query("n")
        receipt = inside.runs.receipt(run.id)
    assert [(edge.kind, edge.name, edge.version) for edge in receipt.read if edge.kind == "dataset"] == [
        ("dataset", "events", "0")
    ]
    assert receipt.engines[0]["cached"] is not None
    assert receipt.engines[0]["key"] == owner.metrics.query("n").engines[0].key
    monkeypatch.setenv("WORKBENCH_REPLAY_OF", run.id)
    with Workbench.open(owner.settings.home) as replayed:
        assert replayed.metrics.query("n").engines[0].cached is None, "a replay computes it again"


def test_the_bytes_of_a_column_are_those_of_its_name_whatever_dots_that_has(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {".kind": [1, 2], "a": [{"b": 1, "c": [2]}, {"b": 2, "c": []}], "a.b": ["x" * 500, "y" * 500], "m2_0.n": [1, 2]}
    )
    path = tmp_path / "rows.parquet"
    rows.write_parquet(path)
    alone = {}
    for name in rows.columns:
        rows.select(name).write_parquet(tmp_path / "alone.parquet")
        footer = pq.read_metadata(tmp_path / "alone.parquet").row_group(0)
        alone[name] = sum(footer.column(at).total_compressed_size for at in range(footer.num_columns))
    assert {name: bytes_of_columns([str(path)], [name]) for name in rows.columns} == alone
    assert bytes_of_columns([str(path)], rows.columns) == sum(alone.values())
