"""Where plans run. An analysis is written once, as two Polars plans; an engine decides where they run.

Knows files and frames, never datasets. pandas, Arrow and Dask frames are made here, at the edge.
"""

from workbench.compute import expressions, frames, grains
from workbench.compute.columns import listed
from workbench.compute.engines import engines
from workbench.compute.local import LocalEngine
from workbench.compute.model import Analysis, Computed, Direct, Engine, EngineUse

__all__ = [
    "Analysis",
    "Computed",
    "Direct",
    "Engine",
    "EngineUse",
    "LocalEngine",
    "engines",
    "expressions",
    "frames",
    "grains",
    "listed",
]
