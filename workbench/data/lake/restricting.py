"""A policy applied to a plan: rows left out, columns replaced; refused rather than half applied."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from workbench.foundation.errors import Forbidden
from workbench.governance.security import Policy

__all__ = ["restricted"]


def restricted(plan: pl.LazyFrame, policy: Policy | None) -> pl.LazyFrame:
    """What a policy leaves of a dataset. The row filter sees the true values, not the replaced ones.

    Raises:
        Forbidden: The policy cannot be applied: an expression does not parse, or names a column that is not there.
    """
    if policy is None:
        return plan
    if policy.closed_by is not None:
        raise Forbidden(
            f"'{policy.dataset}' stays closed to the role {policy.role}: it shows rows of '{policy.closed_by}', not all"
            " of which that role may see",
            hint="an admin of this workspace can say with a policy of its own what may be seen of it",
        )
    schema = plan.collect_schema()
    rehearsal = pl.LazyFrame(schema=schema)  # some wrong types are only found when an expression is evaluated
    where = "row filter"
    try:
        if policy.row_filter is not None:
            keep = _expression(policy, where, policy.row_filter, schema)
            if rehearsal.select(keep.alias("keep")).collect(engine="in-memory").schema["keep"] != pl.Boolean:
                raise _cannot(policy, where, "is not a condition")
            plan = plan.filter(keep)
        replaced = []
        for name, text in policy.columns.items():
            where = f"expression for column '{name}'"
            if name not in schema:
                raise _cannot(policy, where, "names a column that the dataset does not have")
            shown = _expression(policy, where, text, schema).alias(name)
            if rehearsal.with_columns(shown).collect(engine="in-memory").schema[name] == pl.Null:
                shown = shown.cast(schema[name])  # hidden values: what computes with the column goes on working
            replaced.append(shown)
    except (pl.exceptions.PolarsError, UnicodeEncodeError) as error:
        raise _cannot(policy, where, f"cannot be applied: {str(error).splitlines()[0]}") from error
    return plan.with_columns(replaced) if replaced else plan


def _expression(policy: Policy, where: str, text: str, columns: Iterable[str]) -> pl.Expr:
    found = pl.sql_expr(text)
    unknown = sorted(set(found.meta.root_names()) - set(columns))
    if unknown:
        raise _cannot(policy, where, f"names a column that the dataset does not have: '{unknown[0]}'")
    return found


def _cannot(policy: Policy, where: str, why: str) -> Forbidden:
    return Forbidden(
        f"'{policy.dataset}' stays closed to the role {policy.role}: the {where} of its policy {why}",
        hint="an admin of this workspace can mend the policy",
    )
