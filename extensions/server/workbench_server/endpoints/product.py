from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic import Field

from workbench import Workbench
from workbench.analytics.product import ProductResult
from workbench.charts import Mark
from workbench.compute import EngineUse
from workbench_server.arrow import Rows
from workbench_server.endpoint import Answer, Body, Endpoint
from workbench_server.endpoints import questions
from workbench_server.endpoints.metrics import Explanation, ResultColumn
from workbench_server.values import columns_of, rows_of

__all__ = ["ENDPOINTS"]

MOST_ROWS = 10_000


class ProductHead(Answer):
    """What is said of a result's rows."""

    title: str = Field(description="The question in words.")
    note: str = Field(description="What one has to know to read it; empty where there is nothing.")
    dataset: str
    version: int = Field(description="Of the dataset, as it was read.")
    use: EngineUse = Field(description="How it was computed.")
    columns: list[ResultColumn]


class ProductAnswer(ProductHead):
    rows: list[list[Any]]
    more: bool = Field(description=f"Whether there are more than these: at most {MOST_ROWS:,} are told here.")


class ProductChart(Answer):
    """How a result's rows are drawn; they stand in the chart's own order."""

    kind: Mark
    x: str = Field(description="The column along the bottom.")
    y: str = Field(description="The column up the side.")
    title: str
    color: str | None = Field(description="The column of the series, or of a heatmap's amounts.")
    labels: dict[str, str] = Field(description="Column to what people call it.")
    units: dict[str, str]
    formats: dict[str, str] = Field(description="Column to d3 format.")
    note: str
    stacked: bool


class SubjectsHead(Answer):
    """What is said of a number's subjects."""

    what: str = Field(description="The number in words.")
    column: str = Field(description="The dataset's column of subjects.")


class ProductSubjects(SubjectsHead):
    """Who is behind one number."""

    subjects: list[Any] = Field(description="The first of them.")
    total: int


def _asked(wb: Workbench, name: str, body: questions.Question) -> ProductResult:
    ask: Callable[..., ProductResult] = getattr(wb.product, name)
    return ask(body.dataset, **body.arguments())


def _head(result: ProductResult) -> ProductHead:
    words = result.words.of(result.frame)
    columns = [
        ResultColumn(
            **column.model_dump(),
            label=words.labels.get(column.name, column.name),
            unit="s" if column.name in words.durations else words.units.get(column.name, ""),
            format=words.formats.get(column.name, ""),
        )
        for column in columns_of(result.frame.schema)
    ]
    return ProductHead(
        title=words.title,
        note=words.note,
        dataset=result.dataset,
        version=result.version,
        use=result.use,
        columns=columns,
    )


def answer(name: str, wb: Workbench, *, body: questions.Question) -> ProductAnswer:
    result = _asked(wb, name, body)
    shown = result.frame.head(MOST_ROWS)
    return ProductAnswer(**dict(_head(result)), rows=rows_of(shown), more=result.frame.height > shown.height)


def rows(name: str, wb: Workbench, *, body: questions.Question) -> Rows:
    result = _asked(wb, name, body)
    return Rows(_head(result), iter([result.frame]))


def chart(name: str, wb: Workbench, *, body: questions.Question) -> Rows:
    drawn = _asked(wb, name, body).chart()
    head = {one: getattr(drawn, one) for one in ProductChart.model_fields}
    return Rows(ProductChart(**head), iter([drawn.frame]))


def subjects(name: str, wb: Workbench, *, body: Any) -> ProductSubjects:
    found = _asked(wb, name, body).subjects(**body.cell.cell())
    (column,) = found.frame.columns
    shown = [subject for (subject,) in rows_of(found.frame.head(body.limit))]
    return ProductSubjects(what=found.what, column=column, subjects=shown, total=len(found))


def subject_rows(name: str, wb: Workbench, *, body: Any) -> Rows:
    found = _asked(wb, name, body).subjects(**body.cell.cell())
    return Rows(SubjectsHead(what=found.what, column=found.frame.columns[0]), iter([found.frame]))


def explained(name: str, wb: Workbench, *, body: questions.Question) -> Explanation:
    return Explanation(text=_asked(wb, name, body).explain())


QUESTIONS: tuple[tuple[str, str, type[Body], type[Body]], ...] = (
    (
        "funnel",
        "How many subjects take one step after the other.",
        questions.FunnelQuestion,
        questions.FunnelSubjects,
    ),
    (
        "retention",
        "Of those who began in a period, how many came back.",
        questions.RetentionQuestion,
        questions.RetentionSubjects,
    ),
    (
        "stickiness",
        "In how many periods subjects did a step.",
        questions.StickinessQuestion,
        questions.StickinessSubjects,
    ),
    (
        "lifecycle",
        "Who is new, returning, resurrecting and dormant, period by period.",
        questions.LifecycleQuestion,
        questions.LifecycleSubjects,
    ),
    (
        "paths",
        "Which event follows which within a session.",
        questions.PathsQuestion,
        questions.PathsSubjects,
    ),
    (
        "sessions",
        "How many sessions there are, and how long they are.",
        questions.SessionsQuestion,
        questions.SessionsSubjects,
    ),
    (
        "duplicates",
        "How many rows are resends of an event, of which the latest row counts.",
        questions.DuplicatesQuestion,
        questions.DuplicatesSubjects,
    ),
)

ENDPOINTS = tuple(
    Endpoint(path, "product", "read", shape, partial(work, name), summary, rows=form, method="POST", body=body)
    for name, what, question, who in QUESTIONS
    for path, shape, work, summary, form, body in (
        (f"product/{name}", ProductAnswer, answer, what, False, question),
        (f"product/{name}/rows", ProductHead, rows, f"As rows, all of them: {what}", True, question),
        (
            f"product/{name}/chart",
            ProductChart,
            chart,
            f"Its chart, and the rows of it: {what}",
            True,
            question,
        ),
        (f"product/{name}/explain", Explanation, explained, f"How it is computed: {what}", False, question),
        (f"product/{name}/subjects", ProductSubjects, subjects, f"Who is behind a number: {what}", False, who),
        (
            f"product/{name}/subjects/rows",
            SubjectsHead,
            subject_rows,
            f"All behind a number: {what}",
            True,
            who,
        ),
    )
)
