"""`show` draws what a result holds, by the figures that dashboards ask for it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from product_shop import STEPS, fill

from workbench import Workbench
from workbench.foundation.errors import Invalid
from workbench.ui import Along, Bars, Heat, Line, Part, Rows, Selection, Tiles, show
from workbench.ui.product import Asked


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({}, Tiles),
        ({"grain": "week"}, Line),
        ({"by": "shop"}, Bars),
        ({"by": "shop", "grain": "week"}, Along),
        ({"by": ["shop", "kind"]}, Heat),
        ({"by": ["shop", "kind", "part"]}, Rows),
    ],
)
def test_metrics_have_the_figure_that_fits_what_they_are_broken_down_by(
    shop: Workbench, asked: dict[str, Any], kind: type[Part]
) -> None:
    parts = show(shop.metrics.query(["sold", "price"], **asked)).parts
    assert [type(part) for part in parts] == [kind] * (1 if kind in (Tiles, Rows) else 2)
    assert {part.state for part in parts} == {"ready"}
    assert parts[0].versions == {"sales": 0}


def test_curves_along_time_are_the_rows_of_each_value(shop: Workbench) -> None:
    part = Along("sold", by="kind", grain="week")
    part.refresh(shop, Selection())
    frame = shop.metrics.query("sold", by="kind", grain="week").frame
    drawn = {tuple(line) for line in part.form.lines.y.tolist()}
    assert drawn == {tuple(own["sold"].to_list()) for own in frame.sort("time").partition_by("kind")}


@pytest.mark.parametrize(
    ("question", "given", "options"),
    [
        ("funnel", (STEPS,), {}),
        ("funnel", (STEPS,), {"breakdown": "country", "grain": "week", "top": 2}),
        ("retention", ("view",), {"periods": 4}),
        ("retention", ("view",), {"periods": 4, "breakdown": "country"}),
        ("stickiness", ("view",), {}),
        ("stickiness", ("view",), {"breakdown": "country"}),
        ("lifecycle", ("view",), {"grain": "day"}),
        ("paths", (), {"gap": "1 day"}),
        ("sessions", (), {}),
        ("sessions", (), {"grain": None}),
    ],
)
def test_a_question_has_its_own_figure(wb: Workbench, question: str, given: Any, options: dict[str, Any]) -> None:
    fill(wb)
    result = getattr(wb.product, question)("events", *given, **options)
    shown = show(result)
    (part,) = shown.parts
    assert isinstance(part, Asked)
    assert (part.question, part.state, part.versions) == (question, "ready", {"events": result.version})
    assert part.chart is not None
    assert part.chart.alt in shown._repr_mimebundle_()["text/html"]


def test_what_is_no_result_is_refused() -> None:
    with pytest.raises(Invalid, match="DataFrame is no result"):
        show(pl.DataFrame())  # type: ignore[arg-type]
