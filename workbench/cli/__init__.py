"""The command line: one command per verb. Each parses, calls the library and prints; none computes.

Loaded with it are only typer and the error tree, so that `workbench --help` answers at once; every command imports what
it needs in its own body.
"""

from workbench.cli.main import main

__all__ = ["main"]
