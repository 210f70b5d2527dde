"""Rows of an HTTP API that answers with JSON, page after page."""

from workbench.data.connectors.api.options import ApiOptions, SendOptions
from workbench.data.connectors.api.source import ApiSource

__all__ = ["ApiOptions", "ApiSource", "SendOptions"]
