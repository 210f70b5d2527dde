"""A dashboard's page: its skeleton at once, then its notebook run in a kernel that belongs to whoever asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import nbformat
from jupyter_core.utils import ensure_async
from nbformat.v4 import new_code_cell, new_output
from tornado.iostream import StreamClosedError
from voila.execute import VoilaExecutor
from voila.notebook_renderer import NotebookRenderer

from workbench.foundation.errors import Unavailable, WorkbenchError
from workbench.foundation.observability import logger
from workbench.publishing.dashboards import DashboardInfo
from workbench_voila.front import Front
from workbench_voila.handling import PageHandler
from workbench_voila.kernels import ViewerKernels
from workbench_voila.pool import Pool

__all__ = ["DashboardPage"]


class DashboardPage(PageHandler):
    """One dashboard, for whoever may open it.

    Args:
        pool: Where its kernel comes from.
        front: What its page loads.
        renderer: What Voila's renderer is given.
    """

    def initialize(self, pool: Pool, front: Front, renderer: dict[str, Any]) -> None:
        self._pool, self._front, self._renderer = pool, front, renderer

    async def get(self, name: str) -> None:
        user = self.credential.principal.name
        try:
            info = self.as_viewer().dashboards.get(name)
            most = self.workbench.settings.pages_per_viewer
            if self._renderer["kernels"].held_by(user) >= most:
                raise Unavailable(f"you have {most} dashboards open", hint="close one, then open this one again")
        except WorkbenchError as error:
            self.refuse(error)
            return
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.write(self.page("head.html.j2", dashboard=info, who=self.credential.principal, **self._front.addresses()))
        await self.flush()
        rendering = _Rendering(
            info=info,
            pool=self._pool,
            user=user,
            request_handler=self,
            page_config={},
            **self._renderer,
        )
        try:
            await rendering.initialize()
            async for html, _ in rendering.generate_content_generator():
                if not html.isspace():
                    self.write(html)
                    await self.flush()
        except StreamClosedError:
            await rendering.abandon()
        except Exception:  # noqa: BLE001 (the page has begun: the rest of it says so, and the log says why)
            logger(__name__).exception("the dashboard %s could not be shown", name)
            await rendering.abandon()
            self.write(self.page("broken.html.j2"))


class _Rendering(NotebookRenderer):  # type: ignore[misc]
    """Voila's renderer, with the kernel claimed for its viewer once the page's head is on its way."""

    def __init__(self, *, info: DashboardInfo, pool: Pool, user: str, kernels: ViewerKernels, **given: Any) -> None:
        super().__init__(notebook_path=str(info.path), **given)
        self._pool, self._user, self._kernels = pool, user, kernels
        self._keeps = info.keeps
        self._kernel_id: str | None = None

    async def load_notebook(self, path: str) -> Any:
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        notebook.metadata.kernelspec = nbformat.from_dict(  # type: ignore[no-untyped-call]
            {"name": "python3", "language": "python", "display_name": "Python 3"}
        )
        return notebook

    async def _jinja_kernel_start(self, nb: Any, kernel_id: Any, kernel_future: Any) -> str:
        self._kernel_id = await self._pool.take(self._user, keeps=self._keeps)
        self.executor = VoilaExecutor(nb, km=self._kernels.get_kernel(self._kernel_id), config=self.traitlet_config)
        self.executor.kc = await self.executor.async_start_new_kernel_client()
        self.kernel_started = True
        return self._kernel_id

    async def _jinja_cell_generator(self, nb: Any, kernel_id: Any) -> AsyncIterator[Any]:
        """The cells as they have run. The first that fails is the last, whatever became of its kernel."""
        for place, cell in enumerate(nb.cells):
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
            try:
                ran = await self.executor.execute_cell(cell, None, place, store_history=False)
            except Exception:  # noqa: BLE001 (its viewer reads a sentence, and the log says why)
                logger(__name__).exception("cell %d of the dashboard %s failed", place + 1, self.notebook_path)
                yield new_code_cell(outputs=[new_output("error")])  # type: ignore[no-untyped-call]
                break
            yield ran
        await self._cleanup_resources()

    async def abandon(self) -> None:
        """Ends the kernel of a page that nobody sees."""
        if self._kernel_id is not None and self._kernel_id in self._kernels:
            await ensure_async(self._kernels.shutdown_kernel(self._kernel_id, now=True))  # type: ignore[no-untyped-call]
