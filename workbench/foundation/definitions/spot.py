"""Finding, in a model's annotations, where one of pydantic's problems is."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

__all__ = ["Place", "Spot", "names"]

Place = tuple[str | int, ...]


@dataclass
class Spot:
    """Where a problem is, among a model's annotations.

    Attributes:
        place: The way there in the content: pydantic's, without the members of unions it tried.
        owner: The model whose field, or what should have been one, the way ends in.
        field: That field.
        items: How much of the place leads to the innermost model that is one of several; 0: none is.
        tag: Which member of a discriminated union that one is.
        choices: The types that a value at the place may have, when it ends in a union.
    """

    place: Place = ()
    owner: type[BaseModel] | None = None
    field: FieldInfo | None = None
    items: int = 0
    tag: str = ""
    choices: tuple[Any, ...] = ()

    @classmethod
    def at(cls, model: type[BaseModel], loc: Place) -> Spot:
        spot = cls()
        kind: Any = model
        for part in loc:
            kind = spot._enter(kind, part)
        return spot

    def _enter(self, kind: Any, part: str | int) -> Any:
        """Goes one step further; returns the annotation there, None where it is not known."""
        kind, discriminator = _opened(kind)
        if self.field is not None:
            discriminator = discriminator or self.field.discriminator
        inner, self.choices, self.field = None, (), None
        if members := _members(kind):
            if discriminator is not None:
                self.tag = str(part)
                return next((member for member in members if _has_tag(member, discriminator, part)), None)
            self.choices = members
            return next((m for m in members if getattr(m, "__name__", "?") in re.findall(r"\w+", str(part))), None)
        origin, args = get_origin(kind), get_args(kind)
        if part == "[key]":
            return None
        self.place = (*self.place, part)
        self.owner = kind if _is_model(kind) else None
        if self.owner is not None:
            self.field = next((f for name, f in self.owner.model_fields.items() if part in (name, f.alias)), None)
            if self.field is not None:
                inner = self.field.annotation
        elif args and isinstance(origin, type) and issubclass(origin, Mapping):
            inner = args[1]
        elif args and isinstance(origin, type) and issubclass(origin, Sequence | Set):
            inner = args[part] if isinstance(part, int) and part < len(args) and args[-1] is not ... else args[0]
        if len(self.place) > 1 and not _is_model(kind) and any(map(_is_model, _members(inner) or (_bare(inner),))):
            self.items, self.tag = len(self.place), ""
        return inner


def _opened(kind: Any) -> tuple[Any, Any]:
    """An annotation without what `Annotated` adds and without None; and the discriminator that was added, if any."""
    discriminator = None
    while True:
        kept = [arg for arg in get_args(kind) if arg is not type(None)]
        if get_origin(kind) is Annotated:
            discriminator = next((d for d in (getattr(a, "discriminator", None) for a in kept[1:]) if d), discriminator)
        elif not (_is_union(kind) and len(kept) == 1):
            return kind, discriminator
        kind = kept[0]


def _bare(kind: Any) -> Any:
    return _opened(kind)[0]


def _members(kind: Any) -> tuple[Any, ...]:
    kind = _bare(kind)
    members = get_args(kind) if _is_union(kind) else ()
    return tuple(_bare(member) for member in members if member is not type(None))


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _has_tag(kind: Any, discriminator: Any, tag: str | int) -> bool:
    fields = kind.model_fields if _is_model(kind) else {}
    return discriminator in fields and tag in get_args(fields[discriminator].annotation)


def names(model: type[BaseModel]) -> list[str]:
    """What the fields of a model are called in a file."""
    return [found.alias or name for name, found in model.model_fields.items()]
