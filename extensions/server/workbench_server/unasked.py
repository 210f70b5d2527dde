"""Keeps a server from loading what nobody asks it for, which takes a second of its start.

jsonschema, which jupyter-server loads, can check that a text is an IRI where `rfc3987_syntax` is installed, and that
builds its parser as soon as it is imported. No schema of ours or of Jupyter's has such a text. A server that has loaded
it already, as a user's own JupyterLab has before its extensions, keeps it.
"""

import sys

__all__: list[str] = []

# An import of a module that is None fails, and jsonschema then does without.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
