"""Materialized views: a SELECT whose rows are a dataset, carried on by what its datasets got where that is enough."""

from workbench.data.views.model import Explained, RefreshRecord, View, ViewDefinition, Way
from workbench.data.views.views import Views

__all__ = ["Explained", "RefreshRecord", "View", "ViewDefinition", "Views", "Way"]
