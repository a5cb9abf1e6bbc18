"""How figures look: one column wide, colours that the colour-blind can tell apart (Okabe and Ito)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

    from mcsco.model import Model

HEATING, COOLING, HOLD = "#D55E00", "#0072B2", "#CC79A7"
MEAN_FIELD, LANDAU, MEASURED = "#222222", "#BDBDBD", "#009E73"

STYLE: dict[RcKeyType, Any] = {
    "font.family": "sans-serif",
    "font.size": 8,
    "axes.labelsize": 8.5,
    "axes.linewidth": 0.7,
    "axes.titlesize": 8,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.minor.visible": True,
    "ytick.minor.visible": True,
    "svg.hashsalt": "mcsco",
    "svg.fonttype": "none",
    "savefig.dpi": 300,
}


def size(model: Model) -> str:
    """How large a crystal is, for titles: ``64×64 molecules``, or centres where a molecule has two."""
    extents = "×".join(str(extent) for extent in model.lattice.shape)
    return f"{extents} {'molecules' if model.second is None else 'centres'}"
