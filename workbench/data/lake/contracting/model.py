from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from workbench.foundation.errors import Invalid, unknown

__all__ = ["EVERY", "Contract", "Rule"]

EVERY = "*"
"""The name under which stands what holds for datasets without a contract of their own."""


class Rule(StrEnum):
    """What becomes of what is new.

    Attributes:
        EVOLVE: The dataset takes it on.
        FREEZE: The load is refused.
        DISCARD_ROW: Rows that have it are left out.
        DISCARD_VALUE: It is left out, and the rest of the row stays.
    """

    EVOLVE = "evolve"
    FREEZE = "freeze"
    DISCARD_ROW = "discard_row"
    DISCARD_VALUE = "discard_value"


@dataclass(frozen=True)
class Contract:
    """What a dataset does with what is new, in dlt's words. Kept with the dataset, and applied by every load.

    Attributes:
        tables: With a dataset that is not there yet. Both ways to discard make no dataset of any row.
        columns: With a column that the dataset does not have.
        data_type: With a value that is not of its column's type. A type evolves to a wider number, or to text.
        declared: Whether somebody set it; what holds by default gives way to `evolve=True`.
    """

    tables: Rule = Rule.EVOLVE
    columns: Rule = Rule.FREEZE
    data_type: Rule = Rule.FREEZE
    declared: bool = False

    @classmethod
    def of(cls, rules: Mapping[str, str]) -> Contract:
        """
        Raises:
            Invalid: No such part of a contract, or no such rule; says the nearest.
        """
        parts = ("tables", "columns", "data_type")
        made: dict[str, Rule] = {}
        for name, rule in rules.items():
            if name not in parts:
                raise unknown("part of a contract", name, parts, error=Invalid)
            if rule not in list(Rule):
                raise unknown(f"rule for {name}", str(rule), list(Rule), error=Invalid)
            made[name] = Rule(rule)
        return cls(**made, declared=True)

    def to_dict(self) -> dict[str, str]:
        return {"tables": str(self.tables), "columns": str(self.columns), "data_type": str(self.data_type)}
