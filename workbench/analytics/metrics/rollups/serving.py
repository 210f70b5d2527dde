"""Answering a query from what rollups keep, in place of the rows themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

import polars as pl

from workbench.analytics.metrics.definitions import Definitions
from workbench.analytics.metrics.measures import Measures
from workbench.analytics.metrics.rollup import Rollup
from workbench.analytics.metrics.rollups.making import partials_of
from workbench.analytics.metrics.rollups.matching import Fit, Wanted, fit
from workbench.analytics.metrics.rollups.model import Mode, RollupState
from workbench.analytics.metrics.rollups.months import Touched, touched, within
from workbench.analytics.metrics.rollups.partials import Standing
from workbench.analytics.metrics.rollups.sheets import Sheets, fingerprint, sheets_of
from workbench.analytics.metrics.rollups.store import RollupStore
from workbench.analytics.metrics.shaping import joined
from workbench.analytics.metrics.sources import Sources
from workbench.compute import Analysis, Engine, EngineUse, LocalEngine, Part, Parts
from workbench.foundation.errors import Invalid, WorkbenchError

__all__ = ["Served", "Serving"]

Over = Callable[[Measures], Analysis]
"""The analysis that is made of measures: they themselves, or a window over them."""


@dataclass(frozen=True, eq=False)
class Served:
    """An answer of a rollup.

    Attributes:
        rollup: Its name.
        analysis: What was computed on what it keeps; of the last sheet, where several were needed.
        parts: Of it.
    """

    frame: pl.DataFrame
    rollup: str
    analysis: Analysis
    parts: Parts
    use: EngineUse


class _Misfit(Exception):
    """Why a rollup does not do, in a sentence."""


class Serving:
    """The rollups of a workspace for one query.

    Args:
        rollups: By name.
        known: The metrics that they are of.
        folder: Where their files are.
        engine: What computes the rows that changed since a rollup was made.
    """

    def __init__(
        self,
        store: RollupStore,
        rollups: Mapping[str, Rollup],
        known: Definitions,
        folder: Path,
        engine: Engine,
        mode: Mode,
    ) -> None:
        self._store = store
        self._rollups = rollups
        self._known = known
        self._folder = folder
        self._engine = engine
        self._only = mode == "only"
        self._off = mode == "off"

    def answer(self, wanted: Wanted, schema: pl.Schema, over: Over, sources: Sources) -> Served | str:
        """What a rollup says, or a sentence that says why none can; empty where there is none of the dataset.

        Args:
            schema: Of the rows that are asked about, with the joined columns that the query mentions.

        The answer is that of the rows, to the bit: what changed since a rollup was made is computed from them.

        Raises:
            Invalid: Only rollups may answer, and none can; says what is missing.
        """
        why = "" if self._off else self._tried(wanted, schema, over, sources)
        if self._only and isinstance(why, str):
            raise refused(wanted.dataset, why)
        return why

    def require(self, dataset: str, why: str) -> None:
        """Where something is asked that no rollup can answer.

        Raises:
            Invalid: Only rollups may answer.
        """
        if self._only:
            raise refused(dataset, why)

    def _tried(self, wanted: Wanted, schema: pl.Schema, over: Over, sources: Sources) -> Served | str:
        candidates = self._candidates(wanted.dataset)
        if not candidates:
            return ""
        states = self._store.states(sources.opened(wanted.dataset).id)
        reasons = []
        for sheets in sorted(candidates, key=lambda one: states[one.name].rows if one.name in states else 0):
            try:
                found = fit(sheets, wanted, schema)
                if isinstance(found, str):
                    reasons.append(found)
                    continue
                return self._served(found, states.get(sheets.name), wanted, over, sources)
            except _Misfit as misfit:
                reasons.append(f"rollup '{sheets.name}' {misfit}")
        return "; ".join(reasons)

    def _candidates(self, dataset: str) -> list[Sheets]:
        found = []
        for rollup in self._rollups.values():
            try:
                sheets = sheets_of(rollup, self._known)
            except WorkbenchError:
                continue  # told where rollups are listed
            if sheets.dataset == dataset:
                found.append(sheets)
        return found

    def _served(self, fit: Fit, state: RollupState | None, wanted: Wanted, over: Over, sources: Sources) -> Served:
        sheets = fit.sheets
        state, changed = self._standing(sheets, state, sources)
        window = wanted.measures.window
        months = frozenset(month for month in changed.months if within(month, window))
        timeless = window is None or (window.start is None and window.end is None)
        changed = replace(changed, months=months, missing=changed.missing and timeless)
        if changed and self._only:
            raise _Misfit(
                f"stands for version {state.version} of '{sheets.dataset}', and version "
                f"{sources.opened(sheets.dataset).version} is read: refresh it"
            )
        kept = [
            chunk
            for chunk in state.chunks
            if (
                not changed.missing
                if chunk.month is None
                else chunk.month not in months and within(chunk.month, window)
            )
        ]
        frames, uses, keys = [], [], [key.name for key in wanted.measures.keys]
        for at, columns in fit.columns.items():
            files = [chunk.files[at] for chunk in kept]
            fresh = partials_of(sheets, at, changed, sources, self._engine) if changed else []
            parts = self._parts(files, sum(chunk.rows for chunk in kept), fresh)
            measures = replace(sheets.sheets[at], keys=wanted.measures.keys, where=None, named=())
            analysis = Standing(
                analysis=over(measures),
                measures=measures,
                sheet=sheets.sheets[at],
                columns=columns,
                dimensions=fit.dimensions,
                where=fit.where,
                first=fit.first,
                before=fit.before,
                timed=wanted.reaching,
            )
            computed = _run(analysis, parts)
            frames.append(computed[0])
            uses.append(computed[1])
        frame = reduce(lambda left, right: joined(left, right, keys), frames)
        names = [measure.name for measure in wanted.measures.measures]
        return Served(frame.select(*keys, *names), sheets.name, analysis, parts, _together(uses))

    def _standing(self, sheets: Sheets, state: RollupState | None, sources: Sources) -> tuple[RollupState, Touched]:
        """What is kept, and where rows are others than when it was made."""
        if state is None:
            raise _Misfit("was never made")
        opened = sources.opened(sheets.dataset)
        if opened.restricted:
            raise _Misfit(f"is made of all rows of '{sheets.dataset}', and a policy says which the asker may see")
        if state.fingerprint != fingerprint(sheets, opened.schema):
            raise _Misfit("was made with another definition, or of other columns, and has to be made anew")
        for join in sheets.joined():
            beside = sources.opened(join.dataset)
            if beside.restricted:
                raise _Misfit(f"is made of all rows of '{join.dataset}', and a policy says which the asker may see")
            if state.beside.get(join.dataset) != (beside.id, beside.version, beside.commit):
                raise _Misfit(f"was made with another version of '{join.dataset}' than the one that is read")
        if (state.version, state.commit) == (opened.version, opened.commit):
            return state, Touched()
        changed = touched(opened.changes(state.version, state.commit, sheets.time))
        if changed.anything:
            raise _Misfit(
                f"stands for version {state.version} of '{sheets.dataset}', and any row may have changed since"
            )
        return state, changed

    def _parts(self, files: list[tuple[str, int]], rows: int, fresh: list[pl.DataFrame]) -> Parts:
        paths = [self._folder / path for path, _ in files]
        for path, (_, size) in zip(paths, files, strict=True):
            if not path.is_file() or path.stat().st_size != size:
                raise _Misfit("has lost a file, and has to be made anew")
        schema = pl.read_parquet_schema(paths[0]) if paths else dict(fresh[0].schema)
        total = sum(size for _, size in files)
        part = Part(tuple(map(str, paths)), schema, frames=tuple(fresh), rows=rows, bytes=total)
        return Parts((part,), False, len(files), total)


def refused(dataset: str, why: str) -> Invalid:
    """Only rollups may answer, and none can."""
    return Invalid(
        f"no rollup of '{dataset}' answers this: {why or 'there is none'}",
        hint="ask with rollups='use', or define one that keeps what is asked: wb.metrics.rollups.define({...})",
    )


def _run(analysis: Analysis, parts: Parts) -> tuple[pl.DataFrame, EngineUse]:
    try:
        computed = LocalEngine().run(analysis, parts)
    except (OSError, pl.exceptions.ComputeError) as error:
        raise _Misfit(f"has a file that cannot be read: {str(error).splitlines()[0]}") from error
    return computed.frame, computed.use


def _together(uses: list[EngineUse]) -> EngineUse:
    first = uses[0]
    return replace(
        first,
        load_seconds=sum(use.load_seconds for use in uses),
        compute_seconds=sum(use.compute_seconds for use in uses),
    )
