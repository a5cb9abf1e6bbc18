"""Landau coefficients from a measured free-energy surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mcsco.errors import InputError
from mcsco.landau import design
from mcsco.landau.arrays import Array
from mcsco.landau.regression import Missing, Solution, solve
from mcsco.landau.surface import Surface, Window

if TYPE_CHECKING:
    import numpy.typing as npt

    from mcsco.landau.potential import Potential
    from mcsco.landau.prediction import Predictions

SIGNIFICANT = 0.01
"""p-value below which eq. (3) does not describe a surface."""


class Coefficient(NamedTuple):
    """A fitted coefficient."""

    name: str
    unit: str
    value: float
    error: float
    """Standard error; 0 if it was fixed, nan if the surface has no errors."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Eq. (3) fitted to a surface; made by `fit_surface`.

    Energies are in kJ/mol per molecule. Errors are statistical: they hold if eq. (3) is true inside the window, which
    `describes` tells. Where it is not, the coefficients depend on the window, and their errors do not know it.
    """

    surface: Surface
    window: Window
    fixed: Mapping[str, float]
    T0: float
    """Reference temperature of the linear coefficients, K."""
    theta: Array
    """Linear coefficients of `mcsco.landau.design`, shape (9,)."""
    theta_covariance: Array
    """Shape (9, 9); zero where a coefficient was fixed."""
    used: npt.NDArray[np.bool_]
    """Bins that were fitted, shape (t, i, j)."""
    solution: Solution

    @property
    def parameters(self) -> Array:
        """a1, T_sc, B, C, a0, T_c, b, D, E, shape (9,)."""
        return design.to_parameters(self.theta, self.T0)

    @property
    def covariance(self) -> Array:
        """Covariance of `parameters`, shape (9, 9), to first order in the errors."""
        J = design.jacobian(self.theta, self.T0)
        covariance = J @ self.theta_covariance @ J.T
        free = np.array([name not in self.fixed for name in design.PARAMETERS])
        return np.where(np.outer(free, free), covariance, 0.0)

    @property
    def coefficients(self) -> dict[str, Coefficient]:
        """Every coefficient with its standard error."""
        units = {"a1": "kJ/(mol K)", "a0": "kJ/(mol K)", "T_sc": "K", "T_c": "K"}
        errors = np.sqrt(np.diag(self.covariance))
        return {
            name: Coefficient(name, units.get(name, "kJ/mol"), float(value), float(error))
            for name, value, error in zip(design.PARAMETERS, self.parameters, errors, strict=True)
        }

    @property
    def potential(self) -> Potential:
        """The fitted potential, kJ/mol per molecule.

        Raises
        ------
        InputError
            If a fitted a1, C, b or T_sc is not positive, so that eq. (3) has no lower bound or no LS state.
        """
        from mcsco.landau.potential import Potential

        return Potential.from_fit(self)

    @property
    def describes(self) -> bool | None:
        """Whether eq. (3) describes the surface within its errors (p ≥ 0.01); None if the surface has none."""
        return None if np.isnan(self.solution.p_value) else self.solution.p_value >= SIGNIFICANT

    @property
    def missing(self) -> tuple[Missing, ...]:
        """Terms beyond eq. (3), by the part of the misfit that each would take away if it were added alone."""
        return self.solution.missing

    @property
    def misfit(self) -> float:
        """Root mean square of measured − fitted G, kJ/mol."""
        return float(np.sqrt(np.mean(self.solution.residuals**2)))

    @property
    def verdict(self) -> str:
        """One sentence."""
        s = self.solution
        largest = f"rms misfit {1000 * self.misfit:.3g} J/mol"
        if self.describes is None:
            return f"no errors were given, so that eq. (3) cannot be tested: {largest} at {s.residuals.size} bins"
        chi2 = f"χ²/dof = {s.chi2 / s.expected:.3g}, dof = {s.dof:.0f}, p = {s.p_value:.2g}; {largest}"
        if self.describes:
            return f"eq. (3) describes the surface within its errors: {chi2}"
        terms = ", ".join(f"{term.name} ({term.share:.0%} of χ²)" for term in self.missing[:3])
        return f"eq. (3) does not describe the surface: {chi2}; largest of the missing terms: {terms}"

    def model(self) -> Array:
        """Fitted G on the whole grid, with the constant of each fitted temperature; nan at the others; (t, i, j)."""
        return self.curve(*_grid(self.surface))

    def curve(self, T: npt.ArrayLike, q: npt.ArrayLike, eta: npt.ArrayLike) -> Array:
        """Fitted G at any (q, η), kJ/mol, on the scale of the measured one; nan unless `T` is one that was fitted."""
        T, q, eta = (np.asarray(x, dtype=np.float64) for x in np.broadcast_arrays(T, q, eta))
        G = design.columns(q.ravel(), eta.ravel(), T.ravel() - self.T0) @ self.theta
        for t, constant in self.constants.items():
            G[T.ravel() == t] += constant
        G[~np.isin(T.ravel(), list(self.constants))] = np.nan
        return np.asarray(G.reshape(T.shape))

    @property
    def constants(self) -> dict[float, float]:
        """The constant of every fitted temperature, kJ/mol."""
        fitted = self.surface.temperature[self.used.any(axis=(1, 2))].tolist()
        return dict(zip(fitted, self.solution.coefficients[-len(fitted) :].tolist(), strict=True))

    def residuals(self) -> Array:
        """Measured − fitted G, kJ/mol, shape (t, i, j); nan where no bin was used."""
        return np.where(self.used, self.surface.free_energy - self.model(), np.nan)

    def standardised_residuals(self) -> Array:
        """`residuals` in standard errors of the measured G."""
        error = _errors(self.surface, self.used)
        if error is None:
            raise InputError("surface: has no errors, so that residuals have no scale; give free_energy_error")
        full = np.full(self.used.shape, np.nan)
        full[self.used] = error
        return np.asarray(self.residuals() / full)

    def draws(self, n: int = 400, seed: int = 0) -> Array:
        """`n` sets of coefficients from the fit's normal distribution, shape (n, 9), in the order of `parameters`."""
        if not np.isfinite(self.theta_covariance).all():
            raise InputError("surface: has no errors, so that nothing can be drawn; give free_energy_error")
        values, vectors = np.linalg.eigh(self.theta_covariance)
        noise = np.random.default_rng(seed).standard_normal((n, len(values))) * np.sqrt(np.maximum(values, 0.0))
        return design.to_parameters(self.theta + noise @ vectors.T, self.T0)

    def predict(self, barriers_at: Sequence[float] = (), n_draws: int = 200, seed: int = 0) -> Predictions:
        """What the fitted potential says of the transition, with errors; see `mcsco.landau.prediction`."""
        from mcsco.landau.prediction import predict

        return predict(self, barriers_at, n_draws, seed)

    def __str__(self) -> str:
        lines = [f"eq. (3) fitted at {int(self.used.sum())} bins, {self.window}"]
        for c in self.coefficients.values():
            note = "fixed" if c.name in self.fixed or c.error == 0 else f"± {c.error:.2g}"
            lines.append(f"{c.name:<5}{c.value:>14.6g}  {note:<12}{c.unit}")
        return "\n".join([*lines, self.verdict])


def fit_surface(surface: Surface, window: Window | None = None, fixed: Mapping[str, float] | None = None) -> Fit:
    """Fit eq. (3) of DOI 10.1039/d4mh01318b to a measured surface by generalised least squares.

        G = a1 (T_sc − T) q + (B/2) q² + (C/4) q⁴ + (a0/2)(T − T_c) η² + (b/4) η⁴ + D q η² + (E/2) q² η² + g(T)

    with a free constant g at each temperature. Linear in everything but T_sc and T_c (see `mcsco.landau.design`), so
    that there is one minimum and no start value.

    Parameters
    ----------
    surface : Surface
    window : Window, optional
        By default the whole surface.
    fixed : mapping of str to float
        Coefficients that are known, by name: kJ/mol per molecule, kJ/(mol K), K. ``{"a0": 0.0}`` is eq. (4). With a
        single temperature a1 or T_sc, and a0 or T_c, have to be known.

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        If the window holds too few bins to determine the coefficients, or one is fixed that does not exist.

    Examples
    --------
    >>> import numpy as np
    >>> from mcsco import landau
    >>> p = landau.source_paper().rescaled(energy=0.0554)
    >>> T, q, eta = np.array([220.0, 230.0]), np.linspace(-1, 1, 21), np.linspace(0, 1.6, 17)
    >>> G = p.free_energy(q[:, None], eta, T[:, None, None])
    >>> fit = landau.fit_surface(landau.Surface(T, q, eta, G, np.full(G.shape, 0.01)), fixed={"a0": 0.0})
    >>> print(f"{fit.coefficients['T_sc'].value:.3f} {fit.potential.spinodals()[0]:.3f}")
    235.000 214.573
    """
    if not isinstance(surface, Surface):
        raise InputError(f"surface = {type(surface).__name__}: must be a landau.Surface; use Surface.from_dataset")
    window, fixed = window or Window(), dict(fixed or {})
    used = window.selects(surface)
    if not used.any():
        raise InputError(f"window {window}: holds no measured bin; widen it")
    T, q, eta = (axis[used] for axis in _grid(surface))
    T0 = float(np.unique(T).mean())
    offset, matrix = design.constrain(fixed, T0)
    if np.unique(T).size == 1:
        _check_single_temperature(fixed)
    basis = design.columns(q, eta, T - T0)
    free = [design.LINEAR[int(row)] for row in np.abs(matrix).argmax(axis=0)]
    known = basis @ offset
    copies = None if surface.copies is None else surface.copies[:, used] - known
    per_temperature = design.constants(T)
    solution = solve(
        np.hstack([basis @ matrix, per_temperature]),
        surface.free_energy[used] - known,
        _errors(surface, used),
        copies,
        design.missing_terms(q, eta, T - T0),
        [*(_SHOWN.get(name, name) for name in free), *(f"g({t:g} K)" for t in np.unique(T))],
    )
    k = matrix.shape[1]
    covariance = matrix @ solution.covariance[:k, :k] @ matrix.T
    theta = offset + matrix @ solution.coefficients[:k]
    return Fit(surface, window, fixed, T0, theta, covariance, used, solution)


_SHOWN = {"h": "T_sc", "alpha": "T_c"}


def _check_single_temperature(fixed: Mapping[str, float]) -> None:
    for pair in (("a1", "T_sc"), ("a0", "T_c")):
        if not any(name in fixed for name in pair):
            raise InputError(
                f"one temperature: cannot tell {pair[0]} from {pair[1]}; give more temperatures or fix one of them"
            )


def _grid(surface: Surface) -> tuple[Array, Array, Array]:
    """T, q and η of every bin, each of shape (t, i, j)."""
    T, q, eta = np.meshgrid(surface.temperature, surface.q, surface.eta, indexing="ij")
    return T, q, eta


def _errors(surface: Surface, used: npt.NDArray[np.bool_]) -> Array | None:
    """Standard errors of the used bins, shape (n,): as given, else the scatter of the copies about their constants."""
    if surface.error is not None:
        return np.asarray(surface.error[used])
    if surface.copies is None:
        return None
    noise = surface.copies - surface.copies.mean(axis=0)
    counts = used.sum(axis=(1, 2), keepdims=True)
    level = np.where(used, noise, 0.0).sum(axis=(2, 3), keepdims=True) / np.maximum(counts, 1)
    return np.asarray((noise - level)[:, used].std(axis=0, ddof=1))
