"""Texts, categories and units that are written the same way, against naive loops."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.etl import Quarantine, categorize, convert, tidy
from workbench.foundation.errors import Invalid, NotFound

TEXTS = st.lists(st.none() | st.text("aBcÄé e\u0301\t\n ", max_size=8), max_size=20)


@given(texts=TEXTS, case=st.sampled_from(["keep", "lower", "upper"]), trim=st.booleans(), spaces=st.booleans())
def test_a_tidy_text_is_what_a_loop_makes_of_it(texts: list[str | None], case: Any, trim: bool, spaces: bool) -> None:
    def tidied(text: str | None) -> str | None:
        if text is None:
            return None
        text = unicodedata.normalize("NFC", text)
        text = re.sub(r"\s+", " ", text) if spaces else text
        text = text.strip() if trim else text
        text = {"keep": text, "lower": text.lower(), "upper": text.upper()}[case]
        return text or None

    frame = pl.DataFrame({"x": texts, "n": range(len(texts))}, schema={"x": pl.String, "n": pl.Int64})
    made = tidy(frame, case=case, trim=trim, spaces=spaces)
    assert made["x"].to_list() == [tidied(text) for text in texts]
    assert made["n"].equals(frame["n"])


def test_an_empty_text_may_stay_one() -> None:
    assert tidy(pl.DataFrame({"x": ["  "]}), "x", empty="keep")["x"].to_list() == [""]
    with pytest.raises(Invalid, match="'n' is Int64 and no text"):
        tidy(pl.DataFrame({"n": [1]}), "n")
    with pytest.raises(Invalid, match="did you mean 'lower'"):
        tidy(pl.DataFrame({"x": ["a"]}), case="lowr")  # type: ignore[arg-type]


COUNTRIES = pl.DataFrame({"x": [" germany", "DE", "Frnace", None, "Narnia", "France"]})
KNOWN: dict[str, Any] = {"values": ["Germany", "France"], "synonyms": {"de": "Germany"}}


def test_categories_are_found_by_letters_synonyms_and_likeness() -> None:
    near = categorize(COUNTRIES, "x", **KNOWN, cutoff=0.8, otherwise="null")
    assert near["x"].to_list() == ["Germany", "Germany", "France", None, None, "France"]
    exact = categorize(COUNTRIES, "x", **KNOWN, otherwise="keep", into="y")
    assert exact["y"].to_list() == ["Germany", "Germany", "Frnace", None, "Narnia", "France"]
    assert exact["x"].equals(COUNTRIES["x"])
    quarantine = Quarantine()
    kept = categorize(COUNTRIES, "x", **KNOWN, otherwise="quarantine", quarantine=quarantine)
    assert kept["x"].to_list() == ["Germany", "Germany", None, "France"]
    assert quarantine.rows.rows() == [("Frnace", "'x' is none of the values"), ("Narnia", "'x' is none of the values")]
    nothing = categorize(COUNTRIES.clear(), "x", **KNOWN)
    assert nothing.schema == COUNTRIES.schema


def test_a_text_that_is_no_category_is_refused_with_examples() -> None:
    with pytest.raises(Invalid, match=r"2 texts of 'x' are none of the values, e.g. 'Frnace', 'Narnia'"):
        categorize(COUNTRIES, "x", **KNOWN)
    with pytest.raises(Invalid, match="'DE' could be a synonym of, 'Germny'; did you mean 'Germany'"):
        categorize(COUNTRIES, "x", values=["Germany"], synonyms={"DE": "Germny"})
    with pytest.raises(Invalid, match="no quarantine"):
        categorize(COUNTRIES, "x", **KNOWN, otherwise="quarantine")
    with pytest.raises(Invalid, match="cutoff"):
        categorize(COUNTRIES, "x", **KNOWN, cutoff=2)


@pytest.mark.parametrize(
    ("value", "given_", "wanted", "expected"),
    [
        (212, "fahrenheit", "celsius", 100),
        (-40, "celsius", "fahrenheit", -40),
        (0, "celsius", "kelvin", 273.15),
        (1, "mile", "kilometre", 1.609344),
        (10, "knot", "kilometre_per_hour", 18.52),
        (1, "pound", "gram", 453.59237),
        (1.5, "hour", "minute", 90),
        (1013.25, "hectopascal", "bar", 1.01325),
        (1, "gibibyte", "mebibyte", 1024),
    ],
)
def test_units_become_others(value: float, given_: str, wanted: str, expected: float) -> None:
    frame = pl.DataFrame({"x": [value, None]}, strict=False)
    made = convert(frame, "x", given=given_, wanted=wanted, into="y")
    assert made["y"].to_list() == pytest.approx([expected, None])
    assert convert(made, "y", given=wanted, wanted=given_)["y"].to_list() == pytest.approx([value, None])


def test_units_of_different_things_are_refused() -> None:
    frame = pl.DataFrame({"x": [1]})
    with pytest.raises(Invalid, match="a mile is a length and a gram a mass"):
        convert(frame, "x", given="mile", wanted="gram")
    with pytest.raises(Invalid, match="did you mean 'metre'"):
        convert(frame, "x", given="meter", wanted="mile")
    with pytest.raises(NotFound, match="no column 'y'"):
        convert(frame, "y", given="metre", wanted="mile")
