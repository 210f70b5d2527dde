"""Engines with their pools of connections: one per database and process."""

from __future__ import annotations

import atexit
import os
import threading
from collections import OrderedDict

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL

from workbench.data.connectors.databases import mysql

__all__ = ["MOST_CONNECTIONS", "engine_of"]

MOST_ENGINES = 16
KEPT, MORE = 2, 6
MOST_CONNECTIONS = KEPT + MORE
_WAIT_S = 30
_RECYCLE_S = 900

_lock = threading.Lock()
_engines: OrderedDict[URL, Engine] = OrderedDict()


def engine_of(url: URL) -> Engine:
    """The engine of a database server, for reading. It keeps two connections and lends eight at most.

    A connection is tried before it is lent again, and is not kept for longer than a quarter of an hour. A process that
    was forked has connections of its own.
    """
    with _lock:
        found = _engines.pop(url, None)
        if found is None:
            found = _made(url)
        _engines[url] = found
        if len(_engines) > MOST_ENGINES:
            _, oldest = _engines.popitem(last=False)
            oldest.dispose()
        return found


def _made(url: URL) -> Engine:
    mysql_like = url.get_backend_name() in ("mysql", "mariadb")
    engine = create_engine(
        url,
        pool_size=KEPT,
        max_overflow=MORE,
        pool_timeout=_WAIT_S,
        pool_recycle=_RECYCLE_S,
        pool_pre_ping=True,
        execution_options={} if mysql_like else {"postgresql_readonly": True},
        connect_args=mysql.connect_args() if mysql_like else {},
    )
    if mysql_like:
        mysql.prepare(engine)
    return engine


def _forked() -> None:
    """In a child, the parent's connections are the parent's: they are let go of, and not closed."""
    global _lock
    _lock = threading.Lock()
    for engine in _engines.values():
        engine.dispose(close=False)


def _end() -> None:
    for engine in _engines.values():
        engine.dispose()


os.register_at_fork(after_in_child=_forked)
atexit.register(_end)
