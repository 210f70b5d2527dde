"""The engines there are; other distributions add theirs through the entry-point group `workbench.engines`."""

from __future__ import annotations

from workbench.compute.choosing import AutoEngine
from workbench.compute.dask_engine import DaskEngine
from workbench.compute.gpu import GpuEngine
from workbench.compute.local import LocalEngine
from workbench.compute.model import Engine
from workbench.foundation.registry import Registry

__all__ = ["engine_at", "engines"]

engines: Registry[Engine] = Registry("engine", group="workbench.engines")
engines.register("auto", AutoEngine())
engines.register("local", LocalEngine())
engines.register("dask", DaskEngine())
engines.register("gpu", GpuEngine())
engines.register("dask-cuda", DaskEngine(gpu=True))


def engine_at(name: str, scheduler: str = "") -> Engine:
    """The engine that settings mean.

    Args:
        name: A registered one.
        scheduler: The address of a Dask scheduler, for the engines that use one; empty for none.

    Raises:
        NotFound: No engine of that name; the message has the nearest one.
    """
    found = engines.get(name)
    return found.at(scheduler) if scheduler and isinstance(found, AutoEngine | DaskEngine) else found
