"""What a person sees of a result: tables and figures."""

from mcsco.report.comparison import Row, compare, to_text
from mcsco.report.files import save_figure
from mcsco.report.thermal_loop import draw_thermal_loop

__all__ = ["Row", "compare", "draw_thermal_loop", "save_figure", "to_text"]
