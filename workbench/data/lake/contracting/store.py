"""Contracts in the catalog. The only file that opens sessions on `schema_contract`."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workbench.data.lake.contracting.model import EVERY, Contract
from workbench.data.lake.contracting.tables import ContractRow
from workbench.foundation.catalog import Catalog, utcnow
from workbench.foundation.errors import unknown
from workbench.governance.security import audit_append

__all__ = ["ContractStore", "drop_contract", "move_contract"]


class ContractStore:
    """Which contract each dataset has."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def of(self, dataset: str) -> Contract:
        """What holds for a dataset: its own contract, the workspace's, or what holds by default."""
        with self._catalog.read() as session:
            found = session.scalars(select(ContractRow).where(ContractRow.dataset.in_([dataset, EVERY]))).all()
        rules = {row.dataset: row.rules for row in found}
        chosen = rules.get(dataset) or rules.get(EVERY)
        return Contract() if chosen is None else Contract.of(chosen)

    def all(self) -> dict[str, Contract]:
        with self._catalog.read() as session:
            rows = session.scalars(select(ContractRow).order_by(ContractRow.dataset))
            return {row.dataset: Contract.of(row.rules) for row in rows}

    def put(self, dataset: str, contract: Contract, *, by: str) -> None:
        with self._catalog.begin() as session:
            session.merge(ContractRow(dataset=dataset, rules=contract.to_dict(), updated=utcnow()))
            audit_append(
                session, actor=by, action="set contract", thing=f"dataset {dataset}", detail=dict(contract.to_dict())
            )

    def clear(self, dataset: str, *, by: str) -> None:
        """
        Raises:
            NotFound: There is none.
        """
        with self._catalog.begin() as session:
            if not drop_contract(session, dataset, by=by):
                raise unknown("contract of dataset", dataset, session.scalars(select(ContractRow.dataset)))


def move_contract(session: Session, dataset: str, new_name: str) -> None:
    """Takes a contract along when its dataset is renamed, in the transaction that renames it; it wins over another."""
    row = session.get(ContractRow, dataset)
    if row is not None:
        session.merge(ContractRow(dataset=new_name, rules=row.rules, updated=row.updated))
        session.delete(row)


def drop_contract(session: Session, dataset: str, *, by: str) -> bool:
    """Forgets a contract, and says whether there was one."""
    gone = session.scalars(delete(ContractRow).where(ContractRow.dataset == dataset).returning(ContractRow.dataset))
    there = gone.first() is not None
    if there:
        audit_append(session, actor=by, action="clear contract", thing=f"dataset {dataset}")
    return there
