"""What is brought up to date time and again, a source or a view: the attempts at it, and how far it is."""

from workbench.data.attempts.store import Attempts
from workbench.data.attempts.table import AttemptRow, Outcome, StateRow

__all__ = ["AttemptRow", "Attempts", "Outcome", "StateRow"]
