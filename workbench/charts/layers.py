"""Places the nodes of a directed graph in layers, so that links lead downward and cross as little as may be.

The steps are those of Sugiyama, Tagawa and Toda (1981): cycles are broken, each node gets the layer of its longest way
from a beginning, links over several layers get a bend in each, and a layer is ordered by the middles of its
neighbours. Across, each then stands as near to these as the others leave it (isotonic regression).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Placed", "placed"]

SWEEPS = 12
SETTLING = 60
Link = tuple[str, str]


@dataclass(frozen=True)
class Placed:
    """Where everything is.

    Attributes:
        layer: Node -> its layer, from 0 on top.
        middle: Node -> the middle of its place across, from 0; as wide as `width` was told.
        ways: Link -> the layers and middles that it passes, its ends among them, from start to end.
        across: How wide all is.
        layers: How many there are.
    """

    layer: Mapping[str, int]
    middle: Mapping[str, float]
    ways: Mapping[Link, Sequence[tuple[int, float]]]
    across: float
    layers: int


def placed(nodes: Sequence[str], links: Iterable[Link], *, width: float, gap: float, bend: float = 12) -> Placed:
    """The places of nodes that are all as wide; the same for the same nodes and links.

    Args:
        links: From and to, each of them one of `nodes`.
        width: Of a node.
        gap: Between two of a layer.
        bend: How much room a link takes in a layer that it passes.
    """
    known = list(dict.fromkeys((start, end) for start, end in links if start != end))
    back = _backward(nodes, known)
    downward = [_turned(link) if link in back else link for link in known]
    layer = _layers(nodes, downward)
    chains = {
        link: _chain(number, down, layer) for number, (link, down) in enumerate(zip(known, downward, strict=True))
    }
    size = dict.fromkeys(nodes, width)
    rows: list[list[str]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for node in nodes:
        rows[layer[node]].append(node)
    beside: dict[str, list[str]] = {node: [] for node in nodes}
    for chain in chains.values():
        for one in chain[1:-1]:
            layer[one], size[one], beside[one] = layer[chain[0]] + chain.index(one), bend, []
            rows[layer[one]].append(one)
        for above, below in pairwise(chain):
            beside[above].append(below)
            beside[below].append(above)
    rows = _ordered(rows, beside, layer)
    middle = _across(rows, beside, size, gap)
    ways = {}
    for link, chain in chains.items():
        way = [(layer[one], middle[one]) for one in chain]
        ways[link] = way[::-1] if link in back else way
    return Placed(
        layer={node: layer[node] for node in nodes},
        middle={node: middle[node] for node in nodes},
        ways=ways,
        across=max((middle[one] + size[one] / 2 for one in middle), default=0.0),
        layers=len(rows),
    )


def _turned(link: Link) -> Link:
    return link[1], link[0]


def _backward(nodes: Sequence[str], links: Sequence[Link]) -> set[Link]:
    """Links that lead back to where one came from, going along all of them from the beginnings."""
    following = _following(nodes, links)
    entered = {end for _, end in links}
    state: dict[str, int] = {}
    back: set[Link] = set()
    for first in [*(node for node in nodes if node not in entered), *nodes]:
        if first in state:
            continue
        state[first] = 1
        going = [(first, iter(following[first]))]
        while going:
            node, ahead = going[-1]
            for other in ahead:
                if state.get(other) == 1:
                    back.add((node, other))
                elif other not in state:
                    state[other] = 1
                    going.append((other, iter(following[other])))
                    break
            else:
                state[node] = 2
                going.pop()
    return back


def _following(nodes: Iterable[str], links: Iterable[Link]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {node: [] for node in nodes}
    for start, end in links:
        found[start].append(end)
    return found


def _layers(nodes: Sequence[str], links: Sequence[Link]) -> dict[str, int]:
    following = _following(nodes, links)
    entering = dict.fromkeys(nodes, 0)
    for _, end in links:
        entering[end] += 1
    layer = dict.fromkeys(nodes, 0)
    ready = [node for node in nodes if not entering[node]]
    order = []
    while ready:
        node = ready.pop(0)
        order.append(node)
        for other in following[node]:
            layer[other] = max(layer[other], layer[node] + 1)
            entering[other] -= 1
            if not entering[other]:
                ready.append(other)
    begun = {end for _, end in links}
    for node in reversed(order):  # what nothing leads to stands right above what it leads to
        if node not in begun and following[node]:
            layer[node] = min(layer[other] for other in following[node]) - 1
    return layer


def _chain(number: int, link: Link, layer: Mapping[str, int]) -> list[str]:
    """A link's ends, and a name for each layer between them."""
    start, end = link
    return [start, *(f"\0{number}.{at}" for at in range(layer[start] + 1, layer[end])), end]


def _ordered(rows: list[list[str]], beside: Mapping[str, Sequence[str]], layer: Mapping[str, int]) -> list[list[str]]:
    best, fewest = rows, _crossings(rows, beside, layer)
    rows = [list(row) for row in rows]
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for at in range(1, len(rows)) if down else range(len(rows) - 2, -1, -1):
            towards = at - 1 if down else at + 1
            place = {one: number for number, one in enumerate(rows[towards])}
            here = {one: number for number, one in enumerate(rows[at])}

            def middle(one: str, place: dict[str, int] = place, here: dict[str, int] = here) -> float:
                near = [place[other] for other in beside[one] if other in place]
                return sum(near) / len(near) if near else here[one]

            rows[at].sort(key=middle)
        if (crossings := _crossings(rows, beside, layer)) < fewest:
            best, fewest = [list(row) for row in rows], crossings
    return best


def _crossings(rows: Sequence[Sequence[str]], beside: Mapping[str, Sequence[str]], layer: Mapping[str, int]) -> int:
    count = 0
    for at, row in enumerate(rows[:-1]):
        below = {one: number for number, one in enumerate(rows[at + 1])}
        ends = [sorted(below[other] for other in beside[one] if layer[other] == at + 1) for one in row]
        for left, lower in enumerate(ends):
            count += sum(one > other for higher in ends[left + 1 :] for other in higher for one in lower)
    return count


def _across(
    rows: Sequence[Sequence[str]],
    beside: Mapping[str, Sequence[str]],
    size: Mapping[str, float],
    gap: float,
) -> dict[str, float]:
    """Each as near to the middle of its neighbours as the others of its layer leave it."""
    middle: dict[str, float] = {}
    for row in rows:
        at = 0.0
        for one in row:
            middle[one] = at + size[one] / 2
            at += size[one] + gap
    for sweep in range(SETTLING):
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            wanted = []
            for one in row:
                near = [middle[other] for other in beside[one]]
                wanted.append(sum(near) / len(near) if near else middle[one])
            for one, at in zip(row, _apart(wanted, [size[one] for one in row], gap), strict=True):
                middle[one] = at
    least = min((middle[one] - size[one] / 2 for one in middle), default=0.0)
    return {one: at - least for one, at in middle.items()}


def _apart(wanted: Sequence[float], sizes: Sequence[float], gap: float) -> list[float]:
    """In this order, none over another, and each group that touches in the mean of where its members want to be."""
    offsets = [0.0]
    for left, right in pairwise(sizes):
        offsets.append(offsets[-1] + (left + right) / 2 + gap)
    groups: list[tuple[float, int]] = []  # the mean of what its members want of the first place, and how many they are
    for want, offset in zip(wanted, offsets, strict=True):
        mean, count = want - offset, 1
        while groups and groups[-1][0] > mean:
            before, others = groups.pop()
            mean, count = (before * others + mean * count) / (others + count), others + count
        groups.append((mean, count))
    flat = [mean for mean, count in groups for _ in range(count)]
    return [first + offset for first, offset in zip(flat, offsets, strict=True)]
