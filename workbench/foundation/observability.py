"""Structured logging: one JSON object a line, each with the run it belongs to."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

__all__ = ["configure", "logger", "run_id"]

ROOT = "workbench"

run_id: ContextVar[str | None] = ContextVar("run_id", default=None)
"""The run that this thread or task works for."""

_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


class JsonLines(logging.Formatter):
    """Time (UTC), level, logger, run, message, and whatever was passed as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "level": record.levelname,
            "logger": record.name,
            "run": run_id.get(),
            "message": record.getMessage(),
        }
        line.update({key: value for key, value in record.__dict__.items() if key not in _PLAIN})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class _File(RotatingFileHandler):
    """On a full disk a line is lost, which is no reason to tell whoever is only reading."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name that logging calls
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)

    def close(self) -> None:
        with suppress(OSError):  # what it still holds of such a line
            super().close()


def logger(name: str) -> logging.Logger:
    return logging.getLogger(f"{ROOT}.{name}")


def configure(folder: Path, *, level: str = "INFO", process: str = "workbench") -> None:
    """Sends our loggers to `<folder>/<process>.jsonl`, 10 MB a file, five files. Calling it again moves the log."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = _File(folder / f"{process}.jsonl", maxBytes=10_000_000, backupCount=4, delay=True)
    handler.setFormatter(JsonLines())
    root = logging.getLogger(ROOT)
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level)
    root.propagate = False
