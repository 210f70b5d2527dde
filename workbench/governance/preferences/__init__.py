"""What each user prefers: small values under known keys, kept in the catalog."""

from workbench.governance.preferences.model import PreferenceSet
from workbench.governance.preferences.store import Preferences

__all__ = ["PreferenceSet", "Preferences"]
