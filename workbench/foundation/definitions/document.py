"""A YAML file that somebody wrote: what it says, on which line, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from workbench.foundation.definitions.complaints import Complaint, Fields, complaints, listed
from workbench.foundation.definitions.spot import Place
from workbench.foundation.errors import Invalid, NotFound, whole

__all__ = ["Definition", "read", "read_text"]

M = TypeVar("M", bound=BaseModel)

MOST_BYTES = 1_000_000
MOST_VALUES = 100_000


@dataclass
class Definition:
    """A YAML file as it was read, and what was found wrong with it since.

    Attributes:
        shown: The file, as messages call it.
        text: Its bytes.
        content: What it says, in Python's own types.
    """

    shown: str
    text: bytes
    content: Any
    node: yaml.Node | None = field(repr=False)
    found: list[Complaint] = field(default_factory=list)

    def line(self, place: Place = ()) -> int:
        """The line, from 1, that a place in the content was read from; for an absent one, of what is around it."""
        node = self.node
        for at, part in enumerate(place):
            inner: yaml.Node | None = None
            if isinstance(node, yaml.MappingNode):
                # The last one counts: what is merged in stands before what is written.
                pair = next((pair for pair in reversed(node.value) if pair[0].value == str(part)), None)
                if pair is not None:
                    inner = pair[at < len(place) - 1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                inner = node.value[part]
            if inner is None:
                break
            node = inner
        return int(node.start_mark.line) + 1 if node is not None else 1

    def validated(
        self, model: type[M], content: Any, at: Place = (), *, noun: str, fields: Fields | None = None
    ) -> M | None:
        """Makes a model of (a part of) the content; where that fails, notes every mistake and returns None.

        Args:
            at: Where in the file the content stands, when the file has several of its kind.
            noun: What the model is to the reader: "metric".
            fields: The fields a reader may write, where these are not the model's own.
        """
        try:
            return model.model_validate(content)
        except ValidationError as error:
            self.found += complaints(error, model, content, at, noun=noun, fields=fields, line=self.line)
            return None

    def complain(self, place: Place, sentence: str) -> None:
        """Notes a mistake at a place of the file."""
        self.found.append(Complaint(place, sentence, self.line(place)))

    def mistakes(self) -> str:
        """All that was noted, or an empty text."""
        return listed(self.shown, self.found)

    def refuse(self, *, hint: str | None = None) -> None:
        """Ends here when anything was noted.

        Raises:
            Invalid: All that was noted, each with its line.
        """
        if self.found:
            raise Invalid(self.mistakes(), hint=hint)


def read(path: Path, *, kind: str = "definition", shown: str | None = None) -> Definition:
    """Reads a YAML file, which may be empty.

    Args:
        kind: What the file is, should it not be there: "pipeline definition".
        shown: The file as messages call it; by default its name and its folder's.

    Raises:
        NotFound: No such file.
        Invalid: It cannot be read, is not UTF-8 or not YAML, has a key twice in one mapping, or is more than a
            definition can be: over 1 MB, over 100,000 values with its aliases written out, or endless. With the line,
            where there is one.
    """
    shown = shown or f"{path.parent.name}/{path.name}"
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"no {kind} {path}") from None
    except OSError as error:
        raise Invalid(f"{shown} cannot be read: {error.strerror}") from error
    if len(raw) > MOST_BYTES:
        raise Invalid(f"{shown} is larger than 1 MB, which no {kind} should be")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Invalid(f"{shown}, line {line}: not UTF-8", hint="save the file as UTF-8") from error
    return read_text(text, kind=kind, shown=shown)


def read_text(text: str, *, kind: str, shown: str, most_values: int = MOST_VALUES) -> Definition:
    """The same of a text that is in no file.

    Args:
        most_values: It may have, with its aliases written out.

    Raises:
        Invalid: As `read` does; also for half a character.
    """
    whole(text)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        # Before anything is constructed: merging (`<<`) would write aliases out.
        content = loader.construct_document(node) if node is not None and _values(node, {}, most_values) else None
    except yaml.MarkedYAMLError as error:
        raise Invalid(f"{shown}, {_problem(error)}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Invalid(f"{shown}, line {line}: not valid YAML: {error.reason}") from error
    except RecursionError as error:
        raise Invalid(f"{shown} is nested more deeply than a {kind} should be") from error
    return Definition(shown, text.encode(), content, node)


class _Refused(yaml.constructor.ConstructorError):
    """YAML, but nothing that a definition may say."""


class _Loader(yaml.SafeLoader):
    """Python's own types only; a text that looks like a date and is none is a mistake with a line, too."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            found = super().construct_object(node, deep)
            if isinstance(found, str):
                found.encode()  # half a character, which YAML lets one escape, is no text
            return found
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            tag = node.tag.rpartition(":")[2]
            raise _Refused(None, None, f"not a {tag}: {error}", node.start_mark) from error


def _values(node: yaml.Node, counted: dict[int, int], most: int) -> int:
    """How many values a node stands for with all aliases written out; each node is looked at once.

    Raises:
        _Refused: More than `most`, or without end, or a key is there twice.
    """
    known = counted.get(id(node))
    if known == 0:
        raise _Refused(None, None, "an alias stands inside of what it stands for", node.start_mark)
    if known is None:
        counted[id(node)] = 0
        if isinstance(node, yaml.MappingNode):
            _refuse_doubled(node)
        inner = node.value if isinstance(node, yaml.CollectionNode) else ()
        parts = (part for item in inner for part in (item if isinstance(item, tuple) else (item,)))
        known = counted[id(node)] = 1 + sum(_values(part, counted, most) for part in parts)
        if known > most:
            what = f"with its aliases this is more than {most:,} values"
            raise _Refused(None, None, what, node.start_mark)
    return known


def _refuse_doubled(node: yaml.MappingNode) -> None:
    """Of two equal keys PyYAML would take the second, and nobody would know that the first says something else."""
    first: dict[tuple[str, str], int] = {}
    for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
        if (key.tag, key.value) in first:
            where = f"first on line {first[key.tag, key.value]}"
            raise _Refused(None, None, f"'{key.value}' stands there twice, {where}", key.start_mark)
        first[key.tag, key.value] = key.start_mark.line + 1


def _problem(error: yaml.MarkedYAMLError) -> str:
    mark, start = error.problem_mark or error.context_mark, error.context_mark
    line = mark.line + 1 if mark is not None else 1
    begun = f" ({error.context} from line {start.line + 1} on)" if start is not None and start.line + 1 != line else ""
    said = "" if isinstance(error, _Refused) else "not valid YAML: "
    return f"line {line}: {said}{error.problem}{begun}"
