"""Reports: a notebook run with parameters, rendered to one page that fetches nothing, and to a tagged PDF."""

from workbench.publishing.reports.definition import ReportDefinition
from workbench.publishing.reports.gallery import Gallery
from workbench.publishing.reports.model import ReportRun
from workbench.publishing.reports.pdf import find_chromium
from workbench.publishing.reports.provenance import moment
from workbench.publishing.reports.reports import Reports
from workbench.publishing.reports.step import ReportStep, report_step

__all__ = [
    "Gallery",
    "ReportDefinition",
    "ReportRun",
    "ReportStep",
    "Reports",
    "find_chromium",
    "moment",
    "report_step",
]
