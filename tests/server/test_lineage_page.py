"""The pages of datasets and of where they come from, and the same through the API: under the policy of who looks."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from lineage_runs import CHAIN, FRAME, SOURCE, lead_to_a_report, ran
from site_of_servers import Site, made, running

from workbench.governance.security import Policy, Role, Security


@pytest.fixture(scope="module")
def chained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("chained") / "team"
    wb = made(home)
    lead_to_a_report(wb)
    wb.datasets.create("closed_to_viewers", FRAME)
    ran(wb, "flights/hide", "closed_to_viewers", "made_of_hidden")
    # As it was set when there was such a column: now it would be refused.
    Security(wb.catalog).set_policy(
        Policy(dataset="closed_to_viewers", role=Role.VIEWER, row_filter="gone = 'JFK'"), by=wb.actor.principal
    )
    with running("api", home) as url:
        yield Site(url, wb)
    wb.close()


def test_the_api_tells_the_whole_way(chained: Site) -> None:
    found = chained.ask("lineage/dataset/departures")
    assert found["focus"] == "dataset:departures"
    assert {node["id"] for node in found["nodes"]} == set(CHAIN)
    assert {(link["start"], link["end"]) for link in found["links"]} == {*pairwise(CHAIN)}
    near = chained.ask("lineage/dataset/departures?up=0&down=1")
    assert [node["name"] for node in near["nodes"]] == ["departures", "flights/derive", "enriched"]
    source = chained.ask(f"lineage/source/{SOURCE.replace('/', '%2F')}")
    assert source["nodes"][0]["name"] == SOURCE


def test_the_page_draws_it_with_a_way_to_each(chained: Site) -> None:
    answer = chained.get("/workbench/lineage/dataset/departures", "vera")
    assert answer.status_code == 200
    assert "<script" not in answer.text
    drawn = answer.text[answer.text.index("<svg") : answer.text.index("</svg>") + len("</svg>")]
    root = ET.fromstring(drawn)
    links = [one.get("href") for one in root.iter("{http://www.w3.org/2000/svg}a")]
    assert "/workbench/lineage/dataset/landed" in links
    assert "/workbench/lineage/metric/delays" in links
    (report,) = [link for link in links if link and "/reports/" in link]
    for link in links:
        assert chained.get(str(link), "vera").status_code == 200, link
    assert report.endswith("/report.html")


def test_who_may_not_see_a_dataset_is_told_nothing_of_it(chained: Site) -> None:
    assert chained.get("/workbench/lineage/dataset/closed_to_viewers", "vera").status_code == 403
    assert chained.refused("lineage/dataset/closed_to_viewers")["code"] == "forbidden"
    assert chained.refused("datasets/closed_to_viewers/lineage")["code"] == "forbidden"
    told = [
        chained.get("/workbench/lineage/dataset/made_of_hidden", user).text
        + str(chained.ask("lineage/dataset/made_of_hidden", user))
        + str(chained.ask("datasets/made_of_hidden/lineage", user))
        for user in ("vera", "ana")
    ]
    assert ["closed_to_viewers" in one for one in told] == [False, True]
    assert "flights/hide" in told[0], "that it was made by a run is no secret"


def test_what_is_not_there_is_a_page_that_names_the_nearest(chained: Site) -> None:
    answer = chained.get("/workbench/lineage/dataset/depratures", "vera")
    assert answer.status_code == 404
    assert "did you mean 'departures'" in unescape(answer.text)
    assert chained.get("/workbench/lineage/planet/mars", "vera").status_code == 422
    assert chained.get("/workbench/lineage/dataset/..%2F..%2Fetc", "vera").status_code == 404
    assert chained.get("/workbench/lineage/dataset/departures").status_code == 302


def test_datasets_are_listed_and_found(chained: Site) -> None:
    page = chained.get("/workbench/datasets", "vera").text
    assert "/workbench/lineage/dataset/landed" in page
    found = chained.get("/workbench/datasets?search=values", "vera").text
    assert "1 dataset with “values”" in found
    assert "lineage/dataset/landed" not in found
    assert "No dataset has “&lt;b&gt;”" in chained.get("/workbench/datasets?search=<b>", "vera").text
