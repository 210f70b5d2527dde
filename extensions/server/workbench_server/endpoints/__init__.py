"""Every question that the API answers, as one table."""

from workbench_server.endpoints.cohorts import ENDPOINTS as _COHORTS
from workbench_server.endpoints.datasets import ENDPOINTS as _DATASETS
from workbench_server.endpoints.metrics import ENDPOINTS as _METRICS
from workbench_server.endpoints.people import ENDPOINTS as _PEOPLE
from workbench_server.endpoints.product import ENDPOINTS as _PRODUCT
from workbench_server.endpoints.reports import ENDPOINTS as _REPORTS
from workbench_server.endpoints.runs import ENDPOINTS as _RUNS

__all__ = ["ENDPOINTS"]

ENDPOINTS = (*_PEOPLE, *_DATASETS, *_METRICS, *_PRODUCT, *_COHORTS, *_RUNS, *_REPORTS)
