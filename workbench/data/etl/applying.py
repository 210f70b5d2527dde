"""`wb.transforms`: what the files of `transforms/` say, applied to frames and from dataset to dataset."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from workbench.data.etl.etl import Etl
from workbench.data.etl.kinds import AnyFrame
from workbench.data.etl.model import Loaded
from workbench.data.etl.quarantine import REASON, Quarantine
from workbench.data.etl.recipes import Recipe
from workbench.data.etl.taking_out import going_on, taken_out
from workbench.data.lake import Lake, Mode
from workbench.data.quality import Held, Holding, Tried
from workbench.foundation.errors import Invalid, unknown
from workbench.foundation.failpoints import failpoint
from workbench.foundation.listing import Listing, readable
from workbench.foundation.wording import counted
from workbench.governance.runs import Actor, RunKind, Runs, RunStatus

__all__ = ["Applied", "Previewed", "Transforms"]

Steps = str | Sequence[Mapping[str, Any] | str]
Said = str | Mapping[str, Any]


@dataclass(frozen=True)
class Applied:
    """What applying a file of transforms did.

    Attributes:
        loaded: What became of the rows.
        held: The rows that were taken out, by the transform that did; see `wb.quality.held`.
        run: The run that did it.
    """

    loaded: Loaded
    held: tuple[Held, ...] = ()
    run: str = ""

    @property
    def quarantined(self) -> int:
        """How many rows were taken out."""
        return sum(one.rows for one in self.held)

    def __repr__(self) -> str:
        out = f"; {counted(self.quarantined, 'row')} in quarantine" if self.held else ""
        return f"{self.loaded!r}{out}"


@dataclass(frozen=True)
class Previewed:
    """What transforms make of a dataset's first rows.

    Attributes:
        frame: The rows that come out.
        quarantine: The rows that would be taken out, each with the column `reason`; no columns where there are none.
        rows: How many rows went in.
        total: Of how many.
    """

    frame: pl.DataFrame
    quarantine: pl.DataFrame
    rows: int
    total: int

    @property
    def reasons(self) -> dict[str, int]:
        """Reason -> how many of the rows would be taken out for it, the most frequent first."""
        if self.quarantine.is_empty():
            return {}
        return dict(self.quarantine.group_by(REASON).len("rows").sort("rows", REASON, descending=[True, False]).rows())

    def __repr__(self) -> str:
        out = f", {self.quarantine.height:,} would be quarantined" if self.quarantine.height else ""
        of = "all" if self.rows == self.total else f"the first {self.rows:,} of {self.total:,}"
        return f"of {of} rows come {self.frame.height:,}{out}\n{self.frame!r}"


class Transforms:
    """The transforms of a workspace, as one actor.

    Args:
        home: The workspace's folder; the files lie in its `transforms`.
        held: Where rows go that are taken out.
    """

    def __init__(self, lake: Lake, runs: Runs, actor: Actor, home: Path, held: Holding) -> None:
        self._held = held
        held.tried_by["transforms"] = self._tried
        self._lake = lake
        self._runs = runs
        self._actor = actor
        self._home = home

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()

    def list(self) -> Listing[Recipe]:
        """Every file, by name, in a list that shows itself as a table; those with mistakes are left out, and told."""
        found, problems = readable(self.names(), self.get)
        return Listing(
            found,
            caption="Transforms",
            row=lambda one: {
                "name": one.name,
                "reads": one.reads,
                "into": one.into,
                "transforms": ", ".join(step.name for step in one.steps),
                "description": one.description,
            },
            empty="There are no transforms yet: they are files transforms/NAME.yaml.",
            problems=problems,
        )

    def names(self) -> builtins.list[str]:
        """The files that there are, without their ending."""
        return sorted(path.stem for path in (self._home / "transforms").glob("*.yaml"))

    def file(self, name: str) -> Path:
        """The file of a name.

        Raises:
            NotFound: No such file; says the nearest.
        """
        if name not in self.names():
            raise unknown("file of transforms", name, self.names(), hint=f"transforms/{name}.yaml would be it")
        return self._home / "transforms" / f"{name}.yaml"

    def get(self, name: str) -> Recipe:
        """What a file says.

        Raises:
            NotFound: No such file; says the nearest.
            Invalid: All that is wrong with it, each with its line.
        """
        return Recipe.load(self.file(name))

    def run(self, frame: AnyFrame, steps: Steps, *, quarantine: Quarantine | None = None) -> AnyFrame:
        """A frame after transforms: `wb.transforms.run(frame, "flights")`, or a list of them.

        Args:
            frame: A Polars, pandas, Dask, cuDF or Arrow frame.
            steps: A file's name, or the list that could stand in it:
                `[{"cast": {"columns": {"flight": "integer"}}}, "drop_nulls"]`.
            quarantine: Gets the rows that are taken out.

        Returns:
            A frame of the kind that was given.

        Raises:
            NotFound: No such file, column or dataset.
            Invalid: The file has mistakes, or a transform does not fit; says which, and where it is written.
        """
        recipe = self.get(steps) if isinstance(steps, str) else Recipe.of(steps)
        return recipe.apply(frame, read=self._reading(self._actor), quarantine=quarantine)

    def preview(self, said: Said, *, rows: int = 100, **settings: Any) -> Previewed:
        """What transforms make of the first rows of the dataset that they read. Nothing is written.

        What depends on other rows, as a mean or a group does, is of these first ones alone. Joined datasets are whole.

        Args:
            said: A file's name, or all that could stand in one.
            rows: How many rows go in, at most.
            settings: Otherwise than the file says: `reads`.

        Raises:
            NotFound: No such file, dataset or column.
            Invalid: The file does not say what it reads; a transform does not fit.
        """
        recipe = self._recipe(said, settings)
        if not recipe.reads:
            raise Invalid(f"{_called(recipe)} does not say what it reads", hint="reads: DATASET")
        given = self._lake.read(recipe.reads, self._actor)
        first, count = pl.collect_all([given.head(rows), given.select(pl.len())], engine="streaming")
        quarantine = Quarantine()
        made = recipe.apply(first, read=self._reading(self._actor), quarantine=quarantine)
        return Previewed(made, quarantine.rows, first.height, int(count.item()))

    def apply(
        self,
        said: Said,
        *,
        parent: str | None = None,
        fingerprint: str | None = None,
        run_name: str | None = None,
        guard: Callable[[Any], None] | None = None,
        **settings: Any,
    ) -> Applied:
        """Reads the dataset that a file says, transforms it, and loads the result; nothing is written where that is as
        it was. Rows that are taken out are held back (`wb.quality.held`), in the place of those that the same
        transforms took out of the same dataset the last time. It is a run of its own, with a receipt; inside a run it
        is part of that one.

        Args:
            said: A file's name, or all that could stand in one.
            parent: The run that asked for it to be a run of its own.
            fingerprint: Of a stage of a pipeline, kept with the run.
            run_name: Of the run, where it is not the file's name.
            guard: Called in the transaction that records the run's success.
            settings: Otherwise than the file says: `reads`, `into`, `key`, `mode`.

        Raises:
            NotFound: No such file or dataset.
            Invalid: The file does not say what it reads, or into what; a transform does not fit.
        """
        recipe = self._recipe(said, settings)
        if not recipe.reads or not recipe.into:
            raise Invalid(f"{_called(recipe)} does not say what it reads, and into what", hint="reads: and into:")
        origin = f"{_called(recipe) if recipe.name else run_name or 'a list of transforms'} of {recipe.reads}"
        if self._actor.run is not None and parent is None:
            return self._applied(recipe, self._actor, origin)
        parameters = {"name": recipe.name, "reads": recipe.reads, "into": recipe.into, "mode": recipe.mode.value}
        run = self._runs.start(
            RunKind.TRANSFORM,
            run_name or recipe.name or recipe.into,
            actor=self._actor,
            parameters=parameters,
            parent=parent,
            fingerprint=fingerprint,
        )
        try:
            applied = self._applied(recipe, Actor(self._actor.principal, run.id), origin)
            self._runs.finish(run.id, RunStatus.SUCCEEDED, guard=guard)
        except BaseException as error:
            self._runs.finish(run.id, RunStatus.FAILED, error=str(error) or type(error).__name__)
            raise
        return replace(applied, run=run.id)

    def _applied(self, recipe: Recipe, actor: Actor, origin: str) -> Applied:
        read = self._reading(actor)
        etl = Etl(self._lake, self._runs, actor, self._home)
        quarantine = Quarantine()
        rows = recipe.apply(read(recipe.reads), read=read, quarantine=quarantine)
        said: dict[str, Any] = {"into": recipe.into, "key": recipe.key, "description": recipe.description}
        whole = recipe.mode is Mode.REPLACE
        loaded = etl.replace(rows, **said) if whole else etl.load(rows, mode=recipe.mode, **said)
        failpoint("etl.transforms.loaded")
        run = actor.run or ""
        if not self._lake.exists(recipe.into):  # a contract discards all rows of datasets that are not there
            return Applied(loaded, run=run)
        kept = taken_out(quarantine, recipe)
        held = self._held.replace(recipe.into, kept, kind="transforms", origin=origin, run=actor.run)
        return Applied(loaded, held, run)

    def _tried(self, batch: Held, rows: pl.DataFrame) -> Tried:
        """Rows that a transform took out, from that transform on."""
        recipe, step = going_on(batch, self.get)
        quarantine = Quarantine()
        fits = recipe.apply(rows, read=self._reading(self._actor), quarantine=quarantine, since=step)
        return Tried(fits, taken_out(quarantine, recipe))

    def _recipe(self, said: Said, settings: Mapping[str, Any]) -> Recipe:
        recipe = self.get(said) if isinstance(said, str) else Recipe.of(said)
        return recipe.changed(settings) if settings else recipe

    def _reading(self, actor: Actor) -> Callable[[str], pl.DataFrame]:
        return lambda dataset: self._lake.read(dataset, actor).collect(engine="streaming")


def _called(recipe: Recipe) -> str:
    return f"transforms/{recipe.name}.yaml" if recipe.name else "the list of transforms"
