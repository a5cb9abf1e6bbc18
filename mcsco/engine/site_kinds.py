"""Kinds of sites: what the n-fold way has to know of second centres, pins and dilution.

Free sites that agree in all that is static, (ΔH_i, ln g_i, ΔV_i, sublattice) of `SiteTables`, are of one kind: at equal
surroundings they jump at the same rates. Of the others only that is known which a rate could depend on.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.engine.sites import SiteTables
from mcsco.model import Model, OrderDisorder
from mcsco.model.disorder import FREE

SWITCHING, TURNING, STILL = 0, 1, 2
"""What a molecule may do: everything, u → −u alone (pinned HS), nothing (pinned without distortion, LS, or empty)."""


class SiteKinds(NamedTuple):
    """The kinds of sites of a model."""

    of_site: npt.NDArray[np.int32]
    """Kind of every site, shape (N,)."""
    table: npt.NDArray[np.float64]
    """Shape (kinds, 5): ΔH in K with all that empty sites add; ln g; what pressure adds in units of `unit_work`; ±1 on
    the sublattices, 0 without Γ_s; and `SWITCHING`, `TURNING` or `STILL`."""
    signs: npt.NDArray[np.int64]
    """+1 on the first sublattice and −1 on the second, 0 without Γ_s, shape (N,)."""
    unit_work: float
    """kJ/mol per GPa."""


def make_kinds(model: Model, tables: SiteTables) -> SiteKinds:
    """Sort the sites of a model into kinds."""
    behaviour = _behaviour(model, tables)
    signs = tables.sign.astype(np.int64) * bool(model.sublattice_couplings[1])
    costs = np.stack([tables.enthalpy, tables.ln_g, tables.work, signs], axis=1)
    costs[behaviour != SWITCHING] = 0.0  # no rate depends on the energy of a spin state that is never left
    # Numbers of equal sites are equal to the last bit: the same operations on the same numbers.
    table, of_site = np.unique(np.column_stack([behaviour, costs]), axis=0, return_inverse=True)
    unit_work = next((work for work in tables.work.tolist() if work), 1.0)
    kind, enthalpy, ln_g, work, sign = table.T
    columns = (enthalpy / units.KELVIN, ln_g, work / unit_work, sign, kind)
    return SiteKinds(of_site.ravel().astype(np.int32), np.stack(columns, axis=1), signs, unit_work)


def _behaviour(model: Model, tables: SiteTables) -> npt.NDArray[np.int64]:
    """What every molecule may do, shape (N,)."""
    turning = isinstance(model.distortion, OrderDisorder) and model.sites is not None and model.sites.n.ravel() == 1
    return np.where(tables.kind == FREE, SWITCHING, np.where(turning, TURNING, STILL))
