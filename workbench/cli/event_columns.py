"""Which columns of a dataset say who did what and when, as a command line tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from workbench.analytics.product import EventColumns

__all__ = ["EventOption", "IdOption", "SubjectOption", "TimeOption", "columns_of"]

SubjectOption = Annotated[str | None, typer.Option(help="The column of who did it, where the dataset does not say.")]
EventOption = Annotated[str | None, typer.Option(help="The column of what was done, likewise.")]
TimeOption = Annotated[str | None, typer.Option(help="The column of when, likewise.")]
IdOption = Annotated[str | None, typer.Option(help="The column that tells events apart; it breaks ties.")]


def columns_of(subject: str | None, event: str | None, time: str | None, id: str | None) -> EventColumns | None:
    """The columns that a command line names: None where it leaves them to the dataset.

    Raises:
        BadParameter: It names some of the three and not all.
    """
    from workbench.analytics.product import EventColumns

    if subject is None and event is None and time is None and id is None:
        return None
    if subject is None or event is None or time is None:
        raise typer.BadParameter("--subject, --event and --time go together")
    return EventColumns(subject, event, time, id)
