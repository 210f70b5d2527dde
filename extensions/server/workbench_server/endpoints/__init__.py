"""Every question that the API answers, as one table."""

from workbench_server.endpoints.cohorts import ENDPOINTS as _COHORTS
from workbench_server.endpoints.contracts import ENDPOINTS as _CONTRACTS
from workbench_server.endpoints.datasets import ENDPOINTS as _DATASETS
from workbench_server.endpoints.lineage import ENDPOINTS as _LINEAGE
from workbench_server.endpoints.metrics import ENDPOINTS as _METRICS
from workbench_server.endpoints.people import ENDPOINTS as _PEOPLE
from workbench_server.endpoints.preferences import ENDPOINTS as _PREFERENCES
from workbench_server.endpoints.product import ENDPOINTS as _PRODUCT
from workbench_server.endpoints.quality import ENDPOINTS as _QUALITY
from workbench_server.endpoints.quarantine import ENDPOINTS as _QUARANTINE
from workbench_server.endpoints.queries import ENDPOINTS as _QUERIES
from workbench_server.endpoints.reports import ENDPOINTS as _REPORTS
from workbench_server.endpoints.rollups import ENDPOINTS as _ROLLUPS
from workbench_server.endpoints.runs import ENDPOINTS as _RUNS
from workbench_server.endpoints.sources import ENDPOINTS as _SOURCES
from workbench_server.endpoints.transforms import ENDPOINTS as _TRANSFORMS
from workbench_server.endpoints.uploads import ENDPOINTS as _UPLOADS
from workbench_server.endpoints.versions import ENDPOINTS as _VERSIONS
from workbench_server.endpoints.views import ENDPOINTS as _VIEWS

__all__ = ["ENDPOINTS"]

ENDPOINTS = (
    *_PEOPLE,
    *_PREFERENCES,
    *_DATASETS,
    *_SOURCES,
    *_VIEWS,
    *_CONTRACTS,
    *_QUALITY,
    *_VERSIONS,
    *_LINEAGE,
    *_QUARANTINE,
    *_TRANSFORMS,
    *_UPLOADS,
    *_METRICS,
    *_ROLLUPS,
    *_PRODUCT,
    *_COHORTS,
    *_QUERIES,
    *_RUNS,
    *_REPORTS,
)
