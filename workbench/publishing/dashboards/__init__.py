"""Dashboards: the notebooks that stakeholders open, and who may open which."""

from workbench.publishing.dashboards.dashboards import FOLDER, DashboardInfo, Dashboards

__all__ = ["FOLDER", "DashboardInfo", "Dashboards"]
