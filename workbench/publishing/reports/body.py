"""The cells of an executed notebook as HTML, by nbconvert with our own template."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import Any

from workbench.charts import unique_ids
from workbench.foundation.errors import Invalid, NotFound

__all__ = ["Body", "Heading", "render_cells"]

TEMPLATES = Path(__file__).parent / "templates"

_STYLE = re.compile(r'<style data-wb="">.*?</style>', re.DOTALL)
_HEADING = re.compile(r"<h([1-6])(?:\s[^>]*)?>(.*?)</h\1>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")
# What would run, fetch or leave the page. Links are left alone: following one is the reader's own act.
_ACTIVE = re.compile(
    r"<\s*(script|iframe|object|embed|link|base|meta|form|video|audio|source|image|feimage|use)\b|\son[a-z]+\s*="
    r"|\b(?:src|srcset|poster|data|background)\s*=\s*[\"']?\s*(?:https?:)?//|javascript:|url\(\s*[\"']?\s*(?:https?:)?//"
    r"|@import",
    re.IGNORECASE,
)
_SHOWN = [
    "text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/latex", "text/plain",
]  # fmt: skip


@dataclass(frozen=True)
class Heading:
    """A line of the table of contents; `level` is 2 or more, the page's title being 1."""

    level: int
    id: str
    text: str


@dataclass(frozen=True)
class Body:
    html: str
    headings: tuple[Heading, ...]


def render_cells(notebook: Path, title: str) -> Body:
    """The text, figures and tables of a notebook; its code hidden, but there to be opened.

    Args:
        notebook: An executed notebook.
        title: The page's title; a first heading that says the same is left out.

    Raises:
        NotFound: No such file.
        Invalid: It is not a notebook.
    """
    import nbformat
    from nbconvert.exporters import HTMLExporter
    from traitlets.config import Config

    try:
        node = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    except FileNotFoundError as error:
        raise NotFound(f"{notebook} does not exist") from error
    except Exception as error:  # nbformat raises whatever its parts do
        raise Invalid(f"{notebook} is not a notebook: {error}") from error
    _prepare(node)
    anchors = _Anchors(title)
    config = Config({"NbConvertBase": {"display_data_priority": _SHOWN}})
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        config=config,
        template_name="cells",
        extra_template_basedirs=[str(TEMPLATES)],
        embed_images=True,
        exclude_anchor_links=True,
        filters={"anchored": anchors.anchored, "contained": contained, "without_color": _without_color},
    )
    html, _ = exporter.from_notebook_node(node, resources={"metadata": {"path": str(notebook.parent)}})
    return Body(unique_ids(html), tuple(anchors.headings))


def _prepare(node: Any) -> None:
    """Gives each cell that shows something the code of those before it that show nothing; drops repeated styles."""
    waiting: list[str] = []
    last: Any = None
    for cell in node.cells:
        if cell.cell_type != "code":
            continue
        if cell.source.strip():
            waiting.append(cell.source)
        log = "".join(
            output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stderr"
        )
        cell.outputs = [
            output for output in cell.outputs if not (output.output_type == "stream" and output.name == "stderr")
        ]
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.output_type = "display_data"
            data = output.get("data", {})
            if "text/html" in data:
                data["text/html"] = _STYLE.sub("", data["text/html"])
            if "metadata" in output:
                output.metadata["wb_alt"] = _alt(output.metadata)
        cell.metadata["wb_log"] = log
        cell.metadata["wb_code"] = []
        if cell.outputs:
            cell.metadata["wb_code"], waiting, last = waiting, [], cell
    if waiting and last is not None:
        last.metadata["wb_code"] = [*last.metadata["wb_code"], *waiting]


def _alt(metadata: Mapping[str, Any]) -> str:
    """What a cell says its picture shows: `display(figure, metadata={"alt": "..."})`."""
    for said in (metadata, metadata.get("image/png", {}), metadata.get("image/jpeg", {})):
        if isinstance(said, Mapping) and said.get("alt"):
            return str(said["alt"])
    return "A picture without a description"


class _Anchors:
    """Numbers the headings as they come, so that every one can be linked to and none twice."""

    def __init__(self, title: str) -> None:
        self._title = title.casefold().strip()
        self._taken: set[str] = set()
        self.headings: list[Heading] = []

    def anchored(self, html: str) -> str:
        return _HEADING.sub(self._one, html)

    def _one(self, match: re.Match[str]) -> str:
        text = unescape(_TAG.sub("", match[2])).strip()
        if not self.headings and match[1] == "1" and text.casefold() == self._title:
            return ""
        level = max(2, int(match[1]))
        name = self._free(_slug(text))
        self.headings.append(Heading(level, name, text))
        return f'<h{level} id="{escape(name)}">{match[2]}</h{level}>'

    def _free(self, slug: str) -> str:
        name, count = slug, 1
        while name in self._taken:
            count += 1
            name = f"{slug}-{count}"
        self._taken.add(name)
        return name


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "s-" + (re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "section")


def contained(html: str) -> str:
    """Markup from a notebook with everything taken out that would run or fetch; most has none and stays as it is."""
    if not _ACTIVE.search(html):
        return html
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for element in soup.find_all(
        ["script", "iframe", "object", "embed", "link", "base", "meta", "video", "audio", "source"]
    ):
        element.decompose()
    for element in soup.find_all("form"):
        element.unwrap()
    for element in soup.find_all(True):
        attributes: dict[str, Any] = dict(element.attrs)
        if element.name == "img" and not str(attributes.get("src", "")).startswith("data:"):
            left_out = soup.new_tag("em")
            left_out.string = f"[an image that is not part of this file: {attributes.get('alt') or 'no description'}]"
            element.replace_with(left_out)
            continue
        for name, value in attributes.items():
            if name.startswith("on") or _fetches(str(element.name), name, str(value)):
                del element[name]
        if element.name == "style" and element.string and _ACTIVE.search(element.string):
            element.decompose()
    return str(soup)


def _fetches(tag: str, name: str, value: str) -> bool:
    if name in {"href", "xlink:href"}:
        if tag != "a":
            return not value.startswith(("data:", "#"))
        return value.strip().lower().startswith("javascript:")
    if name in {"src", "srcset", "poster", "data", "background"}:
        return not value.startswith("data:")
    return bool(_ACTIVE.search(f' {name}="{value}"'))


def _without_color(text: str | Mapping[str, Any]) -> str:
    """Terminal text without its colour codes."""
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", str(text))
