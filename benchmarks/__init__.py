"""Timings of what the performance promises are about; `make bench`."""

import workbench  # noqa: F401  before Polars, as in every process of ours: it says how freed memory is held
