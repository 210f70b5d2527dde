"""Which rows a dataset takes: its contract, and what becomes of what does not keep to it."""

from workbench.data.lake.contracting.fitting import check_types, fit, retyped, rewritten
from workbench.data.lake.contracting.model import EVERY, Contract, Rule
from workbench.data.lake.contracting.store import ContractStore, drop_contract, move_contract

__all__ = [
    "EVERY",
    "Contract",
    "ContractStore",
    "Rule",
    "check_types",
    "drop_contract",
    "fit",
    "move_contract",
    "retyped",
    "rewritten",
]
