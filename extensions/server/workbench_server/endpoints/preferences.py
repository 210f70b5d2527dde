from __future__ import annotations

from typing import Any

from pydantic import Field

from workbench import Workbench
from workbench.governance.preferences import PreferenceSet
from workbench_server.endpoint import Answer, Body, Endpoint

__all__ = ["ENDPOINTS"]


class PreferenceItem(Answer):
    key: str
    value: Any
    default: Any = Field(description="What it is where nothing was set.")
    description: str


class PreferenceList(Answer):
    """What the asker prefers."""

    items: list[PreferenceItem]


class PreferenceValue(Body):
    value: Any = Field(description="What is preferred from now on.")


def listed(wb: Workbench) -> PreferenceList:
    return _all(wb)


def put(wb: Workbench, key: str, *, body: PreferenceValue) -> PreferenceList:
    wb.preferences.set(key, body.value)
    return _all(wb)


def reset(wb: Workbench, key: str) -> PreferenceList:
    wb.preferences.reset(key)
    return _all(wb)


def reset_all(wb: Workbench) -> PreferenceList:
    wb.preferences.reset()
    return _all(wb)


def _all(wb: Workbench) -> PreferenceList:
    now = wb.preferences.all()
    return PreferenceList(
        items=[
            PreferenceItem(key=key, value=now[key], default=field.default, description=field.description or "")
            for key, field in PreferenceSet.model_fields.items()
        ]
    )


_ONE = "preferences/{key}"
ENDPOINTS = (
    Endpoint("preferences", "preferences", "read", PreferenceList, listed, "What the asker prefers."),
    Endpoint(
        "preferences", "preferences", "write", PreferenceList, reset_all, "Forgets what was set.", method="DELETE"
    ),
    Endpoint(
        _ONE, "preferences", "write", PreferenceList, put, "Sets a preference.", method="PUT", body=PreferenceValue
    ),
    Endpoint(_ONE, "preferences", "write", PreferenceList, reset, "Back to its default.", method="DELETE"),
)
