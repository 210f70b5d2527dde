from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from workbench import Workbench
from workbench.analytics import product
from workbench_server.arrow import Rows
from workbench_server.endpoint import Answer, Body, Endpoint, Query
from workbench_server.endpoints.product import ProductSubjects, SubjectsHead
from workbench_server.endpoints.questions import EventColumns, Shown
from workbench_server.values import rows_of

__all__ = ["ENDPOINTS"]


class CohortItem(Answer):
    name: str
    dataset: str
    static: bool = Field(description="Whether it lists its subjects; else they are found anew each time.")
    size: int | None = Field(description="How many a static one lists; null where the asker may not know.")
    definition: dict[str, Any] = Field(
        description="Its conditions; lists are empty where a policy could hide whom they name, and in a list of these."
    )
    description: str
    owner: str
    updated: datetime


class CohortList(Answer):
    items: list[CohortItem]


class CohortDefinition(Body):
    dataset: str = Field(description="Whose subjects they are.")
    definition: dict[str, Any] = Field(description="Conditions: {did: buy, last: 30 days}, or {subjects: [...]}.")
    description: str = Field("", description="Who they are, for people.")
    replace: bool = Field(False, description="Take the place of a cohort of that name.")
    columns: EventColumns | None = Field(None, description="Where the dataset has no layout that says them.")


class CohortGone(Answer):
    name: str


class CohortRowsQuery(Query):
    subject: str | None = Field(None, description="The column of who did it, where the dataset does not say.")
    event: str | None = Field(None, description="The column of what was done, likewise.")
    time: str | None = Field(None, description="The column of when, likewise.")
    id: str | None = Field(None, description="The column that tells events apart.")

    def columns(self) -> product.EventColumns | None:
        if self.subject is None or self.event is None or self.time is None:
            return None
        return product.EventColumns(self.subject, self.event, self.time, self.id)


class CohortSubjectsQuery(CohortRowsQuery):
    limit: Shown = 100


def listed(wb: Workbench) -> CohortList:
    # A cohort may list a million subjects: one asks for them by its name.
    items = [_item(cohort) for cohort in wb.product.cohorts.list()]
    return CohortList(
        items=[one.model_copy(update={"definition": {"subjects": []}}) if one.static else one for one in items]
    )


def detail(wb: Workbench, name: str) -> CohortItem:
    return _item(wb.product.cohorts.get(name))


def save(wb: Workbench, name: str, *, body: CohortDefinition) -> CohortItem:
    columns = None if body.columns is None else product.EventColumns(**body.columns.model_dump())
    saved = wb.product.cohorts.save(
        name, body.dataset, body.definition, description=body.description, replace=body.replace, columns=columns
    )
    return _item(saved)


def delete(wb: Workbench, name: str) -> CohortGone:
    wb.product.cohorts.delete(name)
    return CohortGone(name=name)


def subjects(wb: Workbench, name: str, *, query: CohortSubjectsQuery) -> ProductSubjects:
    found = wb.product.cohorts.subjects(name, columns=query.columns())
    shown = [subject for (subject,) in rows_of(found.head(query.limit))]
    return ProductSubjects(what=_who(name), column=found.columns[0], subjects=shown, total=found.height)


def subject_rows(wb: Workbench, name: str, *, query: CohortRowsQuery) -> Rows:
    found = wb.product.cohorts.subjects(name, columns=query.columns())
    return Rows(SubjectsHead(what=_who(name), column=found.columns[0]), iter([found]))


def _who(name: str) -> str:
    return f"who is in the cohort {name}"


def _item(cohort: product.Cohort) -> CohortItem:
    return CohortItem(**{name: getattr(cohort, name) for name in CohortItem.model_fields})


ENDPOINTS = (
    Endpoint("cohorts", "cohorts", "read", CohortList, listed, "Every saved cohort."),
    Endpoint("cohorts/{name}", "cohorts", "read", CohortItem, detail, "One cohort and what it says."),
    Endpoint(
        "cohorts/{name}", "cohorts", "save", CohortItem, save, "Keeps a cohort.", method="PUT", body=CohortDefinition
    ),
    Endpoint("cohorts/{name}", "cohorts", "save", CohortGone, delete, "Deletes a cohort.", method="DELETE"),
    Endpoint(
        "cohorts/{name}/subjects",
        "cohorts",
        "read",
        ProductSubjects,
        subjects,
        "Who is in a cohort now, among the rows that the asker sees.",
        CohortSubjectsQuery,
    ),
    Endpoint(
        "cohorts/{name}/subjects/rows",
        "cohorts",
        "read",
        SubjectsHead,
        subject_rows,
        "All who are in a cohort now, among the rows that the asker sees.",
        CohortRowsQuery,
        rows=True,
    ),
)
