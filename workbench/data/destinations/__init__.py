"""Where rows go: databases, files and APIs, and whatever else an installed package registers::

open_destination("postgresql://writer@host/shop").write(reader, table="orders", key=["id"], overwrite=False)
"""

from workbench.data.destinations.model import Destination, Sent
from workbench.data.destinations.opening import destinations, open_destination

__all__ = ["Destination", "Sent", "destinations", "open_destination"]
