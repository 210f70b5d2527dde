"""Bringing rows in and into shape: landing a source in slices, transforms from frame to frame, loading what changed."""

from workbench.data.etl.cleaning import cast, deduplicate, drop_nulls, fill_nulls
from workbench.data.etl.etl import Etl
from workbench.data.etl.model import Drained, Landed, Loaded, Slice, days
from workbench.data.etl.transforms import band, derive, join, rename

__all__ = [
    "Drained",
    "Etl",
    "Landed",
    "Loaded",
    "Slice",
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
