"""Bringing rows in and into shape: landing a source in slices, transforms from frame to frame, loading what changed."""

from workbench.data.etl.applying import Applied, Previewed, Transforms
from workbench.data.etl.cleaning import cast, deduplicate
from workbench.data.etl.draining import Drain
from workbench.data.etl.etl import Etl
from workbench.data.etl.features import bins, date_parts, lag, log, one_hot, ratio
from workbench.data.etl.filling import drop_nulls, fill_nulls
from workbench.data.etl.grouping import group, select, where
from workbench.data.etl.model import Drained, Landed, Loaded, Slice, days
from workbench.data.etl.normalizing import categorize, convert, tidy
from workbench.data.etl.quarantine import Quarantine
from workbench.data.etl.recipes import Recipe
from workbench.data.etl.transforms import band, derive, join, rename

__all__ = [
    "Applied",
    "Drain",
    "Drained",
    "Etl",
    "Landed",
    "Loaded",
    "Previewed",
    "Quarantine",
    "Recipe",
    "Slice",
    "Transforms",
    "band",
    "bins",
    "cast",
    "categorize",
    "convert",
    "date_parts",
    "days",
    "deduplicate",
    "derive",
    "drop_nulls",
    "fill_nulls",
    "group",
    "join",
    "lag",
    "log",
    "one_hot",
    "ratio",
    "rename",
    "select",
    "tidy",
    "where",
]
