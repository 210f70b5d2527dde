from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = ["Change"]


@dataclass(frozen=True)
class Change:
    """Something that happened.

    Attributes:
        number: Grows with every change of a workspace; what a follower remembers to go on from.
        time: UTC.
        topic: The kind of thing: "dataset", "run", "report".
        name: Which one.
        detail: A few words that a listener can do without: it asks the thing itself for more.
    """

    number: int
    time: datetime
    topic: str
    name: str
    detail: Mapping[str, Any]
