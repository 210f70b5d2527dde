"""What a workspace begins with: an empty one, the demo, and scaffolds."""

from workbench.starters.demo import DemoResult, reset_demo, run_demo
from workbench.starters.doctor import Finding, examine
from workbench.starters.scaffold import KINDS, scaffold
from workbench.starters.workspace import init_workspace

__all__ = ["KINDS", "DemoResult", "Finding", "examine", "init_workspace", "reset_demo", "run_demo", "scaffold"]
