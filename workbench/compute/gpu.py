"""The engine of one NVIDIA GPU: the same plans through cudf-polars, part after part.

Memory is the CUDA asynchronous pool: plain allocations. What cudf-polars takes by itself is managed memory, which can
hang a card when more is asked for than it has. A part is what has to fit; one that does not is computed on the CPU.
"""

from __future__ import annotations

import re
import threading
import time
from functools import cache
from importlib.util import find_spec
from typing import Any

import polars as pl

from workbench.compute.model import Analysis, Computed, EngineUse
from workbench.compute.parts import Parts
from workbench.compute.polars_versions import collect
from workbench.compute.refusing import check, telling
from workbench.compute.tasks import merged, share, stacked
from workbench.foundation.errors import Unavailable

__all__ = ["GpuCollect", "GpuEngine", "missing", "require"]

INSTALL = (
    "on Linux with an NVIDIA GPU: pip install 'analytics-workbench[gpu]', or conda env create -f environment-gpu.yml"
)
# Of the card's memory, the share that the pool keeps when it is not in use, as cudf-polars' own streaming engine does.
KEPT = 0.9

# In what cudf-polars says of a plan that it refuses, what stands for each thing it does not know.
_CAUSE = re.compile(r"""^- \w+: (.*?)(?:['"], \[.*)?$""", re.MULTILINE)

# One plan at a time on a card: two would need the memory of both, and each sets the process's memory resource.
_turn = threading.Lock()


class GpuCollect:
    """Runs plans on the GPU, and on the CPU what cannot run there.

    Args:
        strict: What cannot run on the GPU is an error instead.

    Attributes:
        fell_back: Why plans ran on the CPU: a sentence for each that did.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self._engine = pl.GPUEngine(executor="in-memory", memory_resource=_memory(), raise_on_fail=True)
        self._strict = strict
        self.fell_back: list[str] = []

    def __call__(self, plan: pl.LazyFrame, *, ordered: bool) -> pl.DataFrame:
        """
        Raises:
            Unavailable: The plan cannot run on the GPU, and has to.
        """
        try:
            with _turn:
                return plan.collect(engine=self._engine)
        except (pl.exceptions.ComputeError, MemoryError, NotImplementedError) as error:
            reason = _not_on_gpu(error)
            if reason is None:
                raise
            if self._strict:
                raise Unavailable(reason, hint="the engine 'gpu' computes such a plan on the CPU") from error
            self.fell_back.append(reason)
        return collect(plan, ordered=ordered)


class GpuEngine:
    """Runs an analysis on the GPU of this process, part after part.

    Partials come back to this process and are merged on the CPU: merging uses what cudf-polars does not know, such as
    128-bit sums, and has few rows. For the same reason a single part gets no plan of its own. A plan that cudf-polars
    does not know, or that needs more memory than the card has, runs on the CPU: the result is the same, and
    `EngineUse.fell_back` says so.

    Args:
        strict: Such a plan is refused instead.
    """

    name = "gpu"

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict

    def run(self, analysis: Analysis, parts: Parts) -> Computed:
        """Runs `analysis` over `parts`.

        Raises:
            Invalid: As `LocalEngine.run` does.
            Unavailable: There is no GPU or no cudf-polars; or a plan cannot run on the GPU, and is refused for it.
        """
        begin = time.perf_counter()
        check(analysis, parts)
        on_gpu = GpuCollect(strict=self._strict)
        opened = time.perf_counter()
        with telling(analysis):
            shares = (share(analysis, part, on_gpu) for part in parts.parts)
            frame = merged(analysis, stacked(analysis, shares, collect), collect)
        use = EngineUse(
            engine=self.name,
            polars=pl.__version__,
            fell_back=bool(on_gpu.fell_back),
            load_seconds=opened - begin,
            compute_seconds=time.perf_counter() - opened,
            parts=len(parts),
            rows_out=frame.height,
            why=told(on_gpu.fell_back),
        )
        return Computed(frame, use)


def told(fell_back: list[str]) -> str:
    """A sentence for what ran on the CPU; empty where nothing did."""
    if not fell_back:
        return ""
    plans = "1 plan" if len(fell_back) == 1 else f"{len(fell_back)} plans"
    return f"{plans} ran on the CPU: {'; '.join(dict.fromkeys(fell_back))}"


@cache
def missing(*packages: str) -> str | None:
    """What this process lacks for computing on a GPU; None where it lacks nothing.

    Args:
        packages: What it needs besides those of the engine.
    """
    for package in ("cudf_polars", "rmm", *packages):
        if find_spec(package) is None:
            return f"the package {package} is not installed"
    try:
        import rmm.mr

        free, _total = rmm.mr.available_device_memory()
    except Exception as error:  # noqa: BLE001  (what CUDA raises without a card, or with an old driver, is no one type)
        said = str(error).strip() or type(error).__name__
        return f"no NVIDIA GPU answers ({said.splitlines()[0]})"
    return None if free else "the GPU has no free memory"


def require(what: str, *packages: str) -> None:
    """
    Raises:
        Unavailable: What is asked for cannot be had here; says what is missing, and how it is installed.
    """
    lacks = missing(*packages)
    if lacks is not None:
        raise Unavailable(f"{what} cannot be had here: {lacks}", hint=INSTALL)


@cache
def _memory() -> Any:
    """The pool that this process allocates from on its card: one for its whole life, so that it stays warm.

    Raises:
        Unavailable: There is no GPU or no cudf-polars.
    """
    require("the engine 'gpu'")
    import rmm.mr

    current = rmm.mr.get_current_device_resource()
    if isinstance(current, rmm.mr.CudaAsyncMemoryResource):
        return current  # a Dask-CUDA worker that was started with one
    _free, total = rmm.mr.available_device_memory()
    made = rmm.mr.CudaAsyncMemoryResource(release_threshold=int(total * KEPT) // 256 * 256)
    rmm.mr.set_current_device_resource(made)
    return made


def _not_on_gpu(error: BaseException) -> str | None:
    """Why a plan did not run on the GPU, where it can run elsewhere; None for an error of its own.

    What cudf-polars refuses before it starts, Polars tells as a ComputeError of these words. What it finds it cannot do
    while it runs comes as its own NotImplementedError. If either is the plan's own fault, the CPU raises it again.
    Both are known from its source (26.10) and from what Polars 1.44 and 2.1 make of such errors; neither was seen on a
    card yet.
    """
    said = str(error).strip().replace("\\n", "\n")
    if "'cuda' conversion failed" in said or isinstance(error, NotImplementedError):
        causes = dict.fromkeys(_CAUSE.findall(said)) or said.splitlines()[:1]
        return f"cudf-polars cannot run it ({'; '.join(causes)})"
    # The machine's own memory running out is a MemoryError, too, and nothing that the CPU could do better.
    if "out_of_memory" in said or "CUDA error" in said:
        return "a part does not fit in the memory of the GPU"
    return None
