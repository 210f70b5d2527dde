"""Segments as people write them down: what they mean, and what a mistake is told as."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import yaml
from house import ROOT

from workbench.analytics.product import Every, Step
from workbench.analytics.product.conditions import All, AnyOf, Did, FirstDid, InState, Listed, Not, OneEvent, Window
from workbench.analytics.product.segment_document import KINDS, condition_of
from workbench.foundation.errors import Invalid

NOW = datetime(2024, 3, 31, 12, tzinfo=UTC)
GERMANS = Did(Step("login", "country = 'de'"))

WRITTEN = """
all:
  - did: purchase
    where: amount > 10
    at_least: 2
    between: [2024-01-01, 2024-02-01]
  - did_not: purchase
    last: 30 days
  - any:
      - in: germans
      - not_in: germans
      - subjects: [ada, bob]
  - first_did: signup
    between: [2024-01-01T06:00:00Z, null]
  - last_event:
    where: country = 'de'
  - not: {lifecycle: dormant, of: login, period: 2024-03-04, grain: week}
"""


def test_every_condition_can_be_written() -> None:
    said = condition_of(yaml.safe_load(WRITTEN), now=NOW, time_zone="Europe/Berlin", others={"germans": GERMANS})
    january = Window(datetime(2023, 12, 31, 23, tzinfo=UTC), datetime(2024, 1, 31, 23, tzinfo=UTC))
    assert said == All(
        (
            Did(Step("purchase", "amount > 10"), "at least", 2, january),
            Did(Step("purchase"), "exactly", 0, Window(NOW - timedelta(days=30), NOW)),
            AnyOf((GERMANS, Not(GERMANS), Listed(("ada", "bob")))),
            FirstDid(Step("signup"), Window(datetime(2024, 1, 1, 6, tzinfo=UTC))),
            OneEvent("last", Step(), "country = 'de'"),
            Not(InState("dormant", Step("login"), date(2024, 3, 4), Every("week", "Europe/Berlin"))),
        )
    )


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"dit": "purchase"}, "segment 'vip': no condition 'dit'; did you mean 'did'?"),
        ({"did": "a", "atleast": 2}, "segment 'vip': no option of 'did' 'atleast'; did you mean 'at_least'?"),
        ({"did": "a", "did_not": "b"}, "says 'did' and 'did_not'"),
        ({"where": "x > 1"}, "a condition needs one of did, did_not"),
        ({}, "a condition needs one of did, did_not"),
        (["did"], "has to be a mapping"),
        ({"all": [{"did": "a"}, {"any": [{"did": 3}]}]}, "segment 'vip', all 2, any 1, did: 3 is not the name"),
        ({"all": {"did": "a"}}, "is not a list of conditions"),
        ({"all": []}, "needs at least one"),
        ({"in": "germns"}, "segment 'vip', in: no segment 'germns'; did you mean 'germans'?"),
        ({"did": "a", "at_least": "two"}, "did, at_least: 'two' is not a whole number"),
        ({"did": "a", "at_least": 1, "at_most": 2}, "do not go together"),
        ({"did": "a", "exactly": -1}, "segment 'vip', did: a step is done exactly 0 to"),
        ({"did": "a", "last": "a while"}, "'last' has 'a while'"),
        ({"did": "a", "last": "0 days"}, "'last' has '0 days'"),
        ({"did": "a", "last": "-5 days"}, "'last' has '-5 days'"),
        ({"did": "a", "last": "999999 weeks"}, "begins before there are dates"),
        ({"did": "a", "last": "3 days", "between": [None, None]}, "do not go together"),
        ({"did": "a", "between": "2024"}, "takes two times"),
        ({"did": "a", "between": ["2024-02-01", "2024-01-01"]}, "which is not after its start"),
        ({"did": "a", "between": ["yesterday", None]}, "'yesterday' is not a date or time"),
        ({"did": "a", "between": [2024, None]}, "2024 is not a date or time"),
        ({"last_event": "a"}, "is looked at for a condition"),
        ({"last_event": "a", "where": None}, "is looked at for a condition"),
        (
            {"lifecycle": "new", "of": "a", "period": "2024-03-01", "week_start": "Sun"},
            "week_start: 'Sun' is not a day",
        ),
        ({"lifecycle": "dormnt", "of": "a", "period": "2024-03-01"}, "did you mean 'dormant'"),
        ({"lifecycle": "dormant", "of": "a"}, "needs 'of', the event, and 'period'"),
        ({"lifecycle": "new", "of": "a", "period": "2024-03-01", "grain": "dya"}, "did you mean 'day'"),
        ({"subjects": ["a", 1]}, "either texts or whole numbers"),
        ({"subjects": [2**63]}, "more than 64 bits"),
        ({"subjects": "ada"}, "is not a list of subjects"),
    ],
)
def test_a_mistake_is_told_with_its_place(document: Any, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        condition_of(document, now=NOW, others={"germans": GERMANS}, what="segment 'vip'")
    assert says in str(refused.value)
    assert str(refused.value).count("segment 'vip'") == 1


def test_what_is_nested_without_end_is_refused() -> None:
    document: Any = {"did": "a"}
    for _ in range(1_000):
        document = {"not": document}
    with pytest.raises(Invalid, match="more than 20 conditions deep"):
        condition_of(document, now=NOW)


def test_the_documentation_has_every_key_and_an_example_that_is_read() -> None:
    page = (ROOT / "docs" / "product.md").read_text()
    _, _, section = page.partition("## Segments\n")
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    assert {key for row in rows for key in re.findall(r"`(\w+)`", row[1])} == set(KINDS)
    for row in rows:
        for key in re.findall(r"`(\w+)`", row[1]):
            assert set(re.findall(r"`(\w+)`", row[3])) == set(KINDS[key])
    [example] = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert isinstance(condition_of(yaml.safe_load(example), now=NOW), All)
