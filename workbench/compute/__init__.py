"""Where plans run. An analysis is written once, as two Polars plans; an engine decides where they run.

Knows files and frames, never datasets. pandas, Arrow and Dask frames are made here, at the edge.
"""

from workbench.compute import compiled, expressions, frames, grains, moments
from workbench.compute.choosing import AutoEngine
from workbench.compute.columns import listed
from workbench.compute.compiled import Compiled
from workbench.compute.dask_engine import DaskEngine
from workbench.compute.engines import engine_at, engines
from workbench.compute.explaining import bytes_of_columns, explained, size_told
from workbench.compute.gpu import GpuEngine
from workbench.compute.hashing import HASH_VERSION, SUBJECT_HASH, hash_of, hashed
from workbench.compute.local import LocalEngine
from workbench.compute.model import Analysis, Combining, Compact, Computed, Direct, Engine, EngineUse, OfRuns, partial_plan
from workbench.compute.parts import Late, Part, Parts, Shape
from workbench.compute.results import Remembering, ResultCache, anew, code_of, key_of

__all__ = [
    "HASH_VERSION",
    "SUBJECT_HASH",
    "Analysis",
    "AutoEngine",
    "Combining",
    "Compact",
    "Compiled",
    "Computed",
    "DaskEngine",
    "Direct",
    "Engine",
    "EngineUse",
    "GpuEngine",
    "Late",
    "LocalEngine",
    "OfRuns",
    "Part",
    "Parts",
    "Remembering",
    "ResultCache",
    "Shape",
    "anew",
    "bytes_of_columns",
    "code_of",
    "compiled",
    "engine_at",
    "engines",
    "explained",
    "expressions",
    "frames",
    "grains",
    "hash_of",
    "hashed",
    "key_of",
    "listed",
    "moments",
    "partial_plan",
    "size_told",
]
