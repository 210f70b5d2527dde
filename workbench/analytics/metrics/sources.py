"""The rows of one query: every dataset read once, joined with the datasets beside it, cut into parts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import polars as pl

from workbench.analytics.metrics.ingredients import Join
from workbench.analytics.metrics.measure import Window
from workbench.compute import Late, Parts
from workbench.data.lake import Lake, Opened
from workbench.foundation.errors import Invalid, unknown
from workbench.governance.runs import Actor

__all__ = ["Sources", "whole"]


@dataclass(frozen=True, eq=False)
class Beside:
    """Puts columns of a dataset beside rows, of each at most one row of it: what is done to a part as it is read.

    Attributes:
        left: Columns of the rows.
        right: The joined rows: their key in columns named after its places, then what is had of them.
    """

    left: tuple[str, ...]
    right: pl.DataFrame

    def __call__(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        keys = [_place(at) for at in range(len(self.left))]
        return rows.join(self.right.lazy(), left_on=list(self.left), right_on=keys, how="left", nulls_equal=False)


class Sources:
    """What one query reads: each dataset once, so that all of its answer is of the same versions.

    Attributes:
        versions: Dataset -> the version that was read.
    """

    def __init__(self, lake: Lake, actor: Actor) -> None:
        self._lake = lake
        self._actor = actor
        self._opened: dict[str, Opened] = {}
        self._parts: dict[str, Parts] = {}
        self._some: dict[tuple[str, Window | None, str | None], Parts] = {}
        self._schemas: dict[str, pl.Schema] = {}
        self.versions: dict[str, int] = {}

    def opened(self, dataset: str) -> Opened:
        """What is read of a dataset: its version is settled, no file is looked at.

        Raises:
            NotFound: No such dataset.
            Forbidden: The asker may not read it.
        """
        if dataset not in self._opened:
            self._opened[dataset] = self._lake.opened(dataset, self._actor)
            self.versions[dataset] = self._opened[dataset].version
        return self._opened[dataset]

    def rows(self, dataset: str) -> pl.LazyFrame:
        """
        Raises:
            NotFound: No such dataset.
            Forbidden: The asker may not read it.
        """
        return whole(self._cut(dataset))

    def veiled(self, dataset: str) -> bool:
        """Whether the asker sees a dataset through a policy."""
        return self._cut(dataset).veiled

    def schema(self, dataset: str, joins: Sequence[Join] = ()) -> pl.Schema:
        """The columns of a dataset, and those that are joined to it.

        Raises:
            Invalid: A join names a column that is not there, or puts a column where there is one.
        """
        own = self._schema(dataset)
        columns = dict(own)
        for join in joins:
            right = self._schema(join.dataset)
            for left, key in join.on.items():
                _match(join, dataset, left, own, key, right)
            for column in _had(join, right):
                if join.called(column) in columns:
                    raise Invalid(f"the join '{join.name}' of dataset '{dataset}' has '{join.called(column)}' twice")
                columns[join.called(column)] = right[column]
        return pl.Schema(columns)

    def parts(
        self,
        dataset: str,
        joins: Sequence[Join],
        used: Collection[str],
        window: Window | None = None,
        subject: str | None = None,
    ) -> Parts:
        """The rows of a dataset for an engine. The one place where rows become parts.

        Args:
            joins: What may be joined; only what has a column in `used` is.
            used: The columns that will be read.
            window: Rows outside of it do not matter: files that have none in it are left out.
            subject: What `subject` gives, for rows that are to be cut by it; rows that have none are there, too.

        Raises:
            Invalid: A joined dataset has several rows of one key, so that the join would double rows.
        """
        cut = self._cut(dataset, window, subject)
        for join in joins:
            columns = [name.removeprefix(join.called("")) for name in sorted(used) if name.startswith(join.called(""))]
            if columns:
                beside = self._beside(join, dataset, columns)
                cut = replace(cut, parts=tuple(part.shaped(beside) for part in cut.parts))
        return cut

    def subject(self, dataset: str) -> str | None:
        """The column that the rows of a dataset are quickly cut by, if any."""
        return self.opened(dataset).subject

    def telling(self, dataset: str) -> AbstractContextManager[None]:
        """Around computing on a dataset's rows: what is damaged is told by the dataset's name."""
        return self._lake.telling(dataset, self._actor, version=self.versions.get(dataset))

    def _cut(self, dataset: str, window: Window | None = None, subject: str | None = None) -> Parts:
        if dataset not in self._parts:
            self._parts[dataset] = self.opened(dataset).parts()
        if window is not None and not _bounds_files(self._schema(dataset).get(window.column)):
            window = None
        if window is None and subject is None:
            return self._parts[dataset]
        asked = dataset, window, subject
        if asked not in self._some:
            bounds = None if window is None else (window.column, window.start, window.end)
            self._some[asked] = self.opened(dataset).parts(subject=subject, window=bounds, unowned=True)
        return self._some[asked]

    def _schema(self, dataset: str) -> pl.Schema:
        if dataset not in self._schemas:
            at_hand = dataset in self._parts
            self._schemas[dataset] = self._parts[dataset].schema if at_hand else self.opened(dataset).schema
        return self._schemas[dataset]

    def _beside(self, join: Join, dataset: str, columns: Sequence[str]) -> Late:
        """The joined rows, which are only read where the answer is not known yet."""
        types = {left: self._schema(dataset)[left] for left in join.on}
        identity = (join.on, types, [(column, join.called(column)) for column in columns], self._cut(join.dataset))
        return Late(identity, lambda: self._read_beside(join, dataset, columns))

    def _read_beside(self, join: Join, dataset: str, columns: Sequence[str]) -> Beside:
        types = self._schema(dataset)
        keys = [
            pl.col(key).cast(types[left], strict=False).alias(_place(at))
            for at, (left, key) in enumerate(join.on.items())
        ]
        had = [pl.col(column).alias(join.called(column)) for column in columns]
        with self.telling(join.dataset):
            right = self.rows(join.dataset).select(*keys, *had).collect()
        places = [_place(at) for at in range(len(keys))]
        right = right.drop_nulls(places)
        doubled = right.filter(pl.struct(places).is_duplicated())
        if doubled.height:
            at = ", ".join(f"{key} = {value}" for key, value in zip(join.on.values(), doubled.row(0), strict=False))
            raise Invalid(
                f"the join '{join.name}' of dataset '{dataset}' would double rows: '{join.dataset}' has "
                f"{doubled.filter(pl.struct(places) == pl.struct(places).first()).height} rows with {at}",
                hint=f"join on columns that tell the rows of '{join.dataset}' apart",
            )
        return Beside(tuple(join.on), right)


def whole(parts: Parts) -> pl.LazyFrame:
    """All rows as one plan: for what is computed on together with another dataset's."""
    plans = [part.lazy() for part in parts.parts]
    return plans[0] if len(plans) == 1 else pl.concat(plans)


def _bounds_files(dtype: pl.DataType | None) -> bool:
    """Whether a window over a column of a type says which files can be left out."""
    return dtype == pl.Date or (isinstance(dtype, pl.Datetime) and dtype.time_zone is not None)


def _place(at: int) -> str:
    return f".key {at}"  # names with a dot are no dataset's


def _had(join: Join, right: pl.Schema) -> list[str]:
    for column in join.columns:
        if column not in right:
            raise unknown(
                f"column in dataset '{join.dataset}' called", column, right, error=Invalid,
                hint=f"the join '{join.name}' asks for it",
            )  # fmt: skip
    return list(join.columns) or [column for column in right if column not in join.on.values()]


def _match(join: Join, dataset: str, left: str, lefts: pl.Schema, key: str, rights: pl.Schema) -> None:
    """
    Raises:
        Invalid: A column is not there, or two are of types that are never equal.
    """
    for name, schema, of in ((left, lefts, dataset), (key, rights, join.dataset)):
        if name not in schema:
            raise unknown(
                f"column in dataset '{of}' called", name, schema, error=Invalid,
                hint=f"the join '{join.name}' is on {left}: {key}",
            )  # fmt: skip
    one, other = lefts[left], rights[key]
    if one != other and not (one.is_integer() and other.is_integer()):
        raise Invalid(
            f"the join '{join.name}' is on '{left}' of '{dataset}', which is {one}, and '{key}' of '{join.dataset}', "
            f"which is {other}",
            hint="join columns of one type",
        )
