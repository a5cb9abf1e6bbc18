"""What a person sees of a result: tables and figures."""

from mcsco.report.comparison import compare, to_text
from mcsco.report.files import save_figure, save_run_figure
from mcsco.report.quench import draw_quench
from mcsco.report.row import Row
from mcsco.report.thermal_loop import draw_thermal_loop

__all__ = ["Row", "compare", "draw_quench", "draw_thermal_loop", "save_figure", "save_run_figure", "to_text"]
