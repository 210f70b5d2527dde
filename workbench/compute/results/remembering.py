"""An engine that asks another only for what it does not know yet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from workbench.compute.model import Analysis, Computed, Engine
from workbench.compute.parts import Late, Parts
from workbench.compute.results.cache import ResultCache
from workbench.compute.results.keys import key_of

__all__ = ["Remembering", "anew"]


class Remembering:
    """Runs an analysis, unless its result over these very rows is kept.

    Args:
        engine: What computes.
        cache: Where results are kept.
        code: See `key_of`.
        look: Whether kept results are used; otherwise all is computed, and kept for others.
    """

    def __init__(self, engine: Engine, cache: ResultCache, code: str, *, look: bool = True) -> None:
        self._engine = engine
        self._cache = cache
        self._code = code
        self._look = look

    @property
    def name(self) -> str:
        return self._engine.name

    def anew(self) -> Remembering:
        """The same, computing all that it is asked."""
        return Remembering(self._engine, self._cache, self._code, look=False)

    def run(self, analysis: Analysis, parts: Parts) -> Computed:
        """Runs `analysis` over `parts`, or gives what is kept of it, which `EngineUse.cached` says.

        Raises:
            Invalid, Unavailable: As the engine's own `run` does.
        """
        compute = partial(self._run, analysis, parts)
        key = key_of(analysis, parts, self._code)
        if key is None:
            return compute()
        of = frozenset(_folders(parts))
        return self._cache.get(key, compute, of) if self._look else self._cache.anew(key, compute, of)

    def _run(self, analysis: Analysis, parts: Parts) -> Computed:
        for part in parts.parts:
            for shape in part.shape:
                if isinstance(shape, Late):
                    shape.made()  # here, where an error is told as it is, and not while it is sent
        return self._engine.run(analysis, parts)


def _folders(parts: Parts) -> Iterator[str]:
    """Where the files lie that rows are of, with what is joined to them."""
    for taken, _ in parts.taken:
        yield from _folders(taken)
    for part in parts.parts:
        yield from {path.rpartition("/")[0] for path in part.files}
    for shape in {id(shape): shape for part in parts.parts for shape in part.shape}.values():
        for joined in shape.identity if isinstance(shape, Late) and isinstance(shape.identity, tuple) else ():
            yield from _folders(joined) if isinstance(joined, Parts) else ()


def anew(engine: Engine) -> Engine:
    """An engine that uses no kept result."""
    return engine.anew() if isinstance(engine, Remembering) else engine
