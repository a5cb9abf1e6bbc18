"""What a person sees of a result: tables and figures."""

from mcsco.report.comparison import Row, compare, has_loop, to_text
from mcsco.report.files import save_figure
from mcsco.report.thermal_loop import draw_thermal_loop

__all__ = ["Row", "compare", "draw_thermal_loop", "has_loop", "save_figure", "to_text"]
