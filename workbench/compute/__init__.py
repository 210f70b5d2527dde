"""Where plans run. An analysis is written once, as two Polars plans; an engine decides where they run.

Knows files and frames, never datasets. pandas, Arrow and Dask frames are made here, at the edge.
"""

from workbench.compute import expressions, frames, grains
from workbench.compute.columns import listed
from workbench.compute.engines import engines
from workbench.compute.hashing import HASH_VERSION, SUBJECT_HASH, hash_of, hashed
from workbench.compute.local import LocalEngine
from workbench.compute.model import Analysis, Computed, Direct, Engine, EngineUse, OfRuns
from workbench.compute.parts import Part, Parts, Shape

__all__ = [
    "HASH_VERSION",
    "SUBJECT_HASH",
    "Analysis",
    "Computed",
    "Direct",
    "Engine",
    "EngineUse",
    "LocalEngine",
    "OfRuns",
    "Part",
    "Parts",
    "Shape",
    "engines",
    "expressions",
    "frames",
    "grains",
    "hash_of",
    "hashed",
    "listed",
]
