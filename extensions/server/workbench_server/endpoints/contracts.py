from __future__ import annotations

from pydantic import Field

from workbench import Workbench
from workbench.data.lake import Rule
from workbench_server.endpoint import Answer, Body, Endpoint

__all__ = ["ENDPOINTS"]


class ContractAnswer(Answer):
    """What a dataset does with what is new: evolve, freeze, discard_row or discard_value."""

    dataset: str
    tables: Rule = Field(description="With the dataset, where it is not there.")
    columns: Rule = Field(description="With a new column.")
    data_type: Rule = Field(description="With a value that is not of its column's type.")
    declared: bool = Field(description="Whether somebody set it; else it is what holds by default.")


class ContractBody(Body):
    """What is not given stays as it is."""

    tables: Rule | None = Field(None, description="What becomes of the dataset, where it is not there.")
    columns: Rule | None = Field(None, description="What becomes of a new column.")
    data_type: Rule | None = Field(None, description="What becomes of a value that is not of its column's type.")


def shown(wb: Workbench, name: str) -> ContractAnswer:
    contract = wb.datasets.contracts.get(name)
    return ContractAnswer(
        dataset=name,
        tables=contract.tables,
        columns=contract.columns,
        data_type=contract.data_type,
        declared=contract.declared,
    )


def changed(wb: Workbench, name: str, *, body: ContractBody) -> ContractAnswer:
    wb.datasets.contracts.set(name, tables=body.tables, columns=body.columns, data_type=body.data_type)
    return shown(wb, name)


def cleared(wb: Workbench, name: str) -> ContractAnswer:
    wb.datasets.contracts.clear(name)
    return shown(wb, name)


_ONE = "datasets/{name}/contract"
ENDPOINTS = (
    Endpoint(_ONE, "datasets", "read", ContractAnswer, shown, "What a dataset does with new columns and types."),
    Endpoint(
        _ONE,
        "contracts",
        "change",
        ContractAnswer,
        changed,
        "Sets what a dataset does with new columns and types.",
        method="PUT",
        body=ContractBody,
    ),
    Endpoint(
        _ONE,
        "contracts",
        "change",
        ContractAnswer,
        cleared,
        "Takes a dataset's contract away: what holds by default holds again.",
        method="DELETE",
    ),
)
