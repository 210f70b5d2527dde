"""The engine that chooses another: by how many rows there are, and by what there is to compute on."""

from __future__ import annotations

import time
from dataclasses import replace

from workbench.compute import gpu
from workbench.compute.dask_engine import DaskEngine
from workbench.compute.gpu import GpuEngine
from workbench.compute.local import LocalEngine
from workbench.compute.model import Analysis, Computed, Engine
from workbench.compute.parts import Parts
from workbench.foundation.errors import Unavailable

__all__ = ["AutoEngine"]

# Below, this process answers before rows are on their way: 20 million are a second or two here.
DASK_ROWS = 20_000_000
# Below, loading the card takes what computing there saves. Not measured on a card yet: see docs/compute.md.
GPU_ROWS = 50_000_000
# A scheduler that did not answer is not asked again for so long, by whoever asks in this process.
FORGIVEN_SECONDS = 60
_silent_since: dict[str, float] = {}


class AutoEngine:
    """Runs an analysis on the engine that fits: this process, unless the rows are many and something else is there.

    With many rows: the Dask scheduler, where one is named; else the GPU, where one is usable. A scheduler that does not
    answer is passed over, which `EngineUse.fell_back` and `why` say.

    Args:
        scheduler: The address of a Dask scheduler; empty for none.
    """

    name = "auto"

    def __init__(self, *, scheduler: str = "") -> None:
        self._scheduler = scheduler

    def at(self, scheduler: str) -> AutoEngine:
        """The same engine, knowing of a scheduler."""
        return AutoEngine(scheduler=scheduler)

    def choose(self, parts: Parts) -> tuple[Engine, str]:
        """The engine for these rows, and a sentence that says why."""
        if any(part.plan is not None for part in parts.parts):
            return LocalEngine(), "local: the rows are a plan of this process"
        rows = parts.rows
        told, many = (f"{rows:,} rows",) * 2 if not parts.veiled else ("the rows", "many rows")
        if self._scheduler and rows >= DASK_ROWS:
            if self._silent():
                return LocalEngine(), f"local: the Dask scheduler at {self._scheduler} did not answer a moment ago"
            return DaskEngine(scheduler=self._scheduler), f"dask: {many}, and {self._scheduler} is named"
        if not self._scheduler and rows >= GPU_ROWS:
            lacks = gpu.missing()
            if lacks is None:
                return GpuEngine(), f"gpu: {many}, and there is a GPU"
            return LocalEngine(), f"local: {told} are many for it, but no Dask scheduler is named and {lacks}"
        wanted = DASK_ROWS if self._scheduler else GPU_ROWS
        return LocalEngine(), f"local: {told} are fewer than the {wanted:,} from which another engine pays"

    def run(self, analysis: Analysis, parts: Parts) -> Computed:
        """Runs `analysis` over `parts`.

        Raises:
            Invalid: As `LocalEngine.run` does.
        """
        engine, why = self.choose(parts)
        try:
            computed = engine.run(analysis, parts)
        except Unavailable as error:
            if isinstance(engine, LocalEngine):
                raise
            _silent_since[self._scheduler] = time.monotonic()
            computed = LocalEngine().run(analysis, parts)
            why = f"local: {error}"
            return Computed(computed.frame, replace(computed.use, why=why, fell_back=True))
        said = "; ".join(filter(None, [why, computed.use.why]))
        return Computed(computed.frame, replace(computed.use, why=said))

    def _silent(self) -> bool:
        since = _silent_since.get(self._scheduler)
        return since is not None and time.monotonic() - since < FORGIVEN_SECONDS
