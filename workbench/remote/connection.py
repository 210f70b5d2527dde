"""`workbench.connect()`: a workspace read through its server."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import TracebackType

from workbench.governance.security import Role, Scope
from workbench.publishing.lineage import Lineage
from workbench.remote.address import address, checked_token
from workbench.remote.datasets import RemoteDatasets
from workbench.remote.door import Door, path
from workbench.remote.metrics import RemoteMetrics
from workbench.remote.preferences import RemotePreferences
from workbench.remote.product import RemoteProduct
from workbench.remote.quality import RemoteQuality
from workbench.remote.queries import RemoteQueries
from workbench.remote.reading import Reading
from workbench.remote.reports import RemoteReports
from workbench.remote.runs import RemoteRuns

__all__ = ["Connection", "Me", "connect"]


@dataclass(frozen=True)
class Me:
    """Who asks.

    Attributes:
        may: What the role may do: "datasets:read".
        scopes: What the token is good for, which can be less.
    """

    name: str
    role: Role
    may: tuple[str, ...]
    scopes: tuple[Scope, ...]


class Connection(Reading):
    """One workspace, read through its server as whoever the token belongs to. Made by `workbench.connect()`.

    Attributes:
        url: The server's address.
        datasets: Versioned datasets: find and read.
        metrics: Metrics by dimension and grain, computed on the server.
        quality: What checks of datasets found, and whether they are fresh.
        product: Funnels, retention and the like, computed on the server.
        queries: Saved SQL, run on the server.
        preferences: What the asker prefers.
        runs: What ran, on what, its log and its receipt.
        reports: Reports and their rendered runs.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._who = door.ask("me", Me)
        self.url = door.where
        self.datasets = RemoteDatasets(door)
        self.metrics = RemoteMetrics(door)
        self.quality = RemoteQuality(door)
        self.product = RemoteProduct(door)
        self.queries = RemoteQueries(door)
        self.preferences = RemotePreferences(door)
        self.runs = RemoteRuns(door)
        self.reports = RemoteReports(door)

    @property
    def me(self) -> Me:
        """Who asks, and what they may do, as it is now."""
        return self._door.ask("me", Me)

    def lineage(self, name: str, kind: str = "dataset", *, up: int | None = None, down: int | None = None) -> Lineage:
        """What a thing was made of, and what was made of it: `connection.lineage("flights")`.

        Args:
            kind: "dataset", "metric", "model", "report", "dashboard" or "source".
            up: At most so many steps, up to 100, towards where it comes from; all when not given.
            down: The same towards what was made of it.

        Raises:
            NotFound: No such thing, or none that the asker may see.
            Forbidden: The dataset's policy closes it to the asker's role.
            Invalid: There is no lineage of that kind of thing.
        """
        return self._door.ask(path("lineage", kind, name), Lineage, up=up, down=down)

    def close(self) -> None:
        self._door.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Connection({self.url}, {self._who.name} ({self._who.role}))"


def connect(url: str, token: str | None = None, *, timeout: float = 60, insecure: bool = False) -> Connection:
    """Opens a workspace through the server it is served by, to read: `workbench.connect("https://workbench.example.org")`.

    Args:
        url: The server's address; what the workbench has below it may be left on.
        token: Of `workbench token create`; by default what stands in `WORKBENCH_TOKEN`.
        timeout: Seconds that the server may be silent before a question is given up.
        insecure: Whether the token may go to another machine over http://, for everybody on the way to read.

    Raises:
        Invalid: It is no address or no token.
        Forbidden: Another machine by http:// without `insecure`; or the token has no scope to read.
        NotFound: There is a server, and no workbench on it.
        SignInRefused: The token is worthless, or there is none.
        Unavailable: The server cannot be reached, or speaks another version of the API.
    """
    where = address(url, insecure=insecure)
    given = os.environ.get("WORKBENCH_TOKEN") if token is None else token
    door = Door(where, None if given is None else checked_token(given), timeout)
    try:
        return Connection(door)
    except BaseException:
        door.close()
        raise
