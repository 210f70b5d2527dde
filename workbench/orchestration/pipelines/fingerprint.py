"""What a stage's result depends on, as one digest: equal to an earlier success's, and the stage need not run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench._version import __version__
from workbench.data.connectors import open_source
from workbench.foundation.errors import NotFound
from workbench.orchestration.pipelines.definition import Stage
from workbench.orchestration.pipelines.standing import DatasetNow

__all__ = ["fingerprint"]


def fingerprint(
    stage: Stage,
    *,
    parameters: Mapping[str, Any],
    files: Sequence[Path],
    datasets: Mapping[str, DatasetNow | None],
    home: Path,
) -> str | None:
    """Digest of a stage's code, parameters and inputs as they are now; None where an input cannot tell.

    Args:
        parameters: As the step checked them.
        files: From the step; the stage's own `uses` come on top.
        datasets: Each dataset the stage reads; None for one that does not exist yet.

    Raises:
        NotFound: A source or a file that the stage names does not exist.
    """
    sources = {url: open_source(url, base=home).fingerprint() for url in stage.sources}
    if not all(sources.values()):
        return None
    used = [*files, *(home / name for name in stage.uses)]
    parts = {
        "workbench": __version__,
        "kind": stage.kind,
        "target": stage.target,
        "parameters": parameters,
        "files": [_digest(path) for path in used],
        "datasets": {name: [now.id, now.version] if now else None for name, now in datasets.items()},
        "sources": sources,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str).encode()).hexdigest()


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}") from error
