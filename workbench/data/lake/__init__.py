"""Versioned datasets, kept as Delta tables, and the one door through which they are read.

`Lake` is what the rest of the workbench works with; `Datasets` and `Dataset` are what a user holds.
"""

from workbench.data.lake.cards import card, line, versions_listing
from workbench.data.lake.changes import Changes
from workbench.data.lake.contracting import Contract, Rule
from workbench.data.lake.counts import Counts
from workbench.data.lake.dataset import Dataset
from workbench.data.lake.datasets import Datasets
from workbench.data.lake.differing import Difference
from workbench.data.lake.disk import disk_errors, sync
from workbench.data.lake.effect import Effect, Retyped
from workbench.data.lake.growing import Growth
from workbench.data.lake.incoming import rows_of
from workbench.data.lake.lake import Lake
from workbench.data.lake.layout import EventLayout, Identities, LayoutReport, PeriodReport, Tail
from workbench.data.lake.loading import Mode, columns_of
from workbench.data.lake.model import Checkpoint, CleanReport, Column, DatasetInfo, DatasetPage, DatasetSummary, Version
from workbench.data.lake.naming import check_name
from workbench.data.lake.opened import Opened
from workbench.data.lake.parting import Window
from workbench.data.lake.previewing import RowPage
from workbench.data.lake.sealing import version_at
from workbench.data.lake.staging import Staged
from workbench.data.lake.vanished import went

__all__ = [
    "Changes",
    "Checkpoint",
    "CleanReport",
    "Column",
    "Contract",
    "Counts",
    "Dataset",
    "DatasetInfo",
    "DatasetPage",
    "DatasetSummary",
    "Datasets",
    "Difference",
    "Effect",
    "EventLayout",
    "Growth",
    "Identities",
    "Lake",
    "LayoutReport",
    "Mode",
    "Opened",
    "PeriodReport",
    "Retyped",
    "RowPage",
    "Rule",
    "Staged",
    "Tail",
    "Version",
    "Window",
    "card",
    "check_name",
    "columns_of",
    "disk_errors",
    "line",
    "rows_of",
    "sync",
    "version_at",
    "versions_listing",
    "went",
]
