"""A frame, with the columns and types of the dataset that it is to go into, as the dataset's contract says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from workbench.data.lake.contracting.model import Contract, Rule
from workbench.data.lake.counts import Counts
from workbench.data.lake.schema import TIME, cast_hint, inner_type, storable
from workbench.foundation.errors import Invalid, nearest
from workbench.foundation.wording import counted

__all__ = ["check_types", "fit", "retyped", "rewritten"]

_DISCARDS = (Rule.DISCARD_ROW, Rule.DISCARD_VALUE)
_EXACT = 1 << 53  # a 64-bit float holds every whole number up to here


def fit(
    frame: pl.LazyFrame,
    wanted: Mapping[str, pl.DataType],
    contract: Contract,
    counts: Counts | None = None,
    *,
    streamed: bool = False,
    before: int = 0,
) -> tuple[pl.LazyFrame, pl.Schema]:
    """The frame with a dataset's columns, in their order and of their types.

    Numbers are taken into a column of another number type if all their values are in its range and none loses a
    fraction; otherwise types must agree, or the contract says what to do.

    Args:
        counts: Told what was discarded.
        streamed: It is the columns of a stream, without rows: what may differ in a row yet to come counts as differing.
        before: Rows of the load that came before these.

    Returns:
        The frame, and the dataset's schema with it.

    Raises:
        Invalid: The columns differ, or a column's type or a value do not fit, and the contract freezes them; or a type
            that cannot become wider.
    """
    found = frame.collect_schema()
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted]
    if (missing or extra) and contract.columns is Rule.FREEZE:
        raise _differs(missing, extra, contract)
    if contract.columns is Rule.EVOLVE:
        added = storable({name: found[name] for name in extra}) if extra else pl.Schema()
    else:
        frame, added = _without(frame, extra, contract.columns, counts), pl.Schema()
    schema = pl.Schema({**wanted, **added})
    if contract.data_type is Rule.EVOLVE:
        schema = _wider(frame, found, wanted, schema, streamed=streamed)
    elif contract.data_type in _DISCARDS:
        frame = _converted(frame, found, wanted, contract.data_type, counts)
        found = frame.collect_schema()
    as_text = contract.data_type is Rule.EVOLVE
    odd = [
        name
        for name in wanted
        if name in found
        and not _takes(found[name], schema[name])
        and not (as_text and schema[name] == pl.String and not _shapeless(found[name]))
    ]
    if odd:
        raise _mistyped(frame, odd, found, schema, before)
    lossy = [name for name in wanted if name in found and found[name].is_float() and schema[name].is_integer()]
    _check_whole(frame, lossy, before)
    columns = [
        _cast(name, found[name], dtype) if name in found else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
    ]
    return frame.select(columns), schema


def retyped(before: Mapping[str, pl.DataType], after: Mapping[str, pl.DataType]) -> list[str]:
    """The columns that have another type now."""
    return [name for name, dtype in before.items() if name in after and after[name] != dtype]


def rewritten(rows: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Rows that are there, in wider types.

    Raises:
        Invalid: A whole number is too long for a number with a fraction.
    """
    for name in retyped(rows.schema, schema):
        if schema[name].is_float():
            _check_exact(rows.lazy(), name, rows.schema[name])
    return rows.select(
        _cast(name, rows.schema[name], dtype) if name in rows.schema else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
    )


def check_types(
    found: Mapping[str, pl.DataType], wanted: Mapping[str, pl.DataType], contract: Contract, dataset: str
) -> None:
    """What a replacement of all rows may do to types, where the contract says something of them.

    Raises:
        Invalid: A column would have another type, or be new, and the contract does not let it evolve.
    """
    if not contract.declared:
        return
    new = [name for name in found if name not in wanted]
    if new and contract.columns is not Rule.EVOLVE:
        raise _differs([], new, contract)
    changed = retyped(wanted, found)
    if changed and contract.data_type is not Rule.EVOLVE:
        name = changed[0]
        raise Invalid(
            f"column '{name}' is {found[name]} where '{dataset}' has {wanted[name]}, and its contract does not let it"
            " evolve",
            hint=f"cast it: {cast_hint(name, wanted[name])}; or set the contract's data_type to evolve",
        )


def _takes(found: pl.DataType, wanted: pl.DataType) -> bool:
    """Whether a column of one type goes into one of another, if its values do."""
    if found == wanted or isinstance(found, pl.Null):
        return True
    if isinstance(found, pl.Datetime) and isinstance(wanted, pl.Datetime):
        return found.time_zone is not None
    if isinstance(found, pl.Categorical | pl.Enum) and isinstance(wanted, pl.String):
        return True
    if wanted.is_numeric():
        return found.is_numeric() and not (found.is_float() and wanted.is_decimal())
    if isinstance(wanted, pl.List):
        return isinstance(found, pl.Array | pl.List) and _takes(inner_type(found.inner), inner_type(wanted.inner))
    return False


def _cast(name: str, found: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if wanted == pl.String and isinstance(found, pl.Datetime):
        return column.cast(TIME).dt.to_string("iso:strict").alias(name)
    return column.cast(wanted, strict=True)


def _without(frame: pl.LazyFrame, extra: Sequence[str], rule: Rule, counts: Counts | None) -> pl.LazyFrame:
    """Without columns that are new, or without the rows that have a value there."""
    if not extra:
        return frame
    if rule is Rule.DISCARD_ROW:
        return _kept(frame, pl.any_horizontal(pl.col(extra).is_not_null()), counts).drop(extra)
    if counts is not None:
        counts.values += int(frame.select(pl.sum_horizontal(pl.col(extra).count())).collect(engine="streaming").item())
    return frame.drop(extra)


def _kept(frame: pl.LazyFrame, wrong: pl.Expr, counts: Counts | None) -> pl.LazyFrame:
    rows = frame.collect(engine="in-memory")
    kept = rows.filter(wrong.fill_null(value=False).not_())
    if counts is not None:
        counts.discarded += rows.height - kept.height
    return kept.lazy()


def _converted(
    frame: pl.LazyFrame,
    found: Mapping[str, pl.DataType],
    wanted: Mapping[str, pl.DataType],
    rule: Rule,
    counts: Counts | None,
) -> pl.LazyFrame:
    """Every value as its column's type says, where it can be that; the others, or their rows, are gone."""
    differing = [name for name in wanted if name in found and found[name] != wanted[name]]
    if not differing:
        return frame
    made = {name: _attempt(name, found[name], wanted[name]) for name in differing}
    wrong = {name: pl.col(name).is_not_null() & expression.is_null() for name, expression in made.items()}
    rows = frame.collect(engine="in-memory").lazy()
    if rule is Rule.DISCARD_ROW:
        rows = _kept(rows, pl.any_horizontal(wrong.values()), counts)
    elif counts is not None:
        counts.values += int(rows.select(pl.sum_horizontal(one.sum() for one in wrong.values())).collect().item())
    return rows.with_columns(expression.alias(name) for name, expression in made.items())


def _attempt(name: str, found: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    """The values as another type; null where one cannot be."""
    column = pl.col(name)
    never = pl.lit(None, dtype=wanted)
    if isinstance(found, pl.Null):
        return never
    if _shapeless(found):
        return column.cast(wanted, strict=False) if _takes(found, wanted) else never
    if wanted == pl.String:
        return _cast(name, found, wanted)
    if wanted.is_integer() and (found.is_float() or found.is_decimal()):
        return pl.when(column == column.floor()).then(column).cast(wanted, strict=False)
    if wanted == TIME:
        if found == pl.String:
            return column.str.strip_chars().str.replace(" ", "T", literal=True).str.strptime(TIME, "%+", strict=False)
        return column.cast(TIME, strict=False) if _takes(found, wanted) else never
    if wanted == pl.Date:
        return column.str.strip_chars().str.to_date("%Y-%m-%d", strict=False) if found == pl.String else never
    if wanted == pl.Boolean:
        said = {"true": True, "false": False}
        if found != pl.String:
            return never
        return column.str.to_lowercase().replace_strict(said, default=None, return_dtype=pl.Boolean)
    if wanted.is_numeric():
        if found == pl.String:
            return column.str.strip_chars().cast(wanted, strict=False)
        return column.cast(wanted, strict=False) if found.is_numeric() else never
    return never


def _wider(
    frame: pl.LazyFrame,
    found: Mapping[str, pl.DataType],
    wanted: Mapping[str, pl.DataType],
    schema: pl.Schema,
    *,
    streamed: bool,
) -> pl.Schema:
    """The schema, with a wider type for each column that its values do not fit.

    Raises:
        Invalid: No type has both.
    """
    made = dict(schema)
    for name in wanted:
        if name not in found or found[name] == wanted[name]:
            continue
        there, new = wanted[name], storable({name: found[name]})[name] if found[name] != pl.Null else wanted[name]
        if _takes(new, there) and (not _narrows(new, there) or (not streamed and not _loses(frame, name, there))):
            continue
        if there == pl.String and not _shapeless(new):
            continue
        made[name] = _common(name, there, new)
        if made[name].is_float() and new.is_integer():
            _check_exact(frame, name, new)
    return pl.Schema(made)


def _common(name: str, there: pl.DataType, new: pl.DataType) -> pl.DataType:
    if there.is_integer() and new.is_integer():
        return max(there, new, key=_width)
    if there.is_numeric() and new.is_numeric() and not (there.is_decimal() or new.is_decimal()):
        return pl.Float64()
    if _shapeless(there) or _shapeless(new):
        raise Invalid(
            f"column '{name}' is {new} where the dataset has {there}, and no type has both",
            hint=f"cast it: {cast_hint(name, there)}",
        )
    return pl.String()


def _shapeless(dtype: pl.DataType) -> bool:
    """Whether its values have no text that everybody would write."""
    return dtype.is_nested() or isinstance(dtype, pl.Binary | pl.Object)


def _width(dtype: pl.DataType) -> int:
    widths: dict[type[pl.DataType], int] = {pl.Int8: 1, pl.Int16: 2, pl.Int32: 4, pl.Int64: 8}
    return widths.get(type(dtype), 0)


def _narrows(found: pl.DataType, wanted: pl.DataType) -> bool:
    """Whether a value of one type may be none of the other, though others are."""
    if not (found.is_numeric() and wanted.is_numeric()):
        return False
    if found.is_integer() and wanted.is_integer():
        return _width(found) > _width(wanted)
    return not (found.is_integer() and wanted.is_float()) and not (found == pl.Float32 and wanted == pl.Float64)


def _loses(frame: pl.LazyFrame, name: str, wanted: pl.DataType) -> bool:
    column = pl.col(name)
    whole = column == column.floor() if wanted.is_integer() else pl.lit(value=True)
    cast = pl.when(whole).then(column).cast(wanted, strict=False)
    fits = cast.cast(pl.Float64).eq_missing(column.cast(pl.Float64)) if wanted.is_float() else cast.is_not_null()
    return bool(frame.select((column.is_not_null() & ~fits).any()).collect(engine="streaming").item())


def _check_exact(frame: pl.LazyFrame, name: str, found: pl.DataType) -> None:
    if found.is_integer():
        long = frame.select((pl.col(name).cast(pl.Int64).abs() > _EXACT).any()).collect(engine="streaming").item()
        if long:
            raise Invalid(
                f"column '{name}' has whole numbers of more than 15 digits, and no type has them and fractions exactly",
                hint=f"make it text: pl.col('{name}').cast(pl.String)",
            )


def _check_whole(frame: pl.LazyFrame, names: Sequence[str], before: int) -> None:
    for name in names:
        odd = pl.col(name) != pl.col(name).floor()
        first = frame.select(odd.arg_true().first(), pl.col(name).filter(odd).first().alias("value"))
        row, value = first.collect(engine="in-memory").row(0)
        if row is not None:
            raise Invalid(
                f"column '{name}' has fractions where the dataset has whole numbers, e.g. {value} in row"
                f" {before + row + 1}",
                hint=f"round it: pl.col('{name}').round()",
            )


def _mistyped(
    frame: pl.LazyFrame, odd: Sequence[str], found: Mapping[str, pl.DataType], wanted: Mapping[str, pl.DataType],
    before: int,
) -> Invalid:  # fmt: skip
    name = odd[0]
    more = f" (and {counted(len(odd) - 1, 'more column')})" if len(odd) > 1 else ""
    said = f"column '{name}' is {found[name]} where the dataset has {wanted[name]}{more}"
    if found[name] == pl.String:
        wrong = pl.col(name).is_not_null() & _attempt(name, found[name], wanted[name]).is_null()
        first = frame.select(wrong.arg_true().first(), pl.col(name).filter(wrong).first().str.head(40).alias("value"))
        row, value = first.collect(engine="in-memory").row(0)
        if row is not None:
            said += f", e.g. {value!r} in row {before + row + 1}"
    return Invalid(said, hint=f"cast it: {cast_hint(name, wanted[name])}")


def _differs(missing: list[str], extra: list[str], contract: Contract) -> Invalid:
    parts = []
    unmatched = list(missing)
    for name in extra:
        guess = nearest(name, unmatched)
        if guess is not None:
            unmatched.remove(guess)
        parts.append(f"'{name}' is not in the dataset" + (f" (did you mean '{guess}'?)" if guess else ""))
    if unmatched:
        parts.append(f"{_listed(unmatched)} {'is' if len(unmatched) == 1 else 'are'} missing from the frame")
    hint = "evolve=True adds new columns and leaves missing ones null"
    if contract.declared:
        hint = "the dataset's contract freezes its columns: workbench dataset contract NAME --columns evolve"
    return Invalid(f"the columns differ: {'; '.join(parts)}", hint=hint)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
