from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from workbench import Workbench
from workbench.data.etl import Recipe
from workbench.data.lake import Mode
from workbench_server.endpoint import Answer, Body, Endpoint
from workbench_server.values import Column, columns_of, rows_of, written

__all__ = ["ENDPOINTS"]


class TransformItem(Answer):
    """What a file of transforms says."""

    name: str
    description: str
    reads: str = Field(description="The dataset it is for; empty where none is said.")
    into: str = Field(description="The dataset that gets the result.")
    key: list[str]
    mode: Mode = Field(description="How the result is loaded.")
    quarantine: str = Field(description="The dataset of rows that are taken out.")
    transforms: list[dict[str, Any]] = Field(description="In order, each as name -> what it takes.")


class TransformList(Answer):
    items: list[TransformItem]
    problems: list[str] = Field(description="What is wrong with files that are left out, each with its lines.")


class TransformPreviewOf(Body):
    rows: Annotated[int, Field(ge=1, le=1_000, description="How many rows go in, at most.")] = 100
    reads: str | None = Field(None, description="Another dataset than the file says.")
    transforms: list[Any] | None = Field(None, description="Others than the file has, to try them.")


class TransformPreview(Answer):
    """What comes of the first rows."""

    columns: list[Column]
    values: list[list[Any]] = Field(description="The rows that come out, a list each; see Column for the values.")
    rows: int = Field(description="How many rows went in.")
    total: int = Field(description="Of how many.")
    quarantine_columns: list[Column]
    quarantine_values: list[list[Any]] = Field(description="The rows that would be taken out; the last says why.")


class TransformSettings(Body):
    """What is to be otherwise than the file says."""

    reads: str | None = Field(None, description="The dataset that is transformed.")
    into: str | None = Field(None, description="The dataset that gets the result.")
    key: list[str] | None = Field(None, description="The columns that tell the result's rows apart.")
    mode: Mode | None = Field(None, description="How the result is loaded.")
    quarantine: str | None = Field(None, description="The dataset of rows that are taken out.")


class TransformApplied(Answer):
    run: str = Field(description="Its run, whose receipt says all of it.")
    dataset: str
    version: int = Field(description="The newest; the one before where nothing changed.")
    rows: int = Field(description="That came out.")
    added: int
    changed: int
    unchanged: int
    removed: int
    quarantined: int = Field(description="Rows that were taken out.")
    quarantine: str = Field(description="The dataset that has them; empty where there are none.")


def listed(wb: Workbench) -> TransformList:
    found = wb.transforms.list()
    return TransformList(items=[_item(one) for one in found], problems=list(found.problems))


def detail(wb: Workbench, name: str) -> TransformItem:
    return _item(wb.transforms.get(name))


def preview(wb: Workbench, name: str, *, body: TransformPreviewOf) -> TransformPreview:
    said: Any = name
    if body.transforms is not None:
        said = {"reads": wb.transforms.get(name).reads, "transforms": body.transforms}
    found = wb.transforms.preview(said, rows=body.rows, **({} if body.reads is None else {"reads": body.reads}))
    return TransformPreview(
        columns=columns_of(found.frame.schema),
        values=rows_of(found.frame),
        rows=found.rows,
        total=found.total,
        quarantine_columns=columns_of(found.quarantine.schema),
        quarantine_values=rows_of(found.quarantine),
    )


def applied(wb: Workbench, name: str, *, body: TransformSettings) -> TransformApplied:
    done = wb.transforms.apply(name, **body.model_dump(exclude_none=True))
    told = {
        field: getattr(done.loaded, field) for field in TransformApplied.model_fields if hasattr(done.loaded, field)
    }
    return TransformApplied(**told, run=done.run, quarantined=done.quarantined, quarantine=done.quarantine)


def _item(recipe: Recipe) -> TransformItem:
    return TransformItem(
        name=recipe.name,
        description=recipe.description,
        reads=recipe.reads,
        into=recipe.into,
        key=list(recipe.key),
        mode=recipe.mode,
        quarantine=recipe.held,
        transforms=[written(dict(one)) for one in recipe.written],
    )


_ONE = "transforms/{name}"
ENDPOINTS = (
    Endpoint("transforms", "transforms", "read", TransformList, listed, "Every file of transforms."),
    Endpoint(_ONE, "transforms", "read", TransformItem, detail, "What a file of transforms says."),
    Endpoint(
        f"{_ONE}/preview", "transforms", "read", TransformPreview, preview,
        "What it makes of the first rows that the asker may see; nothing is written.", method="POST",
        body=TransformPreviewOf, slow=True,
    ),
    Endpoint(
        f"{_ONE}/apply", "transforms", "apply", TransformApplied, applied,
        "Transform the dataset that it reads and load the result, as a run.", method="POST", body=TransformSettings,
        slow=True,
    ),
)  # fmt: skip
