from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from workbench.charts import TABLE_MIME, Table, Tile, Tiles
from workbench.charts.wording import columns_of, written
from workbench.foundation.errors import Invalid


def cells(html: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", html)]


def table(**columns: list[object]) -> Table:
    return Table("A table", pl.DataFrame(columns, strict=False))


def test_units_stand_in_the_header_and_numbers_to_the_right() -> None:
    made = Table(
        "Delays", pl.DataFrame({"carrier": ["UA"], "delay": [12345.678]}), {"delay": "Delay"}, {"delay": "min"}
    )
    html = made._repr_html_()
    assert cells(html) == ["Carrier", "Delay (min)", "UA", "12,346"]
    assert '<th scope="col" class="wb-num">' in html
    assert '<td class="wb-num">12,346</td>' in html
    assert '<th scope="row" class="wb-word">UA</th>' in html
    assert "tabular-nums" in html


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (1234567, ",d", "1,234,567"),
        (2.5, "d", "2"),
        (-1234.5, ",.1f", "−1,234.5"),
        (-0.0001, ".1f", "0.0"),
        (0.12345, ".1%", "12.3%"),
        (1500.0, ",.2~f", "1,500"),
        (1.50, ".2~f", "1.5"),
        (3.2, "+.1f", "+3.2"),
        (12345.0, ".2e", "1.23e+04"),
        (float("nan"), ".1f", "not a number"),
        (float("-inf"), ".1f", "−∞"),
        (Decimal("1.25"), ".1f", "1.2"),
    ],
)
def test_numbers_are_written_as_their_format_says(value: float, spec: str, text: str) -> None:
    assert written(value, spec) == text


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([123.4, 5.0], ["123", "5"]),
        ([12.34, 5.0], ["12.3", "5.0"]),
        ([1.234], ["1.23"]),
        ([0.0123], ["0.012"]),
        ([1234567], ["1,234,567"]),
        ([True, None], ["yes", "–"]),
        ([date(2013, 1, 5)], ["2013-01-05"]),
        ([date(2013, 1, 1), date(2013, 2, 1)], ["Jan 2013", "Feb 2013"]),
        ([datetime(2013, 1, 1, 5, 30, tzinfo=UTC)], ["2013-01-01 05:30"]),
    ],
)
def test_a_column_without_a_format_finds_a_fitting_one(values: list[object], texts: list[str]) -> None:
    column = columns_of(pl.DataFrame({"v": values}), {}, {}, {})["v"]
    assert [column.read(value) for value in pl.Series(values).to_list()] == texts


def test_a_year_is_not_an_amount() -> None:
    assert "2013" in cells(table(year=[2013])._repr_html_())


def test_a_time_says_its_zone() -> None:
    assert cells(table(at=[datetime(2013, 1, 1, 5, tzinfo=UTC)])._repr_html_())[0] == "At (UTC)"


def test_the_machine_readable_table_holds_every_type_without_loss() -> None:
    frame = pl.DataFrame(
        {
            "f": [0.1 + 0.2, float("nan"), float("inf")],
            "d": [Decimal("1.10"), None, None],
            "l": [[1, 2], [], None],
            "b": [True, False, None],
        }
    )
    rows = Table("All", frame)._repr_mimebundle_()[TABLE_MIME]["rows"]
    assert rows == [
        [0.30000000000000004, "1.10", [1, 2], True],
        ["NaN", None, [], False],
        ["Infinity", None, None, None],
    ]


def test_a_long_table_is_cut_on_the_page_and_whole_for_machines() -> None:
    made = table(n=list(range(1200)))
    bundle = made._repr_mimebundle_()
    assert "The first 500 of 1,200 rows." in bundle["text/html"]
    assert len(bundle[TABLE_MIME]["rows"]) == 1200


def test_text_is_escaped() -> None:
    html = Table("<b>T</b>", pl.DataFrame({"<i>": ["<script>"]}), note="<u>")._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "<u>" not in html


def test_a_table_reads_well_in_a_terminal() -> None:
    made = Table("Delays", pl.DataFrame({"carrier": ["UA", "AA"], "delay": [12.5, 3.0]}), units={"delay": "min"})
    assert repr(made).splitlines() == ["Delays", "Carrier  Delay (min)", "UA              12.5", "AA               3.0"]


def test_a_table_needs_a_title() -> None:
    with pytest.raises(Invalid, match="a table needs a title"):
        Table("", pl.DataFrame())


def test_tiles_show_each_figure_with_its_unit() -> None:
    made = Tiles([Tile("Flights", 336776), Tile("Late", 0.2151, "%", ".1%"), Tile("Delay", None, "min")])
    html = made._repr_html_().split("</style>")[1]
    assert re.findall(r'wb-figure">([^<]+)', html) == ["336,776", "21.5%", "– "]
    assert made._repr_mimebundle_()[TABLE_MIME]["rows"][0] == ["Flights", 336776, ""]
