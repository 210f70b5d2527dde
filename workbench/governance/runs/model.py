from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from workbench.governance.security import Principal, Role

__all__ = ["Actor", "Direction", "Edge", "Receipt", "Run", "RunKind", "RunStatus"]

Direction = Literal["read", "write"]


class RunKind(StrEnum):
    NOTEBOOK = "notebook"
    PIPELINE = "pipeline"
    REPORT = "report"
    REPLAY = "replay"
    SYNC = "sync"
    UPLOAD = "upload"
    TRANSFORM = "transform"
    REFRESH = "refresh"


class RunStatus(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Actor:
    """Who acts, inside which run, and on which sealed versions.

    Attributes:
        run: The run whose reads and writes these are; None for a person at a prompt.
        pins: Dataset name to the version every read of it gets; what a replay is made of.
    """

    principal: Principal
    run: str | None = None
    pins: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Edge:
    """One thing a run read or wrote: a dataset's version, a metric's, a source's fingerprint, a report."""

    run: str
    direction: Direction
    kind: str
    name: str
    version: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """One execution. Times are UTC.

    Attributes:
        name: What was run: a notebook's path in the workspace, a pipeline's, a report's, a source's or a view's name.
        role: What the principal was when it began.
        parent: The run that started this one, such as the pipeline of a stage.
        fingerprint: What the result depends on; an equal one need not be run again.
        directory: Where its output, log and receipt lie.
        holder: The process that works on it, as jobs name processes.
    """

    id: str
    kind: RunKind
    name: str
    status: RunStatus
    started: datetime
    finished: datetime | None
    principal: str
    role: Role
    parent: str | None
    parameters: Mapping[str, Any]
    fingerprint: str | None
    error: str | None
    directory: Path
    holder: str

    def __repr__(self) -> str:
        took = "" if self.seconds is None else f" in {self.seconds:.1f} s"
        said = f": {self.error}" if self.error else ""
        return f"Run {self.id}: {self.kind} {self.name} {self.status}{took}{said}"

    @property
    def seconds(self) -> float | None:
        return None if self.finished is None else (self.finished - self.started).total_seconds()


class Receipt(BaseModel):
    """What made a result: enough to make it again, or to say why that cannot be done."""

    model_config = ConfigDict(frozen=True)

    run: str
    kind: RunKind
    name: str
    status: RunStatus
    principal: str
    started: datetime
    finished: datetime | None
    parameters: dict[str, Any]
    notebook: str | None
    notebook_sha256: str | None
    read: list[Edge]
    wrote: list[Edge]
    engines: list[dict[str, Any]]
    tables: dict[str, str]
    seeds: dict[str, int]
    packages_sha256: str
    git_commit: str | None
    workbench_version: str
    python: str
    platform: str
    error: str | None
