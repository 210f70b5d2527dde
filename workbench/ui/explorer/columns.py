"""The columns of a dataset: all of them in a table, and one looked at closely."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import ipywidgets as widgets
import polars as pl

from workbench.analytics.exploration import column_chart, correlation_chart
from workbench.app import Workbench
from workbench.charts import written
from workbench.data.quality import ColumnProfile, Profile
from workbench.foundation.wording import counted
from workbench.ui.explorer.drawn import Drawn
from workbench.ui.explorer.offering import offer
from workbench.ui.part import Part
from workbench.ui.plain import html
from workbench.ui.selection import Selection

__all__ = ["Columns", "OneColumn", "Together"]

_MANY = 12
_LONGEST = 40


class Columns(Part):
    """A row per column: what it is, what is missing, how its values are spread.

    Attributes:
        profile: What is known of the columns; None until it is.
        filtered: Whether that is of the rows that filters leave.
        search: Finds columns by their names, where there are many.
    """

    wide = True

    def __init__(self) -> None:
        super().__init__()
        self.profile: Profile | None = None
        self.filtered = False
        self.search = widgets.Text(
            description="Find a column", placeholder="a part of its name", continuous_update=True
        )
        self.search.add_class("wb-find")
        self._shown = html()
        self.search.observe(lambda _: self._draw(), names="value")
        self.entitle("Columns")

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        profile = self.profile
        if profile is None:
            return False
        said = [_of(profile)] if self.filtered else []
        if profile.sampled:
            said.append(
                "Most frequent values and correlations are of a sample of "
                f"{profile.looked_at:,} rows; missing values, ends and shapes are of all {profile.rows:,}."
            )
        self.entitle("Columns", " ".join(said))
        if self.filtered and not profile.rows:
            self._put([])
            return False
        many = len(profile.columns) > _MANY
        self._put([self.search, self._shown] if many else [self._shown])
        self._draw()
        return True

    def _draw(self) -> None:
        if self.profile is None:
            return
        words = self.search.value.casefold().split()
        table = self.profile.table()
        places = [
            at for at, one in enumerate(self.profile.columns) if all(word in one.name.casefold() for word in words)
        ]
        rows = table.frame.with_columns(pl.int_range(pl.len()).alias(".at")).filter(pl.col(".at").is_in(places))
        body = "".join(_row(self.profile, self.profile.columns[row[".at"]], row) for row in rows.iter_rows(named=True))
        head = "".join(
            f'<th scope="col"{kind}>{name}</th>'
            for name, kind in (
                ("Column", ""), ("Type", ""), ("Missing", ' class="wb-num"'), ("Distinct", ' class="wb-num"'),
                ("Shape", ""), ("Ends", ""), ("Most frequent", ""),
            )
        )  # fmt: skip
        body = body or '<tr><td colspan="7">No column is called so.</td></tr>'
        self._shown.value = (
            '<div class="wb-scroll wb-columns" role="region" tabindex="0" aria-label="Columns, table">'
            f'<table aria-label="Columns"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        )


class OneColumn(Drawn):
    """One column: its histogram or most frequent values, and what else is known of it.

    Attributes:
        profile: What is known of the columns; None until it is.
        filtered: Whether that is of the rows that filters leave.
        pick: Which column.
    """

    wide = False

    def __init__(self) -> None:
        super().__init__()
        self.profile: Profile | None = None
        self.filtered = False
        self.pick = widgets.Dropdown(description="Look at")
        self.pick.add_class("wb-pick")
        self._facts = html()
        self._quiet = False
        self.pick.observe(lambda _: self._moved(), names="value")

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        if self.profile is None:
            return False
        self._quiet = True
        begin = self.pick.value
        offer(self.pick, [one.name for one in self.profile.columns])
        if begin is None:  # one that has something to show
            self.pick.value = next((one.name for one in self.profile.columns if one.distinct != 1), self.pick.value)
        self._quiet = False
        self._show_column()
        return True

    def _put(self, children: Sequence[widgets.Widget]) -> None:
        drawn = list(children)
        super()._put([self.pick, *drawn[:1], self._facts, *drawn[1:]])

    def _moved(self) -> None:
        if not self._quiet and self.pick.value is not None:
            self._show_column()

    def _show_column(self) -> None:
        assert self.profile is not None
        column = self.profile[self.pick.value]
        facts = "".join(
            f"<div><dt>{escape(name)}</dt><dd>{escape(said)}</dd></div>" for name, said in _facts(self.profile, column)
        )
        self._facts.value = f'<dl class="wb-facts">{facts}</dl>'
        chart = column_chart(self.profile, column.name)
        said = _of(self.profile) if self.filtered else ""
        if chart is None or not self.take(chart, under=said):
            self.chart = None
            self.entitle(column.name, said)
            self._put([])


class Together(Drawn):
    """The pairs of numeric columns that go together best.

    Attributes:
        profile: What is known of the columns; None until it is.
        filtered: Whether that is of the rows that filters leave.
    """

    wide = False

    def __init__(self) -> None:
        super().__init__()
        self.profile: Profile | None = None
        self.filtered = False
        self.entitle("Columns that go together")

    def compute(self, wb: Workbench, selection: Selection) -> bool:
        if self.profile is None:
            return False
        said = f"{_of(self.profile)} " if self.filtered else ""
        chart = correlation_chart(self.profile)
        if chart is None:
            self.entitle("Columns that go together", said)
            self._put([])
            return False
        under = "the strongest of all pairs of numeric columns; 1 is in step, −1 against each other, 0 neither"
        return self.take(chart, under=f"{said}{under[:1].upper()}{under[1:]}." if said else under)

    def settle(self, found: bool) -> None:
        """Says that it was drawn, or that there is no such pair."""
        self._show("ready" if found else "empty", "" if found else "No two columns of numbers vary together here.")


def _of(profile: Profile) -> str:
    """Which rows a profile is of that follows filters."""
    if not profile.rows:
        return "The filters leave no row."
    return f"Of the {counted(profile.rows, 'row')} that the filters leave."


def _row(profile: Profile, column: ColumnProfile, said: dict[str, str]) -> str:
    share = column.missing / profile.rows if profile.rows else 0.0
    missing = "none" if not column.missing else _share(share)
    bar = f'<span class="wb-share" style="--share:{share:.4f}" aria-hidden="true"></span>' if column.missing else ""
    ends = _ends(column, said)
    return (
        f'<tr><th scope="row">{escape(_cut(column.name))}</th><td>{escape(_type(column))}</td>'
        f'<td class="wb-num">{bar}{missing}</td><td class="wb-num">{escape(said["distinct"] or "–")}</td>'
        f"<td>{_spark(column)}</td><td>{escape(ends or '–')}</td><td>{escape(said['most_frequent'] or '–')}</td></tr>"
    )


def _ends(column: ColumnProfile, said: dict[str, str]) -> str:
    """The least and the greatest value; of texts, how long they are; of times, to the minute."""
    least, greatest = said["least"], said["greatest"]
    if column.texts is not None:
        least, greatest = (
            f"{one:,}" if one is not None else "" for one in (column.texts.shortest, column.texts.longest)
        )
    if column.kind == "time":
        least, greatest = (one[:16].replace("T", " ") for one in (least, greatest))
    told = " to ".join(dict.fromkeys(filter(None, (least, greatest))))
    return f"{told} characters" if column.texts is not None and told else told


def _share(share: float) -> str:
    """A share in percent, which is never told as nothing or all where it is neither."""
    if 0 < share < 0.001:
        return "under 0.1%"
    return "over 99.9%" if 0.999 < share < 1 else f"{share:.1%}"


def _type(column: ColumnProfile) -> str:
    """The kind in words, and what the texts look like."""
    said = {"integer": "whole number", "boolean": "yes or no", "other": column.type}.get(column.kind, column.kind)
    hint = column.texts.hints[0].what if column.texts is not None and column.texts.hints else ""
    return f"{said}, looks like {hint}" if hint else said


def _spark(column: ColumnProfile) -> str:
    """The spread of the values in a word's height; what it says stands beside it."""
    counts = column.histogram.counts if column.histogram is not None else [top.count for top in column.frequent]
    most = max(counts, default=0)
    if not most:
        return ""
    step = 80 / len(counts)
    bars = "".join(
        f'<rect x="{at * step:.2f}" y="{20 - height:.2f}" width="{max(1.0, step - 1):.2f}" height="{height:.2f}"/>'
        for at, count in enumerate(counts)
        if (height := max(1.0 if count else 0.0, 20 * count / most))
    )
    return f'<svg class="wb-spark" width="80" height="20" aria-hidden="true">{bars}</svg>'


def _facts(profile: Profile, column: ColumnProfile) -> list[tuple[str, str]]:
    """What there is to say of a column beside its chart."""
    rows = profile.rows
    found = [("Missing", f"{column.missing:,} of {rows:,}" if column.missing else "none")]
    if column.distinct is not None:
        found.append(("Distinct values", ("" if column.distinct_exact else "about ") + f"{column.distinct:,}"))
    if (numbers := column.numbers) is not None and numbers.mean is not None:
        found += [("Mean", _number(numbers.mean)), ("Least", _number(numbers.min)), ("Greatest", _number(numbers.max))]
        found += [("Standard deviation", _number(numbers.std))] if numbers.std is not None else []
        said = {0.25: "A quarter up to", 0.5: "Median", 0.75: "Three quarters up to"}
        found += [(said[one.share], _number(one.value)) for one in numbers.quantiles if one.share in said]
        found += [("Infinite", f"{numbers.infinite:,}")] if numbers.infinite else []
    if (texts := column.texts) is not None and texts.shortest is not None:
        found.append(("Characters", f"{texts.shortest:,} to {texts.longest:,}"))
        found += [("Empty texts", f"{texts.empty:,}")] if texts.empty else []
        found += [("With space around", f"{texts.padded:,}")] if texts.padded else []
    if (times := column.times) is not None and times.min is not None:
        found += [("First", str(times.min)[:19]), ("Last", str(times.max)[:19])]
        found.append((f"{times.grain.capitalize()}s without a row", f"{times.without:,} of {times.periods:,}"))
    return found


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, int):
        return written(value, ",d")
    return written(value, ",.0f" if abs(value) >= 1_000 else ",.2~f" if abs(value) >= 0.1 else ",.4~f")


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
