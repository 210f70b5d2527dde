"""Rows of events for the analyses of product analytics: made by hypothesis, and cut into parts in every way there is.

Times fall on few moments, around midnights, weeks' and months' ends and the hours in which New York's and Lord Howe's
clocks are put forward and back, so that ties and edges are common. Some subjects, events and times are missing, some
rows stand there twice, and nothing is in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from two_ways import computing_by

from workbench.analytics.product import EventColumns
from workbench.compute import SUBJECT_HASH, Analysis, LocalEngine, Part, Parts, hashed

__all__ = ["COLUMNS", "SCHEMA", "computed", "event_rows", "frame_of", "moments", "parts_of", "ways"]

COLUMNS = EventColumns(subject="who", event="what", time="at", id="id")
SCHEMA: dict[str, pl.DataType] = {
    "who": pl.String(),
    "what": pl.String(),
    "at": pl.Datetime("us", "UTC"),
    "id": pl.Int64(),
    "country": pl.String(),
    "amount": pl.Int64(),
}

# New York's clocks went forward on 10 March 2024 at 07:00 UTC and back on 3 November at 06:00 UTC.
EDGES = (
    datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2024, 3, 1, tzinfo=UTC),
    datetime(2024, 3, 10, 5, tzinfo=UTC),
    datetime(2024, 3, 10, 6, 59, 59, tzinfo=UTC),
    datetime(2024, 3, 10, 7, tzinfo=UTC),
    datetime(2024, 3, 11, 4, tzinfo=UTC),
    datetime(2024, 3, 16, 23, 30, tzinfo=UTC),
    datetime(2024, 3, 17, tzinfo=UTC),
    datetime(2024, 3, 18, tzinfo=UTC),
    datetime(2024, 3, 31, 23, tzinfo=UTC),
    datetime(2024, 4, 1, 3, 59, 59, tzinfo=UTC),
)
FIRST = datetime(2024, 2, 26, tzinfo=UTC)


def moments(days: int = 40) -> st.SearchStrategy[datetime]:
    """Times of about six weeks from 26 February 2024 on: edges, whole half hours, and any microsecond."""
    half_hours = st.integers(0, days * 48).map(lambda n: FIRST + timedelta(minutes=30 * n))
    any_time = st.integers(0, days * 86_400_000_000).map(lambda us: FIRST + timedelta(microseconds=us))
    close = st.integers(0, 20).map(lambda n: datetime(2024, 3, 10, 4, 50, tzinfo=UTC) + timedelta(minutes=10 * n))
    return st.one_of(st.sampled_from(EDGES), half_hours, close, any_time)


@st.composite
def event_rows(
    draw: st.DrawFn, events: Sequence[str] = ("a", "b", "c"), subjects: int = 5, most: int = 40
) -> pl.DataFrame:
    """Rows with the columns of `SCHEMA`, in any order, none of them included.

    Args:
        events: The names that events have.
        subjects: How many subjects there are, besides missing ones.
        most: How many rows there are at most, before some are doubled.
    """
    row = st.tuples(
        st.one_of(st.none(), *[st.sampled_from([f"s{n}" for n in range(subjects)])] * 7),
        st.one_of(st.none(), *[st.sampled_from(list(events))] * 9),
        st.one_of(st.none(), *[moments()] * 9),
        st.sampled_from(["de", "fr", None]),
        st.integers(-2, 3) | st.none(),
    )
    drawn = draw(st.lists(row, max_size=most))
    numbers = draw(st.permutations(range(len(drawn))))
    rows = [(who, what, at, n, *rest) for (who, what, at, *rest), n in zip(drawn, numbers, strict=True)]
    doubled = draw(st.lists(st.sampled_from(rows), max_size=4)) if rows else []
    return frame_of(rows + doubled)


def frame_of(rows: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    """Rows with the columns of `SCHEMA`, or the first few of these: the others are missing, the id is the place."""
    filled = [
        (*row, *([n] if len(row) < 4 else []), *[None] * (len(SCHEMA) - max(4, len(row)))) for n, row in enumerate(rows)
    ]
    return pl.DataFrame(filled, schema=SCHEMA, orient="row")


def parts_of(rows: pl.DataFrame, cuts: int = 3, runs: int = 2, subject: str = "who", time: str = "at") -> Parts:
    """Parts that are cut by subject, each of sorted runs that overlap in subjects and times.

    Rows without a subject lie in every part.

    Args:
        cuts: How many parts there are; some may be empty.
        runs: How many runs a part has.
    """
    marked = rows.with_columns(hashed(subject)).with_row_index(".n")
    part = (pl.col(SUBJECT_HASH) % cuts).fill_null(pl.col(".n").cast(pl.Int64) % cuts)
    made = []
    for n in range(cuts):
        own = marked.filter(part == n).with_row_index(".run")
        frames = [
            own.filter(pl.col(".run") % runs == m).drop(".n", ".run").sort(SUBJECT_HASH, time) for m in range(runs)
        ]
        schema = dict(frames[0].schema)
        made.append(Part(frames=tuple(frames), schema=schema, sorted=True, rows=own.height))
    return Parts(tuple(made), by_subject=True)


def following(rows: pl.DataFrame, cuts: int = 2, runs: int = 3) -> Parts:
    """Parts that are cut by subject, each of runs that follow each other in time."""
    marked = rows.with_columns(hashed("who"))
    order = [SUBJECT_HASH, "at", *({"id"} & set(rows.columns))]
    times = pl.col("at").rank("dense").fill_null(1)
    run = (times - 1) * runs // times.max()
    frames = {(n, m): marked.clear() for n in range(cuts) for m in range(runs)}
    cut = marked.with_columns((pl.col(SUBJECT_HASH).fill_null(0) % cuts).alias(".cut"), run.alias(".run"))
    for (n, m), own in cut.partition_by(".cut", ".run", as_dict=True, include_key=False).items():
        frames[int(n), int(m)] = own.sort(order, maintain_order=True)
    made = []
    for n in range(cuts):
        some = tuple(frames[n, m] for m in range(runs))
        made.append(Part(frames=some, schema=dict(marked.schema), sorted=True, chronological=True, rows=rows.height))
    return Parts(tuple(made), by_subject=True)


def ways(rows: pl.DataFrame) -> Iterator[Parts]:
    """The same rows as parts, cut and sorted differently."""
    marked = rows.with_columns(hashed("who"))
    yield Parts.of(marked, by_subject=True)
    yield Parts.of(marked.reverse().lazy(), by_subject=True)
    yield parts_of(rows, cuts=1, runs=1)
    yield parts_of(rows.reverse(), cuts=1, runs=3)
    yield parts_of(rows, cuts=3, runs=2)
    yield following(rows)


def computed(analysis: Analysis, rows: pl.DataFrame) -> pl.DataFrame:
    """What an analysis gives, having seen that it gives the same for every way of cutting the rows, and computed."""
    frames = [LocalEngine().run(analysis, parts).frame for parts in ways(rows)]
    with computing_by("compiled code"):
        frames += [LocalEngine().run(analysis, parts_of(rows, cuts=1, runs=runs)).frame for runs in (1, 3)]
    for frame in frames[1:]:
        assert_frame_equal(frame, frames[0])
    return frames[0]
