"""A workspace read through its server: `workbench.connect(url, token)`, with the names that `Workbench.open()` has.

Needs no folder, no catalog and no keys; the server applies the policy of whoever the token belongs to.
"""

from workbench.remote.connection import Connection, Me, connect
from workbench.remote.datasets import Lineage, LineageRun, RemoteDataset, RemoteDatasets
from workbench.remote.metrics import RemoteMetrics
from workbench.remote.reading import ReadsOnly
from workbench.remote.reports import RemoteReport, RemoteReports, RenderedRun
from workbench.remote.runs import RemoteRun, RemoteRuns

__all__ = [
    "Connection",
    "Lineage",
    "LineageRun",
    "Me",
    "ReadsOnly",
    "RemoteDataset",
    "RemoteDatasets",
    "RemoteMetrics",
    "RemoteReport",
    "RemoteReports",
    "RemoteRun",
    "RemoteRuns",
    "RenderedRun",
    "connect",
]
