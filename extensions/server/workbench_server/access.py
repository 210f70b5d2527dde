"""Whose workbench a request gets."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Protocol

from jupyter_server.auth.identity import User

from workbench import Workbench
from workbench.governance.identity import Credential
from workbench.governance.security import Principal, Scope
from workbench_server.identity import SignedIn

__all__ = ["Access", "OwnLab", "Visitors"]

# Each keeps what it has read of definitions and logs, so that a request need not read them again.
MOST_KEPT = 64


class Access(Protocol):
    """What handlers ask, in a worker thread: each may read the catalog."""

    def server(self) -> Workbench:
        """The workspace as the server itself sees it: for what no visitor asks for."""

    def credential(self, user: User) -> Credential:
        """What somebody who passed the server's identity provider may do here."""

    def workbench(self, principal: Principal) -> Workbench:
        """The workspace as they see it."""

    def close(self) -> None: ...


class Visitors:
    """Everybody signs in, and each sees what their role sees.

    Args:
        wb: Opened as an admin.
    """

    def __init__(self, wb: Workbench) -> None:
        self._wb = wb
        self._views: OrderedDict[Principal, Workbench] = OrderedDict()
        self._lock = threading.Lock()

    def server(self) -> Workbench:
        return self._wb

    def credential(self, user: User) -> Credential:
        assert isinstance(user, SignedIn), "another identity provider let somebody in"
        return user.credential

    def workbench(self, principal: Principal) -> Workbench:
        with self._lock:
            view = self._views.pop(principal, None) or self._wb.acting_as(principal)
            self._views[principal] = view
            if len(self._views) > MOST_KEPT:
                self._views.popitem(last=False)
        return view

    def close(self) -> None:
        self._wb.close()


class OwnLab:
    """A user's own JupyterLab: whoever its server lets in acts as `Workbench.open()` says.

    The workspace is opened when it is first asked for, so that a Lab outside of one starts like any other and says on
    demand what is missing; one that is made later is found.

    Args:
        folder: Where to look for the workspace; None for wherever the process is in one.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._opened: Workbench | None = None
        self._lock = threading.Lock()

    def server(self) -> Workbench:
        return self._open()

    def credential(self, user: User) -> Credential:
        principal = self._open().actor.principal
        return Credential(principal, principal.scopes or frozenset(Scope), "cookie")

    def workbench(self, principal: Principal) -> Workbench:
        return self._open()

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def _open(self) -> Workbench:
        with self._lock:
            if self._opened is None:
                self._opened = Workbench.open(self._folder, serving=True)
            return self._opened
