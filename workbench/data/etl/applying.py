"""`wb.transforms`: what the files of `transforms/` say, applied to frames and from dataset to dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from workbench.data.etl.etl import Etl
from workbench.data.etl.kinds import AnyFrame
from workbench.data.etl.model import Loaded
from workbench.data.etl.quarantine import Quarantine
from workbench.data.etl.recipes import Recipe
from workbench.data.etl.taking_out import taken_out
from workbench.data.lake import Lake, Mode
from workbench.data.quality import Held, Holding, Tried
from workbench.foundation.errors import Conflict, Invalid, unknown
from workbench.foundation.failpoints import failpoint
from workbench.governance.runs import Actor

__all__ = ["Applied", "Transforms"]

Steps = str | Sequence[Mapping[str, Any] | str]


@dataclass(frozen=True)
class Applied:
    """What applying a file of transforms did.

    Attributes:
        loaded: What became of the rows.
        held: The rows that were taken out, by the transform that did; see `wb.quality.held`.
    """

    loaded: Loaded
    held: tuple[Held, ...] = ()

    @property
    def quarantined(self) -> int:
        """How many rows were taken out."""
        return sum(one.rows for one in self.held)

    def __repr__(self) -> str:
        out = f"; {self.quarantined:,} rows in quarantine" if self.held else ""
        return f"{self.loaded!r}{out}"


class Transforms:
    """The transforms of a workspace, as one actor.

    Args:
        folder: Where the files lie.
        held: Where rows go that are taken out.
    """

    def __init__(self, lake: Lake, etl: Etl, actor: Actor, folder: Path, held: Holding) -> None:
        self._held = held
        held.tried_by["transforms"] = self._tried
        self._lake = lake
        self._etl = etl
        self._actor = actor
        self._folder = folder

    def __repr__(self) -> str:
        return f"Transforms({', '.join(self.names()) or 'none'})"

    def names(self) -> list[str]:
        """The files that there are, without their ending."""
        return sorted(path.stem for path in self._folder.glob("*.yaml"))

    def get(self, name: str) -> Recipe:
        """What a file says.

        Raises:
            NotFound: No such file; says the nearest.
            Invalid: All that is wrong with it, each with its line.
        """
        if name not in self.names():
            raise unknown("file of transforms", name, self.names(), hint=f"{self._folder}/{name}.yaml would be it")
        return Recipe.load(self._folder / f"{name}.yaml")

    def run(self, frame: AnyFrame, steps: Steps, *, quarantine: Quarantine | None = None) -> AnyFrame:
        """A frame after transforms: `wb.transforms.run(frame, "flights")`, or a list of them.

        Args:
            frame: A Polars, pandas, Dask or Arrow frame.
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
        return recipe.apply(frame, read=self._read, quarantine=quarantine)

    def apply(self, name: str) -> Applied:
        """Reads the dataset that a file says, transforms it, and loads the result; nothing is written where that is as
        it was. Rows that are taken out are held back (`wb.quality.held`), in the place of those of the last time.

        Raises:
            NotFound: No such file or dataset.
            Invalid: The file does not say what it reads, or into what; a transform does not fit.
        """
        recipe = self.get(name)
        if not recipe.reads or not recipe.into:
            raise Invalid(f"transforms/{name}.yaml does not say what it reads, and into what", hint="reads: and into:")
        quarantine = Quarantine()
        rows = recipe.apply(self._read(recipe.reads), read=self._read, quarantine=quarantine)
        said: dict[str, Any] = {"into": recipe.into, "key": recipe.key, "description": recipe.description}
        if recipe.mode is Mode.REPLACE:
            loaded = self._etl.replace(rows, **said)
        else:
            loaded = self._etl.load(rows, mode=recipe.mode, **said)
        failpoint("etl.transforms.loaded")
        if not len(quarantine) and not self._lake.exists(recipe.into):
            return Applied(loaded)
        kept = taken_out(quarantine, name, recipe)
        return Applied(
            loaded, self._held.replace(recipe.into, kept, kind="transforms", origin=f"transforms/{name}.yaml")
        )

    def _tried(self, batch: Held, rows: pl.DataFrame) -> Tried:
        """Rows that a transform took out, from that transform on.

        Raises:
            Conflict: The list is another one by now, so that nobody knows where they would go on.
        """
        how = batch.how or {}
        recipe = self.get(how["transforms"])
        if [step.name for step in recipe.steps][: how["step"] + 1] != how["names"]:
            raise Conflict(
                f"{batch.origin} has other transforms by now, up to the one that took the rows of '{batch.id}' out",
                hint=f"workbench transform apply {how['transforms']} reads all rows again",
            )
        quarantine = Quarantine()
        fits = recipe.apply(rows, read=self._read, quarantine=quarantine, since=how["step"])
        return Tried(fits, taken_out(quarantine, how["transforms"], recipe))

    def _read(self, dataset: str) -> pl.DataFrame:
        return self._lake.read(dataset, self._actor).collect(engine="streaming")
