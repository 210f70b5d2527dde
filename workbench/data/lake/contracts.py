"""`wb.datasets.contracts`: what each dataset does with what is new."""

from __future__ import annotations

from workbench.data.lake.contracting import EVERY, Contract, ContractStore
from workbench.data.lake.naming import check_name
from workbench.data.lake.store import DatasetStore
from workbench.governance.runs import Actor
from workbench.governance.security import Role, Security

__all__ = ["Contracts"]


class Contracts:
    """The contracts of a workspace, as one actor sees them. `*` stands for datasets without one of their own."""

    def __init__(self, store: ContractStore, datasets: DatasetStore, security: Security, actor: Actor) -> None:
        self._store = store
        self._datasets = datasets
        self._security = security
        self._actor = actor

    def get(self, dataset: str) -> Contract:
        """What holds for a dataset, be it there already or not."""
        self._security.require(self._actor.principal, Role.VIEWER, f"read the contract of '{dataset}'")
        return self._store.of(dataset)

    def list(self) -> dict[str, Contract]:
        """Every contract that was set, by dataset."""
        self._security.require(self._actor.principal, Role.VIEWER, "read contracts")
        return self._store.all()

    def set(
        self, dataset: str, *, tables: str | None = None, columns: str | None = None, data_type: str | None = None
    ) -> Contract:
        """Says what becomes of what is new: `wb.datasets.contracts.set("orders", columns="evolve")`.

        Args:
            dataset: It need not be there yet; `*` for every dataset that has no contract of its own.
            tables: With a dataset that is not there: evolve (make it), freeze (refuse the load), discard_row or
                discard_value (make nothing and say so).
            columns: With a column that the dataset lacks: evolve, freeze, discard_row, discard_value.
            data_type: With a value that is not of its column's type: evolve (to a wider number, or text), freeze,
                discard_row, discard_value.

        Returns:
            The contract; what was not given is as it was.

        Raises:
            Invalid: No such rule, or no name that a dataset can have.
            Forbidden: Neither the dataset's owner nor an engineer; for what is not there, no engineer.
        """
        self._allow(dataset, "set")
        if dataset != EVERY:
            check_name(dataset)
        given = {"tables": tables, "columns": columns, "data_type": data_type}
        rules = {name: rule for name, rule in given.items() if rule is not None}
        contract = Contract.of({**self._store.of(dataset).to_dict(), **rules})
        self._store.put(dataset, contract, by=self._actor.principal.name)
        return contract

    def clear(self, dataset: str) -> None:
        """Takes a contract away: what holds by default holds again.

        Raises:
            NotFound: It has none.
        """
        self._allow(dataset, "clear")
        self._store.clear(dataset, by=self._actor.principal.name)

    def __repr__(self) -> str:
        lines = [f"{name}: {_said(contract)}" for name, contract in self.list().items()]
        return "\n".join(lines) or f"no contract was set; by default {_said(Contract())}"

    def _allow(self, dataset: str, doing: str) -> None:
        record = None if dataset == EVERY else self._datasets.find(dataset)
        own = record is not None and record.owner == self._actor.principal.name
        needed = Role.ANALYST if own else Role.ENGINEER
        self._security.require(self._actor.principal, needed, f"{doing} the contract of '{dataset}'")


def _said(contract: Contract) -> str:
    return ", ".join(f"{name} {rule}" for name, rule in contract.to_dict().items())
