"""Tables of the command line: as data has it, in as much room as there is."""

from __future__ import annotations

import pytest

from workbench.cli.layout import lay_out, printable

HEADINGS = ["name", "year", "description", "seats"]
ROWS = [["N10156", "2004", "a fixed wing multi engine aeroplane with turbo-fans", "55"], ["N1", "1998", "", "182"]]
RIGHT = [False, True, False, True]


def test_numbers_stand_to_the_right_and_a_pipe_gets_everything() -> None:
    lines, left_out = lay_out(HEADINGS, ROWS, RIGHT, None)
    assert lines == [
        "name    year  description                                          seats",
        "N10156  2004  a fixed wing multi engine aeroplane with turbo-fans     55",
        "N1      1998" + " " * 57 + "182",
    ]
    assert left_out == []


@pytest.mark.parametrize("width", [80, 60, 46, 30, 12, 3])
def test_no_line_is_wider_than_the_terminal_unless_one_column_alone_is(width: int) -> None:
    lines, left_out = lay_out(HEADINGS, ROWS, RIGHT, width)
    assert max(map(len, lines)) <= max(width, len("N10156"))
    assert len(lines) == 3
    assert left_out == HEADINGS[len(HEADINGS) - len(left_out) :]


def test_texts_are_cut_before_columns_are_left_out() -> None:
    lines, left_out = lay_out(HEADINGS, ROWS, RIGHT, 60)
    assert lines[1] == "N10156  2004  a fixed wing multi engine aeroplane wi…     55"
    assert left_out == []
    assert lay_out(HEADINGS, ROWS, RIGHT, 30)[1] == ["description", "seats"]


def test_headings_are_folded_where_that_makes_room_and_only_there() -> None:
    headings, rows = ["Step", "Mean time since the first step (days)", "Subjects"], [["1", "22.0", "8,200"]]
    assert len(lay_out(headings, rows, [True] * 3, 60)[0]) == 2
    assert lay_out(headings, rows, [True] * 3, 40)[0][:2] == [
        "      Mean time since the",
        "Step    first step (days)  Subjects",
    ]
    lines, left_out = lay_out(headings, rows, [True] * 3, 28)
    assert lines == [
        "       Mean time",
        "       since the",
        "      first step",
        "Step      (days)  Subjects",
        "   1        22.0     8,200",
    ]
    assert left_out == []
    assert lay_out(headings, rows, [True] * 3, 20)[1] == ["Subjects"]


def test_without_a_terminal_headings_may_be_folded_and_nothing_is_cut_or_left_out() -> None:
    headings, rows = ["Step", "Median since first step (h)"], [["pay", "22.0"], ["a rather long name of a step", "1.0"]]
    lines, left_out = lay_out(headings, rows, [False, True], None, fold=44)
    assert [line.split() for line in lines] == [
        ["Median", "since"], ["Step", "first", "step", "(h)"], ["pay", "22.0"],
        ["a", "rather", "long", "name", "of", "a", "step", "1.0"],
    ]  # fmt: skip
    assert (max(map(len, lines)), left_out) == (len("a rather long name of a step    Median since"), [])
    assert lay_out(headings, rows, [False, True], None, fold=20)[1] == []


def test_wide_characters_keep_their_room() -> None:
    lines, _ = lay_out(["city", "n"], [["東京", "1"], ["Rome", "2"]], [False, True], None)
    assert lines == ["city  n", "東京  1", "Rome  2"]


def test_data_gives_the_terminal_no_commands() -> None:
    assert printable("a\nb\x1b[31mc") == "a b\\x1b[31mc"
