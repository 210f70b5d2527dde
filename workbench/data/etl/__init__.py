"""Extract, transform, load: slices with checkpoints, frames in and frames out, only what changed is written."""

from workbench.data.etl.etl import Etl
from workbench.data.etl.model import Landed, Loaded
from workbench.data.etl.slices import days
from workbench.data.etl.transforms import band, cast, deduplicate, derive, drop_nulls, fill_nulls, join, rename

__all__ = [
    "Etl",
    "Landed",
    "Loaded",
    "band",
    "cast",
    "days",
    "deduplicate",
    "derive",
    "drop_nulls",
    "fill_nulls",
    "join",
    "rename",
]
