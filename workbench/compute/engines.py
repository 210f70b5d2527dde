"""The engines there are; other distributions add theirs through the entry-point group `workbench.engines`."""

from __future__ import annotations

from workbench.compute.local import LocalEngine
from workbench.compute.model import Engine
from workbench.foundation.registry import Registry

__all__ = ["engines"]

engines: Registry[Engine] = Registry("engine", group="workbench.engines")
engines.register("local", LocalEngine())
