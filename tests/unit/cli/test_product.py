"""`workbench funnel` and its neighbours, and `workbench cohort`: the numbers, words for people, rows for programs."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shop_events

Command = Callable[..., Any]


@pytest.fixture(autouse=True)
def shop(workspace: Path) -> None:
    shop_events.fill(workspace)


def read(command: Command, *asked: str) -> list[dict[str, Any]]:
    ended = command(*asked, "--json")
    assert ended.code == 0, ended.err
    found: list[dict[str, Any]] = json.loads(ended.out)
    return found


def test_a_funnel_is_a_table_in_words_and_says_what_it_was_made_of(command: Command) -> None:
    ended = command("funnel", "events", "view", "cart", "buy")
    title, *above, head, one, two, three, note = ended.out.splitlines()
    rows = [one, two, three]
    assert title == "From view to buy within 7 days"
    assert (above[0].split()[:2], head.split()[:3]) == (["Share", "of"], ["Step", "Event", "Subjects"])
    assert [row.split()[:4] for row in rows] == [
        ["1", "view", "3", "100.0%"],
        ["2", "cart", "2", "66.7%"],
        ["3", "buy", "1", "33.3%"],
    ]
    assert note.endswith("From events version 0.")


def test_the_table_of_a_funnel_fits_a_page(command: Command) -> None:
    asked = ("funnel", "events", "view", "cart where amount > 100", "buy", "--by", "country")
    lines = command(*asked).out.splitlines()
    assert max(len(line) for line in lines) <= 100
    assert lines[-2].split()[:3] == ["US", "3", "buy"]


def test_a_funnel_takes_conditions_windows_and_a_breakdown(command: Command) -> None:
    def counts(*asked: str) -> list[int]:
        return [row["subjects"] for row in read(command, "funnel", "events", *asked)]

    assert counts("view", "cart where amount > 100") == [3, 1]
    assert counts("view", "where amount > 100", "--window", "1 hour") == [3, 1]
    assert counts("view", "cart", "--window", "10 minutes") == [3, 1]
    assert counts("view", "cart", "buy", "--step-window", "10 minutes", "--step-window", "1 hour") == [3, 1, 1]
    assert counts("view", "buy", "--exclude", "cart") == [3, 0]
    assert counts("view", "buy", "--order", "strict") == [3, 0]
    assert counts("view", "cart", "--from", "2024-03-05", "--to", "2024-03-06") == [1, 0]
    weekly = ("funnel", "events", "view", "cart", "--by", "country", "--attribution", "1", "--grain", "week")
    assert command(*weekly).out.startswith("From view to cart within 7 days by country and week\n")
    by = read(command, *weekly)
    assert [(row["breakdown"], row["period"], row["step"], row["subjects"]) for row in by] == [
        ("DE", "2024-03-04", 1, 2), ("DE", "2024-03-04", 2, 2), ("US", "2024-03-04", 1, 1), ("US", "2024-03-04", 2, 0),
    ]  # fmt: skip


def test_the_columns_can_be_said_where_the_dataset_does_not(command: Command) -> None:
    named = ("--subject", "who", "--event", "what", "--time", "at", "--id", "id")
    assert read(command, "funnel", "plain", "view", "cart", *named) == read(command, "funnel", "events", "view", "cart")
    unsaid = command("funnel", "plain", "view", "cart")
    assert (unsaid.code, "does not say which of its columns" in unsaid.err) == (2, True)
    half = command("funnel", "plain", "view", "cart", "--subject", "who")
    assert (half.code, "go together" in half.err) == (2, True)


def test_explain_follows_the_table_and_stands_beside_json(command: Command) -> None:
    said = command("funnel", "events", "view", "cart", "--explain").out
    assert "funnel of events version 0" in said
    for word in (
        "engine",
        "cache",
        "files    1 of 1 files",
        "kB, of _subject_hash, at, what",
        "plan of the first part",
    ):
        assert word in said
    beside = command("funnel", "events", "view", "cart", "--explain", "--json")
    assert len(json.loads(beside.out)) == 2
    assert "engine" in beside.err


def test_who_came_back_how_often_and_who_is_new(command: Command) -> None:
    retained = read(command, "retention", "events", "view", "--periods", "2")
    assert [(row["cohort"], row["offset"], row["size"], row["subjects"]) for row in retained] == [
        ("2024-03-04", 0, 3, 3), ("2024-03-04", 1, 3, 1), ("2024-03-11", 0, 0, 0),
    ]  # fmt: skip
    sticky = read(command, "stickiness", "events", "view", "--grain", "week")
    assert [(row["periods"], row["subjects"]) for row in sticky] == [(1, 2), (2, 1)]
    assert read(command, "stickiness", "events", "view", "--grain", "week", "--cumulative")[0]["subjects"] == 3
    states = {(row["period"], row["state"]): row["subjects"] for row in read(command, "lifecycle", "events", "view")}
    assert (states["2024-03-04", "new"], states["2024-03-11", "returning"], states["2024-03-11", "dormant"]) == (
        3,
        1,
        2,
    )


def test_paths_and_sessions(command: Command) -> None:
    edges = read(command, "paths", "events", "--start-at", "view")
    assert [(row["position"], row["source"], row["target"], row["paths"]) for row in edges] == [
        (1, "view", "cart", 2), (2, "cart", "buy", 1),
    ]  # fmt: skip
    (all_together,) = read(command, "sessions", "events", "--grain", "none")
    assert (all_together["sessions"], all_together["subjects"], all_together["events"]) == (5, 4, 8)
    by = read(command, "sessions", "events", "--grain", "none", "--by", "country")
    assert {row["country"]: row["sessions"] for row in by} == {"DE": 2, "US": 3}


def test_duplicates(command: Command) -> None:
    (none,) = read(command, "duplicates", "events")
    assert (none["rows"], none["kept"], none["duplicates"], none["share"]) == (8, 8, 0, 0.0)
    (again,) = read(command, "duplicates", "events", "--id", "what", "--amount", "amount")
    assert (again["duplicates"], again["subjects"]) == (1, 1)
    assert "Rows that came again" in command("duplicates", "events", "--grain", "day", "--by", "country").out


def test_a_cohort_is_saved_listed_shown_used_and_deleted(
    command: Command, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "buyers.yaml").write_text("did: cart\nwhere: amount > 30\n")
    assert command("cohort", "save", "buyers", "events", "buyers.yaml", "--description", "With carts").code == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("subjects: [ada, nobody]"))
    assert "2 subjects" in command("cohort", "save", "some", "events", "-").out
    assert [(row["name"], row["subjects"]) for row in read(command, "cohort", "list")] == [
        ("buyers", None),
        ("some", 2),
    ]
    assert "did: cart" in command("cohort", "show", "buyers").out
    assert command("cohort", "show", "some").out.endswith("subjects: ada, nobody\n")
    assert read(command, "cohort", "show", "buyers")[0]["definition"] == {"did": "cart", "where": "amount > 30"}
    assert read(command, "cohort", "subjects", "buyers") == [{"who": "ada"}, {"who": "bob"}]
    assert read(command, "funnel", "events", "view", "cart", "buy", "--within", "some")[2]["subjects"] == 1
    again = command("cohort", "save", "some", "events", "buyers.yaml")
    assert (again.code, "there is a cohort 'some' already" in again.err) == (1, True)
    assert command("cohort", "save", "some", "events", "buyers.yaml", "--replace").code == 0
    assert command("cohort", "delete", "some").code == 0
    assert command("cohort", "save", "none", "events", "nowhere.yaml").code == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("funnel", "evnts", "view", "cart"), "did you mean 'events'"),
        (("funnel", "events", "view"), "a funnel has 2 to 30 steps, not 1"),
        (("funnel", "events", "view", "cart where"), "has no condition after 'where'"),
        (("funnel", "events", "view", "cart where amuont > 1"), "did you mean 'amount'"),
        (("funnel", "events", "view", "cart", "--window", "soon"), "no length of time"),
        (("funnel", "events", "view", "cart", "--order", "orderd"), "did you mean 'ordered'"),
        (("funnel", "events", "view", "cart", "--by", "contry"), "did you mean 'country'"),
        (("funnel", "events", "view", "cart", "--within", "buyers"), "no cohort 'buyers'"),
        (("funnel", "events", "view", "cart", "--from", "yesterday"), "is not a date or time"),
        (("funnel", "events", "view", "cart", "--from", "2024-03-04", "--time-zone", "Mars"), "no time zone 'Mars'"),
        (("retention", "events", "view", "--kind", "second"), "second"),
        (("sessions", "events", "--gap", "0 minutes"), "gap"),
        (("duplicates", "events", "--id", "idd"), "did you mean 'id'"),
        (("cohort", "show", "buyers"), "no cohort 'buyers'"),
        (("funnel", "\udcff", "view", "cart"), r"the text '\udcff' holds half a character"),
        (("funnel", "events", "view", "\udcff"), r"the text '\udcff' holds half a character"),
        (("paths", "events", "--start-at", "\udcff"), r"the text '\udcff' holds half a character"),
        (("funnel", "events", "view", "cart", "--within", "\udcff"), r"the text '\udcff' holds half a character"),
        (("funnel", "events", "view", "cart", "--by", "country", "--attribution", "²"), "no attribution '²'"),
        (("sessions", "events", "--by", "nowhere"), "there is amount, at, country, id, what, who"),
    ],
)
def test_a_wrong_question_is_refused_in_one_sentence(command: Command, asked: tuple[str, ...], said: str) -> None:
    ended = command(*asked)
    assert ended.code == 2
    assert said in ended.err
    assert "unexpected" not in ended.err


def test_people_read_retention_and_a_lifecycle_across(command: Command) -> None:
    asked = ("retention", "events", "view", "--grain", "day", "--periods", "3", "--by", "country")
    title, head, *lines, _ = command(*asked).out.splitlines()
    assert title == "Retention by day: view by country"
    assert head.split() == ["Country", "Day", "of", "the", "first", "view", "Began", "Days", "since:", "1", "2"]
    cells = [row for row in read(command, *asked) if row["size"] and row["offset"]]
    assert len(lines) == len({(row["breakdown"], row["cohort"]) for row in cells})
    said = [text for line in lines for text in line.split()[3:]]
    assert said == [f"{row['share']:.0%}{'' if row['complete'] else '*'}" for row in cells]

    asked = ("lifecycle", "events", "view", "--grain", "day")
    head, *lines, _ = command(*asked).out.splitlines()[1:]
    assert head.split() == ["Day", "new", "returning", "resurrecting", "dormant"]
    said = [text for line in lines for text in line.split()[1:]]
    assert said == [f"{row['subjects']}{'' if row['complete'] else '*'}" for row in read(command, *asked)]


def test_what_is_kept_can_be_left_aside(command: Command) -> None:
    asked = ("stickiness", "events", "view", "--explain")
    command(*asked)
    assert "cache    computed at" in command(*asked).out
    assert "cache    computed now" in command(*asked, "--no-cache").out


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("funnel", "events", "view", "carts"), "There is no event 'carts'; did you mean 'cart'?"),
        (("retention", "events", "view", "cary", "--grain", "day"), "There is no event 'cary'; did you mean 'cart'?"),
        (("stickiness", "events", "vieww"), "There is no event 'vieww'; did you mean 'view'?"),
        (("funnel", "events", "buy", "cart"), ""),
        (("funnel", "events", "view", "cart where amount > 1000"), ""),
    ],
)
def test_a_step_that_is_no_event_is_said(command: Command, asked: tuple[str, ...], said: str) -> None:
    ended = command(*asked)
    assert ended.code == 0, ended.err
    note = ended.out.splitlines()[-1]
    assert said in note
    assert ("no event" in note) == bool(said)


def test_retention_ends_in_the_mean_of_its_cohorts(command: Command) -> None:
    asked = ("retention", "events", "view", "--grain", "day", "--periods", "9", "--to", "2024-03-13")
    *_, second, mean, note = command(*asked).out.splitlines()
    # The cohorts of 2 and of 1 are over after seven days, and one came back on that day; the eighth is over for one.
    assert second.split() == ["2024-03-05", "1", *["0%"] * 6, "100%"]
    assert mean.split() == ["Weighted", "mean", "3", *["0%"] * 6, "33%", "0%"]
    assert note == "From events version 0."
    open_ended = command(*asked[:-2]).out.splitlines()
    assert open_ended[-2].split() == ["Weighted", "mean", "3", *["0%"] * 7], "what is not over does not count"
    by = command("retention", "events", "view", "--by", "country").out
    assert "Weighted mean" not in by, "each value would need one of its own"


def test_who_is_behind_a_number_is_listed_and_kept(command: Command) -> None:
    funnel = ("funnel", "events", "view", "cart", "buy")
    assert [row["who"] for row in read(command, *funnel, "--who", "step=3")] == ["ada"]
    assert [row["who"] for row in read(command, *funnel, "--who", "step=2", "--who", "dropped=true")] == ["bob"]
    listed = command(*funnel, "--who", "step=2").out.splitlines()
    assert (listed[0], sorted(listed[2:])) == ("2 subjects: who came to step 2, cart", ["ada", "bob"])
    new = ("lifecycle", "events", "view", "--who", "period=2024-03-04", "--who", "state=new")
    assert len(read(command, *new)) == 3
    again = ("duplicates", "events", "--id", "what", "--by", "country", "--who", "country=US")
    assert [row["who"] for row in read(command, *again)] == ["cyd"]
    kept = command(*funnel, "--who", "step=2", "--save", "carts")
    assert kept.out.startswith("carts: 2 subjects, of events")
    assert [row["subjects"] for row in read(command, "funnel", "events", "view", "buy", "--within", "carts")] == [2, 1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--who", "stp=2"), "'stp'; did you mean 'step'?"),
        (("--who", "dropped=true"), "is told by step; step is missing"),
        (("--who", "step=two"), "'two' cannot be a value of 'step'"),
        (("--who", "step"), "'step' is not NAME=VALUE"),
        (("--who", "step=7"), "the funnel has the steps 1 to 2, not 7"),
        (("--save", "carts"), "--who step=2 says it"),
    ],
)
def test_what_names_no_number_is_refused(command: Command, given: tuple[str, ...], said: str) -> None:
    ended = command("funnel", "events", "view", "cart", *given)
    assert (ended.code, said in ended.err) == (2, True), ended.err
