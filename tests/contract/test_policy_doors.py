"""A policy that drops rows and redacts a column, sent through every door that data leaves the lake by.

A new door joins by one entry in `DOORS`: a function from a viewer's workbench to the rows that came out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pyarrow as pa
import pytest
import yaml
from sent_rows import sent_to
from site_of_servers import running
from tried_transforms import transformed
from voila_server import start, stop, write_dashboard

import workbench
from workbench import Workbench
from workbench.analytics.exploration import Condition, Group, View
from workbench.data.lake import Dataset
from workbench.foundation.errors import Forbidden, Invalid, NotFound
from workbench.governance.runs import Actor
from workbench.governance.security import Policy, Principal, Role, Security, local_owner

SECRET = "N14228"
OPEN = pl.DataFrame({"origin": ["JFK", "JFK"], "tailnum": ["***", "***"], "delay": [1, 2]})
WHOLE = pl.DataFrame(
    {"origin": ["JFK", "EWR", "JFK", "LGA"], "tailnum": [SECRET, "N2", "N3", "N4"], "delay": [1, 70, 2, 90]}
)
METRIC = {
    "name": "flights",
    "label": "Flights",
    "description": "How many flights.",
    "dataset": "flights",
    "type": "simple",
    "aggregation": "count",
    "dimensions": ["tailnum"],
    "owner": "ops",
}
# The policy is of the joined dataset: what it hides is not joined.
JOINED = {
    "name": "delays",
    "description": "How many delays.",
    "dataset": "delays",
    "aggregation": "count",
    "joins": [{"name": "flight", "dataset": "flights", "on": {"minutes": "delay"}}],
    "dimensions": [{"name": name, "sql": f"flight__{name}"} for name in ("origin", "tailnum")]
    + [{"name": "delay", "sql": "minutes"}],
}


def dataset_of(wb: Workbench) -> Dataset:
    return wb.datasets.get("flights")


def metric(wb: Workbench | workbench.remote.Connection) -> Any:
    found = wb.metrics.query(["flights"], by=["tailnum"])
    # A count says how many rows there were: each is given back as a row, so that it compares like the others.
    counted = [name for name, rows in found.frame.select("tailnum", "flights").rows() for _ in range(rows)]
    return pl.DataFrame({"tailnum": counted, "origin": "JFK", "delay": range(1, len(counted) + 1)})


def joined(wb: Workbench) -> Any:
    found = wb.metrics.query("delays", by=["origin", "tailnum", "delay"], where=f"tailnum <> '{SECRET}'")
    return found.frame


def rolled_up(wb: Workbench) -> Any:
    """A rollup that an engineer, who sees all, made of all rows: it may not answer who sees less."""
    engineer = Workbench(wb.settings, wb.catalog, Actor(Principal("ed", Role.ENGINEER)))
    dataset_of(engineer).append(WHOLE.clear().with_columns(at=pl.lit(None, pl.Datetime("us", "UTC"))), evolve=True)
    engineer.metrics.define({**METRIC, "name": "rolled", "time": "at"})
    engineer.metrics.rollups.define({"name": "by_tail", "metrics": ["rolled"], "dimensions": ["tailnum"]})
    engineer.metrics.rollups.refresh("by_tail")
    assert engineer.metrics.query("rolled", by="tailnum", rollups="only").frame.height == 4
    assert engineer.metrics.rollups.summary("by_tail").rows == 4
    assert [one.rows for one in wb.metrics.rollups.list()] in ([None], [])
    with pytest.raises((Invalid, Forbidden)) as refused:
        wb.metrics.query("rolled", by="tailnum", rollups="only")
    assert SECRET not in str(refused.value)
    found = wb.metrics.query("rolled", by="tailnum")
    assert SECRET not in found.explain()
    counted = [name for name, rows in found.frame.rows() for _ in range(rows)]
    return pl.DataFrame({"tailnum": counted, "origin": "JFK", "delay": range(1, len(counted) + 1)})


def materialized(wb: Workbench) -> Any:
    """A view that an engineer, who sees all, made of all rows: closed to who sees less."""
    engineer = Workbench(wb.settings, wb.catalog, Actor(Principal("ed", Role.ENGINEER)))
    engineer.views.define("every_flight", "SELECT * FROM flights")
    assert engineer.views.refresh("every_flight").rows == 4
    for ask in (lambda: wb.datasets.get("every_flight").to_polars(), lambda: wb.sql("FROM every_flight")):
        with pytest.raises(Forbidden) as refused:
            ask()
        assert SECRET not in str(refused.value)
    assert "every_flight" not in [one.name for one in wb.datasets.search().items]
    return dataset_of(wb).preview()


def export(ending: str) -> Callable[[Workbench], Any]:
    def through(wb: Workbench) -> Any:
        path = wb.settings.home / f"out{ending}"
        dataset_of(wb).export(path)
        assert SECRET not in path.read_bytes().decode("latin-1")
        return pl.read_parquet(path) if ending == ".parquet" else pl.read_csv(path)

    return through


def card(wb: Workbench) -> Any:
    shown = dataset_of(wb)._repr_html_()
    assert SECRET not in shown
    assert "2 rows" in shown
    assert "4 rows" not in shown
    return dataset_of(wb).preview()


def profile(wb: Workbench) -> Any:
    """Neither in what it says, nor in how many values it counts."""
    found = wb.quality.profile("flights")
    assert SECRET not in repr(found) + found._repr_html_() + str(found.as_dict())
    assert (found.rows, found["tailnum"].distinct, found["origin"].distinct) == (2, 1, 1)
    return dataset_of(wb).preview()


SHOW = """
import json
from IPython.display import HTML
from workbench import Workbench
from workbench.foundation.errors import Forbidden
try:
    told = {"rows": Workbench.open().datasets.get("flights").to_polars().to_dicts()}
except Forbidden as error:
    told = {"refused": str(error)}
HTML("TOLD " + json.dumps(told).encode().hex())  # as a page writes it, whatever it quotes
"""


def dashboard(wb: Workbench) -> Any:
    """The page that the dashboards' process sends somebody who is signed in; its kernel is claimed for them."""
    home, who = wb.settings.home, wb.actor.principal
    (home / "notebooks" / "dashboards").mkdir(parents=True)
    write_dashboard(home, "shown", "# Shown", SHOW)
    with Workbench.open(home) as owner:
        owner.security.add_user(who.name, who.role, by=owner.actor.principal)
    server = start(home, home / "voila.log", pool=0)
    try:
        status, page = server.get("/dashboards/shown", who.name)
    finally:
        stop(server)
    assert status == 200
    found = re.search("TOLD ([0-9a-f]+)", page)
    assert found is not None, page
    told = json.loads(bytes.fromhex(found[1]))
    if "refused" in told:
        raise Forbidden(told["refused"])
    return pl.DataFrame(told["rows"])


def shared_query(wb: Workbench) -> str:
    """A query that an engineer, who sees all, saved and shared with everybody; its name."""
    engineer = Workbench(wb.settings, wb.catalog, Actor(Principal("ed", Role.ENGINEER)))
    engineer.queries.save("all", "SELECT * FROM flights WHERE tailnum <> $but", parameters={"but": ""}, shared="viewer")
    return "all"


def saved_query(wb: Workbench) -> Any:
    """Run by who asks, who gets the same of every version that has these rows."""
    name = shared_query(wb)
    found = wb.queries.run(name)
    assert rows(wb.queries.run(name, {"but": SECRET}, versions={"flights": 1})) == rows(found)
    assert SECRET not in repr(found) + found._repr_html_()
    return found


def saved_query_over_http(wb: Workbench) -> Any:
    """As JSON and as Arrow, which agree."""
    owner, viewer, name = local_owner(), wb.actor.principal, shared_query(wb)
    wb.security.add_user(viewer.name, viewer.role, by=owner)
    headers = {"Authorization": f"Bearer {wb.identities.create_token(viewer.name, by=owner).secret}"}
    with running("api", wb.settings.home) as url:
        at = f"{url}/workbench/api/v1/queries/{name}/run"
        told, stream = (httpx.post(one, json={}, headers=headers, timeout=30) for one in (at, f"{at}/rows"))
    if told.status_code == 403:
        assert stream.json()["detail"] == told.json()["detail"]
        raise Forbidden(told.json()["detail"])
    assert SECRET not in told.text
    assert SECRET.encode() not in stream.content
    found = pl.DataFrame(pa.ipc.open_stream(stream.content).read_all())
    names = [column["name"] for column in told.json()["columns"]]
    assert rows(pl.DataFrame(told.json()["rows"], schema=names, orient="row")) == rows(found)
    return found


def connection(wb: Workbench) -> Any:
    """Every way of reading through the server, which agree with each other."""
    owner, viewer, query = local_owner(), wb.actor.principal, shared_query(wb)
    wb.security.add_user(viewer.name, viewer.role, by=owner)
    token = wb.identities.create_token(viewer.name, by=owner).secret
    with running("api", wb.settings.home) as url, workbench.connect(url, token) as remote:
        dataset = remote.datasets["flights"]
        found = dataset.to_polars()
        ways = [
            dataset.lazy().collect(),
            pl.concat(dataset.batches(where=f"tailnum <> '{SECRET}'")),
            dataset.preview(),
            dataset.page(order="delay").frame,
            dataset.at(1).to_polars(),
            dataset.at(time=dataset.versions()[1].time).to_polars(),
            metric(remote),
            remote.queries.run(query).to_polars(),
        ]
        assert all(rows(way) == rows(found) for way in ways)
        assert (len(found), "2 rows" in repr(dataset)) == (dataset.info.rows, True)
        assert SECRET not in dataset._repr_html_()
        return found


def kept(wb: Workbench) -> Any:
    """An answer that is kept, after somebody who sees all has asked the same."""
    metric(Workbench(wb.settings, wb.catalog, Actor(Principal("ed", Role.ADMIN))))
    first, second = metric(wb), metric(wb)
    assert first.equals(second)
    assert all(use.cached for use in wb.metrics.query(["flights"], by=["tailnum"]).engines)
    return second


def explained(wb: Workbench) -> Any:
    """How answers were computed: no word of the policy, and no number of rows that it hides."""
    engineer = Workbench(wb.settings, wb.catalog, Actor(Principal("ed", Role.ENGINEER)))
    engineer.queries.save("counted", "SELECT count(*) FROM flights", shared="viewer")
    said = [
        wb.metrics.query(["flights"], by=["tailnum"]).explain(),
        wb.metrics.query("delays", by=["origin", "tailnum"]).explain(),
        wb.sql("SELECT * FROM flights").explain(),
        wb.queries.explain("counted"),
    ]
    assert not [word for word in (SECRET, "JFK", "***", "~4 rows") for one in said if word in one]
    assert "4 rows" not in said[0] + said[2] + said[3]
    return metric(wb)


def explored(wb: Workbench) -> Any:
    """A question of the explorer, which asks for what is hidden, and the first rows."""
    asked = Condition("tailnum", "is not", (SECRET,))
    view = View("flights", (asked,), by=(Group("tailnum"), Group("delay")))
    seen = wb.exploration.look(view)
    assert (seen.matched, seen.total) == (2, 2)
    assert SECRET not in seen.chart()._repr_html_() + seen.sql.replace(f"'{SECRET}'", "")
    found = wb.exploration.rows("flights", [asked])
    assert rows(found.frame.select("origin", "tailnum", "delay")) == rows(wb.sql("SELECT * FROM flights"))
    assert seen.frame["delay"].sort().to_list() == found.frame["delay"].sort().to_list()
    return found.frame


DOORS: dict[str, Callable[[Workbench], Any]] = {
    "lake.read": lambda wb: wb.lake.read("flights", wb.actor).collect(),
    "lake.read_with_version": lambda wb: wb.lake.read_with_version("flights", wb.actor)[0].collect(),
    "lake.plans": lambda wb: pl.concat(wb.lake.plans("flights", wb.actor)).collect(),
    "lake.arrow_dataset": lambda wb: wb.lake.arrow_dataset("flights", wb.actor),
    "lazy": lambda wb: dataset_of(wb).lazy().collect(),
    "to_polars": lambda wb: dataset_of(wb).to_polars(),
    "to_pandas": lambda wb: dataset_of(wb).to_pandas(),
    "to_arrow": lambda wb: dataset_of(wb).to_arrow(),
    "to_dask": lambda wb: dataset_of(wb).to_dask().compute().reset_index(drop=True).astype({"delay": "int64"}),
    "to_cudf": lambda wb: pl.from_arrow(dataset_of(wb).to_cudf().to_arrow()),
    "to_dask_cudf": lambda wb: pl.from_arrow(dataset_of(wb).to_dask_cudf().compute().to_arrow()),
    "preview": lambda wb: dataset_of(wb).preview(),
    "page": lambda wb: dataset_of(wb).page(order="delay").frame,
    "page that asks for the hidden": lambda wb: dataset_of(wb).page(where=f"tailnum <> '{SECRET}'").frame,
    "batches": lambda wb: pl.concat(dataset_of(wb).batches()),
    "batches that ask for the hidden": lambda wb: pl.concat(dataset_of(wb).batches(where=f"tailnum <> '{SECRET}'")),
    "card": card,
    "profile": profile,
    "view": materialized,
    "an old version": lambda wb: dataset_of(wb).at(1).to_polars(),
    "an old time": lambda wb: dataset_of(wb).at(time=dataset_of(wb).versions()[1].time).to_polars(),
    "sql": lambda wb: wb.sql("SELECT * FROM flights"),
    "sql that asks for the hidden": lambda wb: wb.sql(
        "SELECT f.* FROM flights f WHERE tailnum <> $secret AND origin = origin", {"secret": SECRET}
    ),
    "sql of an old version": lambda wb: wb.sql("SELECT * FROM flights AT (VERSION => 1)"),
    "sql of an old version by its argument": lambda wb: wb.sql("SELECT * FROM flights", versions={"flights": 1}),
    "a saved query of somebody else's": saved_query,
    "a saved query over HTTP": saved_query_over_http,
    "a preview of transforms": transformed(SECRET),
    "export to csv": export(".csv"),
    "export to parquet": export(".parquet"),
    **{f"send to {name}": sent_to(name) for name in ("out.db", "out.duckdb", "out.ndjson")},
    "metrics": metric,
    "metrics of a dataset that it is joined to": joined,
    "metrics that a rollup keeps": rolled_up,
    "metrics that are kept": kept,
    "explain": explained,
    "a difference": lambda wb: pl.concat([dataset_of(wb).at(0).to_polars(), dataset_of(wb).diff(0).rows_added]),
    "the explorer": explored,
    "dashboard": dashboard,
    "connect": connection,
}
# Processes of their own, which cost seconds: what they say is what the library says.
SERVED = {"a saved query over HTTP", "dashboard", "connect"}


def _marks(door: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.gpu] if "cudf" in door else [pytest.mark.newest] if door in SERVED else []


EVERY_DOOR = [pytest.param(door, marks=_marks(door)) for door in DOORS]


@pytest.fixture
def owner(wb: Workbench) -> Workbench:
    """A dataset in two files and three versions, and the policy for viewers."""
    (wb.settings.home / "metrics").mkdir()
    (wb.settings.home / "metrics" / "flights.yaml").write_text(yaml.safe_dump([METRIC, JOINED]))
    wb.datasets.create("delays", WHOLE.select(minutes="delay"))
    wb.datasets.create("flights", WHOLE.head(2))
    dataset = dataset_of(wb)
    dataset.append(WHOLE.tail(2))
    dataset.append(WHOLE.clear())
    wb.security.set_policy(
        Policy(dataset="flights", role=Role.VIEWER, row_filter="origin = 'JFK'", columns={"tailnum": "'***'"}),
        by=wb.actor.principal,
    )
    return wb


def rows(found: Any) -> list[dict[str, Any]]:
    frame = found if isinstance(found, pl.DataFrame) else pl.DataFrame(found)
    return frame.select(OPEN.columns).sort("delay").to_dicts()


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_no_hidden_row_or_value_leaves_by(door: str, owner: Workbench) -> None:
    viewer = owner.acting_as(Principal("vera", Role.VIEWER))
    found = rows(DOORS[door](viewer))
    assert found == OPEN.to_dicts()
    assert SECRET not in json.dumps(found)


@pytest.mark.parametrize("door", EVERY_DOOR)
def test_a_policy_over_a_column_that_is_gone_closes(door: str, owner: Workbench) -> None:
    # As it was set when there was such a column: now it would be refused.
    Security(owner.catalog).set_policy(
        Policy(dataset="flights", role=Role.VIEWER, row_filter="departure = 'JFK'"), by=owner.actor.principal
    )
    viewer = owner.acting_as(Principal("vera", Role.VIEWER))
    with pytest.raises(Forbidden, match="'flights' stays closed to the role viewer"):
        DOORS[door](viewer)


@pytest.mark.parametrize(
    ("door", "role"),
    [
        pytest.param(door, role, marks=[*_marks(door), *([pytest.mark.long] if twice else [])])
        for door in DOORS
        for role in (Role.VIEWER, Role.ANALYST)
        for twice in [door in SERVED and role is Role.ANALYST]
    ],
)
def test_who_may_do_less_does_not_see_more(door: str, role: Role, owner: Workbench) -> None:
    """Through a process of its own as a viewer; where the long tests run, as an analyst as well."""
    owner.security.clear_policy("flights", Role.VIEWER, by=owner.actor.principal)
    owner.security.set_policy(
        Policy(dataset="flights", role=Role.ANALYST, row_filter="origin = 'JFK'", columns={"tailnum": "'***'"}),
        by=owner.actor.principal,
    )
    assert rows(DOORS[door](owner.acting_as(Principal("vera", role)))) == OPEN.to_dicts()


def test_a_hidden_column_keeps_its_type(owner: Workbench) -> None:
    owner.security.set_policy(
        Policy(dataset="flights", role=Role.VIEWER, columns={"delay": "NULL"}), by=owner.actor.principal
    )
    viewer = owner.acting_as(Principal("vera", Role.VIEWER))
    frame = dataset_of(viewer).to_polars()
    assert frame.schema["delay"] == WHOLE.schema["delay"]
    assert frame["delay"].null_count() == frame.height
    assert viewer.datasets["flights"].info.columns == owner.datasets["flights"].info.columns


@pytest.mark.parametrize(
    ("policy", "error", "said"),
    [
        ({"dataset": "flihgts"}, NotFound, "did you mean 'flights'"),
        ({"dataset": "flights", "row_filter": "origin = "}, Forbidden, "row filter of its policy cannot be applied"),
        ({"dataset": "flights", "row_filter": "delay"}, Forbidden, "is not a condition"),
        ({"dataset": "flights", "columns": {"tial": "NULL"}}, Forbidden, "names a column that the dataset does not"),
    ],
)
def test_a_policy_that_would_protect_nothing_is_refused_when_it_is_set(
    owner: Workbench, policy: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        owner.security.set_policy(Policy(role=Role.ANALYST, **policy), by=owner.actor.principal)


def test_who_has_no_policy_sees_everything(owner: Workbench, tmp_path: Path) -> None:
    assert dataset_of(owner).to_polars().equals(WHOLE)
    assert owner.sql("SELECT count(*) AS n FROM flights").to_dicts() == [{"n": 4}]


def test_the_number_of_rows_that_a_viewer_is_told_is_of_those_they_see(owner: Workbench) -> None:
    viewer = owner.acting_as(Principal("vera", Role.VIEWER))
    assert {info.name: info.rows for info in viewer.datasets.infos()}["flights"] == 2
    assert "2 rows" in repr(dataset_of(viewer))
    assert "2 rows" in repr(viewer.datasets)
