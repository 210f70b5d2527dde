"""Graphs in layers: links lead down, nothing stands over anything else, and the drawing is sound and harmless."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from workbench.charts import Graph, GraphLink, GraphNode
from workbench.charts.layers import placed
from workbench.foundation.errors import Invalid

WIDTH, GAP = 100.0, 10.0
SVG = "{http://www.w3.org/2000/svg}"

nodes = st.integers(1, 14)
graphs = nodes.flatmap(
    lambda count: st.tuples(
        st.just([f"n{one}" for one in range(count)]),
        st.lists(st.tuples(*[st.sampled_from([f"n{one}" for one in range(count)])] * 2), max_size=30),
    )
)


@examples(60, 1_000)
@given(graphs)
def test_nothing_stands_over_anything_else(graph: tuple[list[str], list[tuple[str, str]]]) -> None:
    names, links = graph
    found = placed(names, links, width=WIDTH, gap=GAP)
    assert set(found.layer) == set(found.middle) == set(names)
    for layer in range(found.layers):
        row = sorted(found.middle[name] for name in names if found.layer[name] == layer)
        assert all(right - left >= WIDTH + GAP - 1e-6 for left, right in pairwise(row))
        assert all(WIDTH / 2 - 1e-6 <= one <= found.across - WIDTH / 2 + 1e-6 for one in row)
    assert set(found.ways) == {link for link in links if link[0] != link[1]}
    for (start, end), way in found.ways.items():
        assert way[0] == (found.layer[start], found.middle[start])
        assert way[-1] == (found.layer[end], found.middle[end])
        assert all(abs(one[0] - other[0]) == 1 for one, other in pairwise(way)), "no layer is jumped"
        for layer, middle in way[1:-1]:
            row = [found.middle[name] for name in names if found.layer[name] == layer]
            assert all(abs(middle - one) >= WIDTH / 2 for one in row), "a link runs through no node"
    assert placed(names, links, width=WIDTH, gap=GAP) == found, "the same each time"


@examples(40, 500)
@given(graphs)
def test_without_circles_every_link_leads_down(graph: tuple[list[str], list[tuple[str, str]]]) -> None:
    names, links = graph
    links = [(min(link), max(link)) for link in links if link[0] != link[1]]
    found = placed(names, links, width=WIDTH, gap=GAP)
    assert all(found.layer[start] < found.layer[end] for start, end in links)


def test_two_ways_that_cross_are_untangled() -> None:
    found = placed(["a", "b", "c", "d"], [("a", "d"), ("b", "c")], width=WIDTH, gap=GAP)
    assert (found.middle["a"] < found.middle["b"]) == (found.middle["d"] < found.middle["c"])


def graph(*links: tuple[str, str], **more: str) -> Graph:
    ids = dict.fromkeys(one for link in links for one in link)
    return Graph("T", [GraphNode(one, "dataset", one, **more) for one in ids], [GraphLink(*link) for link in links])


def test_a_drawing_names_everything_and_holds_no_markup_of_data() -> None:
    evil = '<script>"&'
    drawn = graph((evil, "b"), ("b", evil), note=evil, link='/x?"><script>').svg()
    root = ET.fromstring(drawn)
    texts = [one.text for one in root.iter(f"{SVG}text")]
    assert texts.count(evil) >= 1
    assert not list(root.iter(f"{SVG}script"))
    assert {one.get("href") for one in root.iter(f"{SVG}a")} == {'/x?"><script>'}
    named = root.get("aria-labelledby", "").split()
    assert [one.get("id") for one in root.iter() if one.get("id") in named] == named
    assert len([one for one in root.iter(f"{SVG}path") if one.get("stroke-dasharray")]) == 1, "the way back"


def test_many_of_a_kind_on_one_are_drawn_as_one() -> None:
    links = [("a", f"m{one}") for one in range(6)] + [("m0", "r")]
    root = ET.fromstring(graph(*links).svg())
    labels = [one.text for one in root.iter(f"{SVG}text")]
    assert "5 datasets" in labels
    assert {"a", "m0", "r"} <= set(labels)
    assert "m1" not in labels
    assert "m1, m2, m3, m4, m5" in " ".join(one.text or "" for one in root.iter(f"{SVG}title"))


def test_a_graph_that_is_none_is_refused() -> None:
    node = GraphNode("a", "dataset", "a")
    with pytest.raises(Invalid, match="leads to 'b'"):
        Graph("T", [node], [GraphLink("a", "b")])
    with pytest.raises(Invalid, match="same id"):
        Graph("T", [node, node], [])
