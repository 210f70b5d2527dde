"""`wb.quality`: checking datasets and frames, and what checks found before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from workbench.data.lake import Dataset, Lake
from workbench.data.quality.checking import check
from workbench.data.quality.functions import Answering
from workbench.data.quality.held import Holding
from workbench.data.quality.model import Kept, QualityResult, Screened, gate
from workbench.data.quality.profile import Profile
from workbench.data.quality.profiling import profiled
from workbench.data.quality.promises import Promises
from workbench.data.quality.proposing import proposed
from workbench.data.quality.screening import Parted, Screening, parted, screened
from workbench.data.quality.store import QualityStore
from workbench.data.quality.suite import Suite, load_suites
from workbench.data.quality.surroundings import Surroundings
from workbench.data.quality.trending import Trend, trends
from workbench.data.sql import SqlDoor
from workbench.foundation.catalog import Catalog
from workbench.foundation.errors import Invalid, unknown
from workbench.governance.runs import Actor, Runs

__all__ = ["Quality"]


class Quality:
    """Expectations of a workspace, and checks against them, as one actor makes them.

    Args:
        folder: Of the suites: YAML files, each with a suite or a list of suites.
        sql: What answers expectations that are asked in SQL.
        held: The folder for rows that are held back.

    Attributes:
        held: Rows that are held back from datasets.
        promises: How fresh datasets are promised to be.
    """

    def __init__(
        self, catalog: Catalog, lake: Lake, runs: Runs, actor: Actor, folder: Path, sql: SqlDoor, held: Path
    ) -> None:
        self._store = QualityStore(catalog)
        self._lake = lake
        self._runs = runs
        self._actor = actor
        self._folder = folder
        self._sql = sql
        self.promises = Promises(catalog, lake, sql, actor)
        self.held = Holding(catalog, lake, actor, held, self._parted)

    def __repr__(self) -> str:
        return f"Quality({', '.join(suite.name for suite in self.suites())})"

    def suites(self) -> list[Suite]:
        """Every suite of the workspace, by name.

        Raises:
            Invalid: A file has mistakes; all of them are named.
        """
        return sorted(load_suites(sorted(self._folder.glob("*.yaml"))), key=lambda suite: suite.name)

    def suite(self, name: str) -> Suite:
        """The suite of that name, else the one about the dataset of that name.

        Raises:
            NotFound: There is none; the message has the nearest one.
        """
        suites = self.suites()
        found = [suite for suite in suites if suite.name == name] or [s for s in suites if s.dataset == name]
        if not found:
            raise unknown(
                "suite of expectations",
                name,
                [suite.name for suite in suites],
                hint=f"workbench new expectations {name} writes one to begin from, into expectations/",
            )
        return found[0]

    def check(self, subject: Any, suite: Suite | str | None = None, *, into: str | None = None) -> QualityResult:
        """Checks a dataset or a frame; the result is kept.

        Args:
            subject: The name of a dataset, a dataset, or a frame of any kind.
            suite: A suite or its name; by default the one named after the dataset. A frame needs one.
            into: The dataset that a frame is to go into, if it is there: its history then has the result.

        Returns:
            All outcomes, with up to five rows for each expectation that is not met. A failed check is no error here.

        Raises:
            NotFound: No such dataset or suite.
            Invalid: Not a frame, or a frame without a suite.
        """
        name = subject.name if isinstance(subject, Dataset) else subject if isinstance(subject, str) else None
        if suite is None and name is None:
            raise Invalid("a frame needs to be told what to expect of it", hint="check(frame, suite='flights')")
        chosen = suite if isinstance(suite, Suite) else self.suite(suite or str(name))
        version = None
        if isinstance(subject, Dataset):
            subject, version = subject.lazy(), subject.version
        elif name is not None:
            subject, version = self._lake.read_with_version(name, self._actor)
        around = self._around(name, version)
        result = check(subject, chosen, around)
        sights = around.sights  # of what the check looked at, so not before it
        if name is None and into is not None and self._lake.exists(into):
            name, sights = into, sights | {into: self._lake.sight(into, self._actor)}
        result = replace(result, dataset=name, version=version, run=self._actor.run)
        self._store.add(result, self._actor.principal.name, sights)
        return result

    def gate(self, subject: Any, suite: Suite | str | None = None) -> QualityResult:
        """Checks, and refuses what fails; takes a result too.

        Raises:
            CheckFailed: Names every failed expectation, its column, how many rows and one of them.
        """
        return gate(subject if isinstance(subject, QualityResult) else self.check(subject, suite))

    def screen(
        self, frame: Any, *, into: str, suite: Suite | str | None = None, how: dict[str, Any] | None = None
    ) -> Screened:
        """Parts rows that are to go into a dataset: those that fit go on, the others are held back, with reasons.

        `wb.etl.load(wb.quality.screen(rows, into="flights").rows, into="flights", key="id")`. A row is held back that
        breaks an expectation of severity `error` about single rows, where the rows together do not meet it. What is
        held back, and how it comes in after all: `wb.quality.held`.

        Args:
            frame: Of any kind.
            into: The dataset, which is there.
            suite: A suite or its name; by default the one named after the dataset.
            how: How they come in after all, where that is not by the dataset's key; see `Held`.

        Raises:
            CheckFailed: An expectation about the rows as a whole is not met; nothing was held back.
            NotFound: No such dataset or suite.
            Forbidden: Neither the dataset's owner nor an engineer.
        """
        self._lake.check_may_change(into, self._actor, "hold rows back from")
        chosen = suite if isinstance(suite, Suite) else self.suite(suite or into)
        around = self._around()
        found = parted(frame, chosen, around)
        result = replace(found.result, dataset=into, run=self._actor.run)
        held = self.held.hold(into, chosen.name, Kept(found.held, found.reasons, how))
        self._keep(result, around)
        return Screened(found.fits, held, result)

    def screening(self, rows: pl.LazyFrame, suite: str, *, into: str) -> Screening:
        """Tells which rows on their way into a dataset do not fit a suite. Nothing is parted, held back or refused
        yet; what was found is kept.

        Raises:
            NotFound: No such suite.
            Forbidden: The dataset is there, and the actor neither its owner nor an engineer.
        """
        there = self._lake.exists(into)
        if there:
            self._lake.check_may_change(into, self._actor, "hold rows back from")
        around = self._around()
        found = screened(rows, self.suite(suite), around)
        self._keep(replace(found.result, dataset=into if there else None, run=self._actor.run), around)
        return found

    def profile(self, subject: Any, *, version: int | None = None, most: int | None = None, seed: int = 0) -> Profile:
        """What a dataset or a frame looks like, column by column: `wb.quality.profile("flights")["dep_delay"]`.

        Args:
            subject: The name of a dataset, a dataset, or a frame of any kind.
            version: Of a dataset by its name; the newest when not given.
            most: How many rows are held at a time; where there are more, what needs values side by side is told of a
                sample, and the profile says so. By default a million, and fewer with more than twenty columns.
            seed: What a sample is drawn with.

        Raises:
            NotFound: No such dataset or version.
            Invalid: Not a frame.
            IntegrityError: A file is damaged; names it.
        """
        if isinstance(subject, str):
            if version is None:
                rows, version = self._lake.read_with_version(subject, self._actor)
            else:
                rows = self._lake.read(subject, self._actor, version=version)
            with self._lake.telling(subject, self._actor, version=version):
                return replace(profiled(rows, most=most, seed=seed), dataset=subject, version=version)
        if version is not None:
            raise Invalid("a version is a dataset's; name the dataset", hint="profile('flights', version=3)")
        if not isinstance(subject, Dataset):
            return profiled(subject, most=most, seed=seed)
        found = profiled(subject.lazy(), most=most, seed=seed)
        return replace(found, dataset=subject.name, version=subject.version)

    def history(self, dataset: str, *, limit: int = 50, suite: str | None = None) -> list[QualityResult]:
        """What checks of a dataset found, newest first, without sample rows.

        Only checks by those who see the same of it as whoever asks: others counted other rows.

        Args:
            suite: Only checks against this one.

        Raises:
            NotFound: No such dataset.
        """
        self._lake.info(dataset, self._actor)
        return self._store.of(dataset, limit, self._sees, suite=suite)

    def trend(self, dataset: str, *, limit: int = 50) -> list[Trend]:
        """How each expectation of a dataset fared in its latest checks: oldest first, by the order of the newest check.

        Raises:
            NotFound: No such dataset.
        """
        return trends(self.history(dataset, limit=limit))

    def propose(self, dataset: str) -> str:
        """A suite of expectations as YAML, proposed from a dataset's profile: to be edited and saved in expectations/.

        `print(wb.quality.propose("flights"))`. Each has a comment that says what it was concluded from.

        Raises:
            NotFound: No such dataset.
        """
        return proposed(self.profile(dataset), dataset, self._lake.key(dataset))

    def function(self, reference: str) -> Answering:
        """A function that an expectation refers to: `wb.quality.function("checks:on_time")(rows)` shows what it says.

        Raises:
            NotFound: No such file in `expectations/`, or no such function in it; the message has the nearest one.
            Invalid: The file cannot be run.
            Forbidden: Less than an analyst.
        """
        return self._around().function(reference)

    def _keep(self, result: QualityResult, around: Surroundings) -> None:
        """Keeps what was found of rows on their way into a dataset."""
        into = result.dataset
        sight = {} if into is None else {into: self._lake.sight(into, self._actor)}
        self._store.add(result, self._actor.principal.name, around.sights | sight)

    def _around(self, dataset: str | None = None, version: int | None = None) -> Surroundings:
        return Surroundings(self._lake, self._sql, self._actor, dataset, version, self._folder)

    def _parted(self, rows: pl.DataFrame, dataset: str, suite: str) -> Parted:
        around = self._around()
        return parted(rows, self.suite(suite), around, singly=True)

    def _sees(self, sights: Mapping[str, str | None]) -> bool:
        """Whether the actor sees what was seen; of a dataset that is gone, nobody can say."""
        return all(self._lake.exists(name) and self._lake.sight(name, self._actor) == s for name, s in sights.items())
