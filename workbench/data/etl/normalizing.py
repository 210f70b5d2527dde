"""Transforms that write the same thing the same way: texts, categories, units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl

from workbench.compute import frames
from workbench.data.etl.kinds import AnyFrame, alike, known, number_column
from workbench.data.etl.quarantine import Quarantine, set_aside
from workbench.foundation.errors import Invalid, nearest, unknown

__all__ = ["categorize", "convert", "tidy"]

_SHOWN = 3

# Unit -> (what it measures, factor, offset): value * factor + offset is in the unit of the SI, or bytes, or m/s.
UNITS: dict[str, tuple[str, float, float]] = {
    "millimetre": ("length", 0.001, 0), "centimetre": ("length", 0.01, 0), "metre": ("length", 1, 0),
    "kilometre": ("length", 1000, 0), "inch": ("length", 0.0254, 0), "foot": ("length", 0.3048, 0),
    "yard": ("length", 0.9144, 0), "mile": ("length", 1609.344, 0), "nautical_mile": ("length", 1852, 0),
    "gram": ("mass", 0.001, 0), "kilogram": ("mass", 1, 0), "tonne": ("mass", 1000, 0),
    "ounce": ("mass", 0.028349523125, 0), "pound": ("mass", 0.45359237, 0),
    "millisecond": ("time", 0.001, 0), "second": ("time", 1, 0), "minute": ("time", 60, 0),
    "hour": ("time", 3600, 0), "day": ("time", 86400, 0), "week": ("time", 604800, 0),
    "kelvin": ("temperature", 1, 0), "celsius": ("temperature", 1, 273.15),
    "fahrenheit": ("temperature", 5 / 9, 273.15 - 32 * 5 / 9),
    "metre_per_second": ("speed", 1, 0), "kilometre_per_hour": ("speed", 1 / 3.6, 0),
    "mile_per_hour": ("speed", 0.44704, 0), "knot": ("speed", 1852 / 3600, 0),
    "millilitre": ("volume", 1e-6, 0), "litre": ("volume", 0.001, 0), "cubic_metre": ("volume", 1, 0),
    "us_gallon": ("volume", 0.003785411784, 0),
    "pascal": ("pressure", 1, 0), "hectopascal": ("pressure", 100, 0), "bar": ("pressure", 100000, 0),
    "psi": ("pressure", 6894.757293168361, 0),
    "byte": ("data", 1, 0), "kilobyte": ("data", 1e3, 0), "megabyte": ("data", 1e6, 0), "gigabyte": ("data", 1e9, 0),
    "kibibyte": ("data", 1024, 0), "mebibyte": ("data", 1024**2, 0), "gibibyte": ("data", 1024**3, 0),
}  # fmt: skip


def tidy(
    frame: AnyFrame, *columns: str, case: Literal["keep", "lower", "upper"] = "keep", trim: bool = True,
    spaces: bool = True, empty: Literal["null", "keep"] = "null",
) -> AnyFrame:  # fmt: skip
    """Writes texts the same way: `tidy(frame, "city", case="upper")`. Their characters are composed (Unicode's NFC).

    Args:
        columns: Columns of text; by default all that are.
        trim: Without blanks at both ends.
        spaces: Runs of blanks within become one space.
        empty: What becomes of a text that has nothing in it, afterwards.

    Raises:
        NotFound: No such column.
        Invalid: A column that is no text, or no such case.
    """
    rows = frames.to_lazy(frame)
    schema = rows.collect_schema()
    known(columns, schema)
    for name in columns:
        if schema[name] != pl.String:
            raise Invalid(f"'{name}' is {schema[name]} and no text")
    if case not in ("keep", "lower", "upper"):
        raise unknown("case", case, ["keep", "lower", "upper"], error=Invalid)
    if empty not in ("null", "keep"):
        raise unknown("way with empty texts", empty, ["null", "keep"], error=Invalid)
    made = []
    for name in columns or [name for name, dtype in schema.items() if dtype == pl.String]:
        text = pl.col(name).str.normalize("NFC")
        if spaces:
            text = text.str.replace_all(r"\s+", " ")
        if trim:
            text = text.str.strip_chars()
        text = text.str.to_lowercase() if case == "lower" else text.str.to_uppercase() if case == "upper" else text
        if empty == "null":
            text = pl.when(text != "").then(text)
        made.append(text.alias(name))
    return alike(frame, rows.with_columns(made))


def categorize(
    frame: AnyFrame, column: str, *, values: Sequence[str], synonyms: Mapping[str, str] | None = None,
    cutoff: float | None = None, otherwise: Literal["raise", "null", "keep", "quarantine"] = "raise",
    into: str | None = None, quarantine: Quarantine | None = None,
) -> AnyFrame:  # fmt: skip
    """Makes texts one of some: `categorize(frame, "country", values=["Germany"], synonyms={"DE": "Germany"})`.

    Large and small letters, and blanks at both ends, make no difference.

    Args:
        values: What there is, as it is to be written.
        synonyms: What else is written for them.
        cutoff: From 0 to 1: how alike a text has to be to a value to be taken for it; by default only the same is.
        otherwise: What becomes of any other text.
        into: The column to make; by default the column itself.
        quarantine: Gets the rows that are taken out.

    Raises:
        NotFound: No such column.
        Invalid: A text that is none of them, with examples; a synonym of nothing; a column that is no text.
    """
    rows = frames.to_lazy(frame)
    schema = rows.collect_schema()
    known([column], schema)
    if schema[column] != pl.String:
        raise Invalid(f"'{column}' is {schema[column]} and no text")
    if otherwise not in ("raise", "null", "keep", "quarantine"):
        raise unknown("way with other texts", otherwise, ["raise", "null", "keep", "quarantine"], error=Invalid)
    if cutoff is not None and not 0 < cutoff <= 1:
        raise Invalid(f"a cutoff is above 0 and at most 1, not {cutoff}")
    meant = {value.strip().casefold(): value for value in values}
    for written, value in (synonyms or {}).items():
        if value not in values:
            raise unknown(f"value that '{written}' could be a synonym of,", value, values, error=Invalid)
        meant[written.strip().casefold()] = value
    there = rows.select(pl.col(column).drop_nulls().unique()).collect(engine="in-memory").to_series().sort().to_list()
    found: dict[str, str | None] = {}
    for text in there:
        found[text] = meant.get(text.strip().casefold())
        if found[text] is None and cutoff is not None and (near := nearest(text.strip(), meant, cutoff=cutoff)):
            found[text] = meant[near]
    others = [text for text, value in found.items() if value is None]
    if others and otherwise == "raise":
        shown = ", ".join(repr(text) for text in others[:_SHOWN])
        raise Invalid(
            f"{len(others):,} texts of '{column}' are none of the values, e.g. {shown}",
            hint="name them among synonyms, or choose what becomes of them with otherwise",
        )
    if others and otherwise == "quarantine":
        rows = set_aside(rows, {f"'{column}' is none of the values": pl.col(column).is_in(others)}, quarantine)
    made = {text: (text if value is None and otherwise == "keep" else value) for text, value in found.items()}
    written_as = pl.col(column).replace_strict(
        list(made), list(made.values()), default=None, return_dtype=pl.String()
    ) if made else pl.lit(None, pl.String)  # fmt: skip
    return alike(frame, rows.with_columns(written_as.alias(into or column)))


def convert(frame: AnyFrame, column: str, *, given: str, wanted: str, into: str | None = None) -> AnyFrame:
    """Converts numbers from one unit to another: `convert(frame, "temp", given="fahrenheit", wanted="celsius")`.

    Args:
        into: The column to make; by default the column itself.

    Raises:
        NotFound: No such column.
        Invalid: No such unit, units of different things, or a column that is no number.
    """
    rows = frames.to_lazy(frame)
    value = number_column(column, rows.collect_schema(), "a unit")
    for unit in (given, wanted):
        if unit not in UNITS:
            raise unknown("unit", unit, UNITS, error=Invalid)
    (what, factor, offset), (other, divisor, less) = UNITS[given], UNITS[wanted]
    if what != other:
        raise Invalid(f"a {given} is a {what} and a {wanted} a {other}, so neither becomes the other")
    made = (value.cast(pl.Float64) * factor + (offset - less)) / divisor
    return alike(frame, rows.with_columns(made.alias(into or column)))
