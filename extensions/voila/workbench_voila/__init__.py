"""The stakeholders' door: a Voila application of its own, in which a viewer reaches dashboards and nothing else.

`python -m workbench_voila --home WORKSPACE` starts it. What a viewer's browser can do to a kernel is move widgets: no
code is taken from it, each kernel belongs to one viewer and acts as that viewer, and no secret of the server is in it.
"""

import workbench_server.unasked  # noqa: F401  # before what loads jsonschema
