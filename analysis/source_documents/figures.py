"""Figures that answer to Figs. 1, 2 and 5 of the paper."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.source_documents.entropy import SCALE
from analysis.source_documents.loops import CHI_T_HS, POTENTIAL, mean_field
from analysis.source_documents.runs import Run, Runs
from analysis.source_documents.structure import E13
from mcsco import landau, units
from mcsco.observables import surface
from mcsco.report.style import COOLING, HEATING, HOLD, LANDAU, MEAN_FIELD, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

COUPLED = landau.load("consistent-eq3")
"""Eq. (3): the only one of the two sets in which the distortion has an entropy."""
# Chosen so that the order at 0 K has −R ln 2, the order-disorder estimate of the paper.
A0_ALONE = math.sqrt(2 * COUPLED.b * units.R * math.log(2) / (POTENTIAL.unit(SCALE).joule_per_mole * COUPLED.T_sc))
BROKEN = "#E3F1EA"
"""Colour of the low-symmetry phase."""
Q_COLOUR, ETA_COLOUR, TOTAL, PRINTED = HEATING, "#00795A", "#222222", "#777777"
ETA_HS = float(POTENTIAL.branch(240.0, "HS")[1])
SHOWN = (205.0, POTENTIAL.maxwell_temperature(), 240.0)
"""Temperatures of the surfaces, K: LShs alone, both phases equally deep, HSls alone."""
JOULE = POTENTIAL.unit(SCALE).joule_per_mole
"""J/mol in one unit of the potential."""


def save_all(runs: Runs, folder: Path) -> list[Path]:
    """Write all three into a directory, as PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"scenarios": draw_scenarios(), "loops": draw_loops(runs), "surfaces": draw_surfaces(runs)}
    paths = []
    for name, figure in figures.items():
        paths.append(folder / f"source_documents_{name}.png")
        figure.savefig(paths[-1], dpi=DOTS_PER_INCH)
    return paths


DOTS_PER_INCH = 240

# Fig. 1


def draw_scenarios() -> Figure:
    """Order parameters above, entropies below: symmetry breaking alone, spin crossover alone, and both coupled."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.1, 3.9), layout="constrained")
        panels = figure.subplots(2, 3, sharex=True)
        T = np.linspace(90.0, 380.0, 1161)
        alone = landau.SymmetryBreaking(A0_ALONE, COUPLED.b, COUPLED.T_sc)
        spin = landau.SpinConversion(COUPLED.a1, COUPLED.C, COUPLED.T_sc)
        _scenario(panels[:, 0], T, None, np.asarray(alone.eta(T)), np.asarray(alone.entropy(T)))
        _scenario(panels[:, 1], T, np.asarray(spin.q(T)), None, np.zeros_like(T))
        for along, style in (("heating", "-"), ("cooling", (0, (3, 1.5)))):
            q, eta = (np.asarray(x) for x in COUPLED.follow(T, along))  # type: ignore[arg-type]
            _scenario(panels[:, 2], T, q, eta, -COUPLED.a0 / 2 * eta**2, style)
        _shade(panels, COUPLED.T_sc)
        for axes, letter, title in zip(
            panels[0], "abc", ("descending symmetry breaking", "spin crossover", "both, coupled"), strict=True
        ):
            axes.set_title(f"$\\mathbf{{{letter}}}$  {title}", loc="left")
            axes.axhline(0.0, color=LANDAU, lw=0.6, zorder=0)
        _label_scenarios(panels)
        return figure


def _scenario(column: Any, T: Floats, q: Floats | None, eta: Floats | None, S_sb: Floats, style: Any = "-") -> None:
    """One column: q and η over their entropies, in J/(mol K) above fully LS."""
    line: dict[str, Any] = {"ls": style, "lw": 1.3 if style == "-" else 0.9}
    order, entropy = column
    S_sc = COUPLED.a1 * (q + 1) if q is not None else np.zeros_like(T)
    if q is not None:
        order.plot(T, q, color=Q_COLOUR, **line)
        entropy.plot(T, JOULE * S_sc, color=Q_COLOUR, **line)
    if eta is not None:
        order.plot(T, eta / (eta.max() if q is not None else A0_ALONE**0.5 * (COUPLED.T_sc / COUPLED.b) ** 0.5),
                   color=ETA_COLOUR, **line)  # fmt: skip
        entropy.plot(T, JOULE * S_sb, color=ETA_COLOUR, **line)
    if q is not None and eta is not None:
        entropy.plot(T, JOULE * (S_sc + S_sb), color=TOTAL, **line)


def _shade(panels: Any, T_sc: float) -> None:
    """The low-symmetry phase."""
    T_down, T_up = COUPLED.spinodals()
    for row in panels:
        row[0].axvspan(90.0, T_sc, color=BROKEN, lw=0, zorder=-2)
        row[2].axvspan(T_up, 380.0, color=BROKEN, lw=0, zorder=-2)
        row[2].axvspan(T_down, T_up, color=BROKEN, alpha=0.5, lw=0, zorder=-2)


def _label_scenarios(panels: Any) -> None:
    for axes in panels[0]:
        axes.set(xlim=(90, 380), ylim=(-1.12, 1.28))
    panels[0, 0].set_ylabel("order parameters")
    panels[1, 0].set(ylabel="entropy (J mol⁻¹ K⁻¹)", ylim=(-6.6, 1.4))
    for axes in panels[1, 1:]:
        axes.set_ylim(-14, 84)
    for axes, T, y, text, colour in (
        (panels[0, 0], 175, 0.72, "η/η(0 K)", ETA_COLOUR), (panels[0, 1], 285, 0.68, "q", Q_COLOUR),
        (panels[0, 2], 345, 1.12, "q", Q_COLOUR), (panels[0, 2], 285, 0.72, "η/η$_{max}$", ETA_COLOUR),
        (panels[1, 0], 175, -3.2, "S$_{SB}$", ETA_COLOUR), (panels[1, 1], 255, 42, "S$_{SC}$", Q_COLOUR),
        (panels[1, 2], 300, 74, "S$_{SC}$", Q_COLOUR), (panels[1, 2], 272, 54, "S$_{SC}$ + S$_{SB}$", TOTAL),
        (panels[1, 2], 300, 5.5, "S$_{SB}$", ETA_COLOUR),
    ):  # fmt: skip
        axes.text(T, y, text, color=colour, va="center")
    for axes in panels[1]:
        axes.axhline(0.0, color=LANDAU, lw=0.6, zorder=0)
        axes.set_xlabel("temperature (K)")


# Fig. 2


def draw_loops(runs: Runs) -> Figure:
    """χT and e13 along the loop: simulation, its mean field, the potential, and the printed temperatures."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    names = {"pmpea/thermal_loop": "couplings of infinite range", "pmpea-nn/thermal_loop": "nearest neighbours"}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.1, 4.6), layout="constrained")
        panels = figure.subplots(2, 2, sharex=True, sharey="row")
        for column, (name, title) in enumerate(names.items()):
            run = runs(name)
            chi, strain = panels[:, column]
            _theories(chi, strain, run)
            _series(chi, run, "gamma", CHI_T_HS)
            _series(strain, run, "eta", 100 * E13)
            for axes, times, letter in ((chi, (219, 235), "ab"[column]), (strain, (221, 235), "cd"[column])):
                _printed(axes, times)
                axes.text(0.02, 0.93, letter, transform=axes.transAxes, weight="bold", va="top")
            shape = "×".join(str(extent) for extent in run.model.lattice.shape)
            chi.set_title(f"{title}, {shape}, {run.config.run.replicas} replicas", loc="left")
            strain.set(xlabel="temperature (K)", xlim=(150, 290))
        panels[0, 0].set(ylabel="χT (cm³ K mol⁻¹)", ylim=(-0.15, 3.95))
        panels[1, 0].set(ylabel="|e$_{13}$| (10⁻²)", ylim=(-0.12, 3.05))
        _right_axis(panels[0, 1], lambda y: 2 * y / CHI_T_HS - 1, lambda q: CHI_T_HS * (q + 1) / 2, "q")
        _right_axis(panels[1, 1], lambda y: y / (100 * E13), lambda eta: 100 * E13 * eta, "|η|")
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=5, handlelength=1.6, columnspacing=1.3)
        return figure


def _theories(chi: Axes, strain: Axes, run: Run) -> None:
    T = np.linspace(150.0, 290.0, 561)
    theory = mean_field(run.model)
    for i, which in enumerate(("LS", "HS")):
        q, eta = (np.asarray(x) for x in POTENTIAL.branch(T, which))  # type: ignore[arg-type]
        band: dict[str, Any] = {"color": LANDAU, "lw": 2.4, "zorder": 1}
        chi.plot(T, CHI_T_HS * (1 + q) / 2, label="Landau, eq. (4)" if i == 0 else None, **band)
        strain.plot(T, 100 * E13 * eta / ETA_HS, **band)
        curve = theory.branch_curve(T, which)
        line: dict[str, Any] = {"color": MEAN_FIELD, "lw": 0.9, "zorder": 4}
        chi.plot(T, CHI_T_HS * (1 + curve.q) / 2, label="mean field" if i == 0 else None, **line)
        strain.plot(T, 100 * E13 * np.abs(curve.eta), **line)


def _series(axes: Axes, run: Run, name: str, scale: float) -> None:
    T, leg = run.dataset["temperature"].values, run.dataset["leg"].values
    x = scale * np.abs(run.dataset[name].values)
    for i in np.unique(leg):
        on = leg == i
        heating = T[on][-1] > T[on][0]
        colour, sense = (HEATING, "heating") if heating else (COOLING, "cooling")
        axes.plot(T[on], x[:, on].T, color=colour, lw=0.25, alpha=0.3, rasterized=True, zorder=2)
        axes.plot(T[on], x[:, on].mean(axis=0), color=colour, lw=1.3, zorder=3, label=f"simulation, {sense}")


def _printed(axes: Axes, temperatures: tuple[int, int]) -> None:
    """Printed T_down and T_up as triangles on the upper edge."""
    label = "printed T$_{down}$, T$_{up}$" if axes.get_subplotspec().is_first_row() else None  # type: ignore[union-attr]
    for T, colour in zip(temperatures, (COOLING, HEATING), strict=True):
        axes.plot(
            [T], [1.0], marker="v", ms=5, color=colour, mec="white", mew=0.5, transform=axes.get_xaxis_transform(),
            clip_on=False, ls="none", zorder=6,
        )  # fmt: skip
    axes.plot([], [], marker="v", ms=5, color=PRINTED, mec="white", mew=0.5, ls="none", label=label)


def _right_axis(axes: Axes, forth: Any, back: Any, label: str) -> None:
    axes.tick_params(right=False, which="both")
    axes.secondary_yaxis("right", functions=(forth, back)).set_ylabel(label)


# Fig. 5


def draw_surfaces(runs: Runs) -> Figure:
    """G(q, η) of the potential at three temperatures, cuts of it, and the surface of the lattice."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.1, 5.0), layout="constrained")
        above, below = figure.subfigures(2, 1, height_ratios=(1.05, 1.0), hspace=0.03)  # type: ignore[misc]
        maps: Any = above.subplots(1, 3, sharey=True)
        filled = None
        for axes, T, letter, phase in zip(maps, SHOWN, "abc", ("LShs", "LShs and HSls", "HSls"), strict=True):
            filled = _map(axes, T)
            axes.set_title(f"$\\mathbf{{{letter}}}$  {T:.1f} K, {phase}", loc="left")
        maps[0].set_ylabel("η/η$_{HS}$")
        above.colorbar(filled, ax=list(maps), label="G − lowest G (J mol⁻¹)", pad=0.01, aspect=26)
        cuts: Any = below.subplots(1, 3)
        _cut_along_q(cuts[0])
        _cut_along_eta(cuts[1])
        _lattice(cuts[2], runs("pmpea-surface/surface"))
        return figure


LEVELS = np.array([0, 25, 50, 100, 150, 200, 300, 400, 600, 800, 1200, 1600, 2400], dtype=np.float64)


def _map(axes: Axes, T: float) -> Any:
    from matplotlib.colors import BoundaryNorm

    q, eta = np.linspace(-1, 1, 301), np.linspace(-1.3, 1.3, 301)
    G = JOULE * np.asarray(POTENTIAL.free_energy(q[None], ETA_HS * eta[:, None], T))
    minima = POTENTIAL.minima(T)
    G -= min(JOULE * float(POTENTIAL.free_energy(*point, T)) for point in minima)
    norm = BoundaryNorm(LEVELS, 256)
    filled = axes.contourf(q, eta, G, LEVELS, cmap="cividis", norm=norm, extend="max")
    axes.contour(q, eta, G, LEVELS[1:], colors="white", linewidths=0.35, alpha=0.7)
    for point in minima:
        for sign in (1, -1) if point[1] > 0 else (1,):
            place = ([point[0]], [sign * point[1] / ETA_HS])
            axes.plot(*place, "o", ms=5, mfc="white", mec="black", mew=0.8, clip_on=False, zorder=5)
    saddle = [float(x) for x in POTENTIAL.saddle(T)]
    if np.isfinite(saddle[0]):
        for sign in (1, -1):
            axes.plot([saddle[0]], [sign * saddle[1] / ETA_HS], "x", ms=5, color="white", mew=1.2)
    axes.set(xlabel="q", xlim=(-1, 1), ylim=(-1.3, 1.3))
    return filled


def _cut_along_q(axes: Axes) -> None:
    """The valley: the lowest G over η at every q."""
    q = np.linspace(-1, 1, 801)
    for T, colour in zip(SHOWN, (COOLING, HOLD, HEATING), strict=True):
        G = JOULE * np.asarray(POTENTIAL.effective_free_energy(q, T))
        zero = JOULE * float(POTENTIAL.free_energy(*POTENTIAL.minima(T)[0], T))
        axes.plot(q, G - zero, color=colour, lw=1.2)
        for point in POTENTIAL.minima(T):
            height = JOULE * float(POTENTIAL.free_energy(*point, T)) - zero
            axes.plot([point[0]], [height], "o", ms=4, mfc="white", mec=colour, clip_on=False, zorder=5)
    axes.set(xlabel="q", ylabel="valley of G (J mol⁻¹)", xlim=(-1, 1), ylim=(-60, 1000))
    for T, place, colour in zip(SHOWN, ((0.47, 880), (0.1, 205), (-0.7, 800)), (COOLING, HOLD, HEATING), strict=True):
        axes.text(*place, f"{T:.1f} K", color=colour)
    axes.axhline(0, color=LANDAU, lw=0.6, zorder=0)
    axes.set_title("$\\mathbf{d}$  along q, eq. (4)", loc="left")


def _cut_along_eta(axes: Axes) -> None:
    """G over η at the q of both phases and of the saddle, where they are equally deep."""
    T = SHOWN[1]
    eta = np.linspace(-1.3, 1.3, 401)
    saddle = float(POTENTIAL.saddle(T)[0])
    low, high = POTENTIAL.minima(T)
    for q, name, colour in ((low[0], "LShs", COOLING), (saddle, "saddle", HOLD), (high[0], "HSls", HEATING)):
        G = JOULE * np.asarray(POTENTIAL.free_energy(q, ETA_HS * eta, T))
        label = f"q = {q:.2f}, {name}".replace("-", "−")
        axes.plot(eta, G - JOULE * float(POTENTIAL.free_energy(*low, T)), color=colour, lw=1.2, label=label)
    axes.set(xlabel="η/η$_{HS}$", ylabel="G (J mol⁻¹)", xlim=(-1.3, 1.3), ylim=(-60, 1290))
    axes.legend(loc="upper center")
    axes.set_title(f"$\\mathbf{{e}}$  along η at {T:.1f} K", loc="left")


def _lattice(axes: Axes, run: Run) -> None:
    """The valley of the simulated lattice between its two phases, over its mean field."""
    dataset = run.dataset
    landscapes = surface(dataset)
    theory = mean_field(run.model)
    q = dataset["q"].values
    for i, colour in zip(range(len(landscapes)), (COOLING, HOLD, HEATING), strict=False):
        part, T = dataset.isel(temperature=i), landscapes[i].temperature
        errors = part["free_energy_error"].values
        G = np.where(np.isfinite(errors), part["free_energy"].values, np.inf)
        column = G.argmin(axis=1)
        lowest, error = G[np.arange(q.size), column], errors[np.arange(q.size), column]
        spot = landscapes[i].LS or landscapes[i].HS
        zero = spot.free_energy.value if spot is not None else 0.0
        known = np.isfinite(lowest)
        axes.errorbar(
            q[known], 1e3 * (lowest - zero)[known], 1e3 * error[known], fmt="o", ms=2.0, mfc="white", mew=0.6,
            elinewidth=0.6, color=colour, label=f"{T:g} K",
        )  # fmt: skip
        fine = np.linspace(-0.99, 0.99, 199)
        eta = np.linspace(0.0, 1.0, 400)[None] * (1 + fine[:, None]) / 2
        F = theory.free_energy(fine[:, None], eta, T).min(axis=1)
        reference = float(theory.free_energy(*theory.branch(T, "LS"), T))
        axes.plot(fine, 1e3 * (F - reference), color=colour, lw=0.9, ls="--", zorder=1)
    axes.plot([], [], color=MEAN_FIELD, lw=0.9, ls="--", label="mean field")
    axes.set(xlabel="q", ylabel="valley of G (J mol⁻¹)", xlim=(-1, 1), ylim=(-200, 460))
    axes.axhline(0, color=LANDAU, lw=0.6, zorder=0)
    axes.legend(loc="upper center", ncols=2, handlelength=1.4, columnspacing=0.9)
    axes.set_title(f"$\\mathbf{{f}}$  lattice, {landscapes[0].n_sites} molecules", loc="left")
