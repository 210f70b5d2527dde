"""Two runs' tables side by side."""

from __future__ import annotations

from typing import Any

from workbench.governance.runs import Edge
from workbench.orchestration.notebooks.comparison import compared, reads
from workbench.orchestration.notebooks.digest import TABLE_MIME, digests, tables
from workbench.orchestration.notebooks.model import TableOutput, Verdict


def table(*rows: tuple[Any, ...], title: str = "Delays") -> TableOutput:
    return TableOutput(title, ("carrier", "minutes"), rows)


def verdict(before: TableOutput, after: TableOutput) -> tuple[Verdict, list[str]]:
    comparison = compared("a", "b", [before], [after], reads_count=False)
    return comparison.verdict, [str(difference) for difference in comparison.differences]


def test_equal_tables_are_identical() -> None:
    assert verdict(table(("UA", 1.5), ("AA", None)), table(("UA", 1.5), ("AA", None))) == (Verdict.IDENTICAL, [])


def test_another_cell_is_named_by_table_row_and_column() -> None:
    assert verdict(table(("UA", 1.5), ("AA", 2.5)), table(("UA", 1.5), ("AA", 2.75))) == (
        Verdict.DIFFERENT,
        ["table 'Delays', row 2, minutes: 2.5 before, 2.75 now"],
    )


def test_floats_that_differ_in_the_last_digits_are_within_tolerance() -> None:
    found, where = verdict(table(("UA", 0.1 + 0.2)), table(("UA", 0.3)))
    assert found is Verdict.WITHIN_TOLERANCE
    assert len(where) == 1


def test_an_integer_that_became_a_text_is_different() -> None:
    assert verdict(table(("UA", 1)), table(("UA", "1")))[0] is Verdict.DIFFERENT


def test_missing_tables_rows_and_columns_are_different() -> None:
    assert verdict(table(title="A"), table(title="B"))[1] == [
        "table 'A': shown before, not shown now",
        "table 'B': not shown before, shown now",
    ]
    assert verdict(table(("UA", 1)), table())[1] == ["table 'Delays': 1 row before, 0 rows now"]
    other = TableOutput("Delays", ("carrier", "hours"), ())
    assert verdict(table(), other)[1] == ["table 'Delays': columns carrier, minutes before, columns carrier, hours now"]


def test_only_the_first_differences_of_a_table_are_listed() -> None:
    many = compared(
        "a",
        "b",
        [table(*(("UA", n) for n in range(50)))],
        [table(*(("UA", n + 1) for n in range(50)))],
        reads_count=False,
    )
    assert (len(many.differences), many.more) == (20, 30)
    assert str(many).endswith("and 30 more")


def test_another_version_read_counts_in_a_replay_only() -> None:
    def edge(version: str) -> Edge:
        return Edge("r", "read", "dataset", "flights", version)

    difference = reads([edge("3")], [edge("4")])
    assert [str(item) for item in difference] == ["read 'dataset flights': version 3 before, version 4 now"]
    shown = [table(("UA", 1))]
    assert compared("a", "b", shown, shown, difference, reads_count=True).verdict is Verdict.DIFFERENT
    assert compared("a", "b", shown, shown, difference, reads_count=False).verdict is Verdict.IDENTICAL


def test_tables_are_found_in_outputs_and_told_apart() -> None:
    shown = {"title": "Delays", "columns": ["carrier"], "rows": [["UA"]]}
    output = {"output_type": "display_data", "data": {TABLE_MIME: shown, "text/plain": "x"}}
    notebook = {"cells": [{"outputs": [output, output]}, {"cell_type": "markdown"}]}
    found = tables(notebook)
    assert [item.title for item in found] == ["Delays", "Delays (2)"]
    sealed = digests(found)
    assert sealed["Delays"] == sealed["Delays (2)"]
    assert len(sealed["Delays"]) == 64
