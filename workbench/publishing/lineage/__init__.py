"""Where numbers come from: sources, datasets, metrics and reports, and the work that leads from one to the next."""

from workbench.publishing.lineage.lineages import Lineages
from workbench.publishing.lineage.model import Lineage, Link, Node

__all__ = ["Lineage", "Lineages", "Link", "Node"]
