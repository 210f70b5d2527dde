"""Every question that the API answers, as one table."""

from workbench_server.endpoints import datasets, metrics, people, reports, runs

__all__ = ["ENDPOINTS"]

ENDPOINTS = (*people.ENDPOINTS, *datasets.ENDPOINTS, *metrics.ENDPOINTS, *runs.ENDPOINTS, *reports.ENDPOINTS)
