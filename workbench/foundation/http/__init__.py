"""Asking servers over HTTP: with time limits, retries, a pace, and a host that fails left alone::

with Client(rate=5) as client:
    answer = client.get("https://api.example.com/orders", credentials=Credentials.bearer(token))
    answer.json()
"""

from workbench.foundation.http.client import Client
from workbench.foundation.http.credentials import Credentials
from workbench.foundation.http.model import Answer, Circuit, CircuitState, Clock, Limits

__all__ = ["Answer", "Circuit", "CircuitState", "Client", "Clock", "Credentials", "Limits"]
