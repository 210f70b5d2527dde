"""The kernels of the process `lab`: each works for the person who started it, and knows nothing of its server."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, ServerKernelManager
from tornado.ioloop import PeriodicCallback

from workbench.foundation.errors import Conflict, Forbidden, NotFound, Unavailable, WorkbenchError
from workbench.foundation.observability import logger
from workbench.foundation.settings import Settings, load
from workbench.governance.identity import Credential, IssuedToken, SignInRefused, permit
from workbench.governance.security import Principal, Scope
from workbench.orchestration.kernels import OwnKernelManager, allowed
from workbench_server.identity import SECONDS_BETWEEN_LOOKS, WorkbenchIdentityProvider, asker

__all__ = ["LabKernel", "OwnedKernels"]

# Of what Jupyter says to a kernel: which notebook it was started for.
_SESSION = "JPY_SESSION_NAME"


class LabKernel(OwnKernelManager, ServerKernelManager):
    """One kernel's process. It ends with the server, whatever ends that."""

    def __init__(self, **traits: Any) -> None:
        try:
            super().__init__(**traits)
        except NotFound as error:
            raise NoSuchKernel(traits["kernel_name"]) from error  # what jupyter-server knows how to say


class OwnedKernels(AsyncMappingKernelManager):
    """Starts kernels with an allow-listed environment and a short-lived token for all that who asked may do."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)  # type: ignore[no-untyped-call]
        self.kernel_manager_class = "workbench_server.kernels.LabKernel"
        self._tokens: dict[str, IssuedToken] = {}
        self._looks = PeriodicCallback(self._end_revoked, SECONDS_BETWEEN_LOOKS * 1000)

    async def _async_start_kernel(self, *, kernel_id: str | None = None, **kwargs: Any) -> str:
        if kernel_id is not None and kernel_id in self:
            return str(await super()._async_start_kernel(kernel_id=kernel_id, **kwargs))
        user = asker.get()
        assert user is not None, "a kernel is started by somebody"
        token = await asyncio.to_thread(
            self._provider.checker.kernel_token, user.name, by=user.name, scopes=_scopes(user)
        )
        kwargs["env"] = self._environment(kwargs.get("env") or {}) | {"WORKBENCH_TOKEN": token.secret}
        try:
            started = str(await super()._async_start_kernel(kernel_id=kernel_id, **kwargs))
        except BaseException:
            await asyncio.to_thread(self._provider.checker.end_kernel_token, token.info.id)
            raise
        self._tokens[started] = token
        if not self._looks.is_running():
            self._looks.start()
        return started

    start_kernel = _async_start_kernel  # type: ignore[assignment]

    def remove_kernel(self, kernel_id: str) -> Any:
        """However a kernel ends, it comes by here."""
        token = self._tokens.pop(kernel_id, None)
        if token is not None:
            with suppress(WorkbenchError):  # it ends by itself after half a day
                self._provider.checker.end_kernel_token(token.info.id)
        return super().remove_kernel(kernel_id)

    async def _end_revoked(self) -> None:
        """Whoever was removed, or may not use the Lab any more, computes nothing more here.

        While the catalog does not answer nobody knows who that is. Then all go on, and the log says so: to end
        everybody's kernels would lose their work.
        """
        for kernel_id, token in list(self._tokens.items()):
            try:
                revoked = await asyncio.to_thread(self._revoked, token)
            except (Unavailable, Conflict) as error:
                again = f"it is asked again in {SECONDS_BETWEEN_LOOKS} s"
                logger(__name__).warning("whose kernels may go on is not known, and %s: %s", again, error)
                return
            if revoked and kernel_id in self:
                logger(__name__).warning("ended a kernel of %s, who may not use it any more", token.info.user)
                await self.shutdown_kernel(kernel_id, now=True)  # type: ignore[no-untyped-call]

    def _revoked(self, token: IssuedToken) -> bool:
        """
        Raises:
            Unavailable: The catalog does not answer.
            Conflict: It is kept locked.
        """
        info = token.info
        assert info.user is not None, "a kernel here is started by somebody"
        try:
            owner = self._provider.checker.principal(info.user, info.created)
            permit(Credential(owner, frozenset(info.scopes), "kernel"), "use", "lab")
        except (SignInRefused, Forbidden):
            return True
        return False

    def update_env(self, *, kernel_id: str, env: dict[str, str]) -> None:
        """A renamed notebook; the rest would be the server's own environment, and reach the kernel at its restart."""
        super().update_env(kernel_id=kernel_id, env={name: env[name] for name in (_SESSION,) if name in env})

    def _environment(self, given: dict[str, str]) -> dict[str, str]:
        kept = {name: given[name] for name in (_SESSION,) if name in given}
        return allowed(self._settings) | kept

    @property
    def _server(self) -> ServerApp:
        assert isinstance(self.parent, ServerApp)
        return self.parent

    @property
    def _settings(self) -> Settings:
        return load(Path(self._server.root_dir))

    @property
    def _provider(self) -> WorkbenchIdentityProvider:
        provider = self._server.identity_provider
        assert isinstance(provider, WorkbenchIdentityProvider)
        return provider


def _scopes(user: Principal) -> frozenset[Scope]:
    """What somebody's own code may do for them: all that their sign-in is good for."""
    return frozenset(Scope) if user.scopes is None else user.scopes
