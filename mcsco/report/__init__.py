"""What a person sees of a result: tables, figures, movies, and files for other viewers."""

from mcsco.report.campaign import PointRow, campaign_csv, campaign_rows, campaign_text, draw_campaign
from mcsco.report.comparison import compare, to_text
from mcsco.report.curve_fit import draw_fit
from mcsco.report.exchange import draw_exchange
from mcsco.report.extended_xyz import write_extended_xyz
from mcsco.report.files import save_figure, save_run_figure
from mcsco.report.landau_fit import draw_landau_fit
from mcsco.report.maps import draw_maps, save_maps
from mcsco.report.movie import write_movie
from mcsco.report.phase_map import draw_phase_map
from mcsco.report.quench import draw_quench
from mcsco.report.row import Row
from mcsco.report.snapshots import Snapshot, snapshots
from mcsco.report.surface import draw_surface
from mcsco.report.thermal_loop import draw_thermal_loop
from mcsco.report.vtkhdf import write_vtkhdf

__all__ = [
    "PointRow",
    "Row",
    "Snapshot",
    "campaign_csv",
    "campaign_rows",
    "campaign_text",
    "compare",
    "draw_campaign",
    "draw_exchange",
    "draw_fit",
    "draw_landau_fit",
    "draw_maps",
    "draw_phase_map",
    "draw_quench",
    "draw_surface",
    "draw_thermal_loop",
    "save_figure",
    "save_maps",
    "save_run_figure",
    "snapshots",
    "to_text",
    "write_extended_xyz",
    "write_movie",
    "write_vtkhdf",
]
