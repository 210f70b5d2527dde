"""What drawings are made of: each holds a bqplot figure, and draws names and numbers that somebody else has found."""

from workbench.ui.marks.curves import Curve, Curves
from workbench.ui.marks.flow import Flow, Stream
from workbench.ui.marks.grid import EMPTY, Grid
from workbench.ui.marks.level_bars import LevelBar, LevelBars
from workbench.ui.marks.points import Points
from workbench.ui.marks.upright_bars import UprightBars

__all__ = ["EMPTY", "Curve", "Curves", "Flow", "Grid", "LevelBar", "LevelBars", "Points", "Stream", "UprightBars"]
