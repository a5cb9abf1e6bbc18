"""The mean field of crystals of unequal sites: two centres, two sublattices, disorder."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from mcsco import units
from mcsco.errors import InputError, check_real
from mcsco.meanfield import tracking
from mcsco.meanfield.descent import Landscape, fields_with, settle
from mcsco.meanfield.pairs import disordered_pairs, in_fields, molecule_fractions, pairs_at
from mcsco.meanfield.potential import Array
from mcsco.meanfield.sublattice_energy import check_model, sublattice_energy
from mcsco.meanfield.sublattice_states import SublatticeCurve, SublatticeState
from mcsco.model import Model

NAN = float("nan")
GRID = 11
"""Starts per order parameter from which minima are looked for."""
GRID_DISTORTED = 5
SAME = 1e-7
"""Order parameters of one and the same minimum."""
AT_ONCE = 2_000_000
"""States of pairs that are held in memory."""


class SublatticeMeanField:
    """Variational mean field of two sublattices a and b, exact for couplings of infinite range.

    With the energy E(ν_a, ν_b) of `mcsco.meanfield.sublattice_energy` and the pairs of `mcsco.meanfield.pairs`,

        φ(γ_a, γ_b) = ½ min over the pairs of [E − T S + ⟨energy of the pairs⟩],     ν_s = (1−x) γ_s

    per site. In a crystal with second centres a pair is a molecule: `Intramolecular`, and the bond of
    `NearestNeighbours` inside it, are exact, the other z − 1 neighbours act through their mean (Bousseksou, Varret and
    Nasser, DOI 10.1051/jp1:1993191). Without second centres all z do (Bragg and Williams). `Disorder` is averaged over
    all its realisations, sites without correlation, which is exact in an infinite crystal with couplings of infinite
    range. With `OrderDisorder` there are η_a and η_b too.

    Minima of φ are the phases, of unequal γ_a and γ_b if the centres differ, or if the crystal orders by itself.

    Parameters
    ----------
    model : Model
        Without elasticity, `LongRange` and `Displacive`.
    pressure : float
        P, GPa.
    field : float
        h, kJ/mol, conjugate to η.

    Raises
    ------
    InputError
        If the model is not one that has this mean field, or a field acts on a model without distortion.

    Examples
    --------
    Crystals whose sublattices order between two steps of their spin crossover:

    >>> import mcsco
    >>> spin = mcsco.SpinCrossover(enthalpy=10.0, entropy=50.0)
    >>> terms = [mcsco.Sublattices(spin=3.8)]
    >>> model = mcsco.Model(mcsco.Lattice((8, 8)), spin, None, terms)
    >>> T_a, T_b = mcsco.meanfield.SublatticeMeanField(model).half_conversion_temperatures()
    >>> print(f"{T_a:.2f} {T_b:.2f}")
    170.32 215.40
    """

    def __init__(self, model: Model, pressure: float = 0.0, field: float = 0.0) -> None:
        check_model(model)
        self.model = model
        self.pressure = check_real("pressure", pressure, unit="GPa")
        self.field = check_real("field", field, unit="kJ/mol")
        if model.distortion is None and self.field != 0:
            raise InputError(f"field = {field!r} kJ/mol: acts on the distortion, but the model has none; leave it at 0")
        self._energy = sublattice_energy(model, self.field)
        self._given = disordered_pairs(model, self.pressure)
        self._share = self._given.shares
        self._landscape = lru_cache(maxsize=8)(self._new_landscape)

    def __repr__(self) -> str:
        return f"SublatticeMeanField({self.model!r}, pressure={self.pressure!r}, field={self.field!r})"

    # any state

    def free_energy(
        self,
        gamma_a: npt.ArrayLike,
        gamma_b: npt.ArrayLike,
        T: npt.ArrayLike,
        eta_a: npt.ArrayLike = 0.0,
        eta_b: npt.ArrayLike = 0.0,
    ) -> Array:
        """Variational free energy φ in kJ/mol per site; arguments broadcast.

        nan where no state has these order parameters: outside the HS fractions that pins leave, |η_s| > γ_s, or η_s ≠ 0
        without distortion.
        """
        arrays = [np.asarray(a, dtype=np.float64) for a in (gamma_a, gamma_b, eta_a, eta_b, T)]
        *order, temperature = np.broadcast_arrays(*arrays)
        y = np.stack([a.ravel() for a in order], axis=1)
        x = (y * np.tile(self._share, 2))[:, : self._D]
        low, high = self._range
        rounding = 1e-12
        possible = np.all((x[:, :2] >= low - rounding) & (x[:, :2] <= high + rounding), axis=1)
        possible &= np.all(np.abs(y[:, 2:]) <= (y[:, :2] + rounding if self._D == 4 else 0.0), axis=1)
        phi, temperature = np.full(len(x), np.nan), temperature.ravel()
        for one in np.unique(temperature[possible]):
            rows = possible & (temperature == one)
            phi[rows] = self._free_energy(x[rows], float(one))
        return phi.reshape(np.broadcast_shapes(*(a.shape for a in arrays)))

    def residual(self, gamma_a: float, gamma_b: float, T: float) -> tuple[float, float]:
        """HS fractions of the pairs in the fields that (γ_a, γ_b) makes without distortion, less (γ_a, γ_b).

        Zero where φ is stationary.
        """
        x = np.zeros((1, self._D))
        x[0, :2] = np.array([gamma_a, gamma_b]) * self._share
        landscape = self._landscape(_check_temperature(T))
        new = in_fields(landscape.pairs, landscape.fields_of(x), landscape.T).x - x
        a, b = new[0, :2] / self._share
        return float(a), float(b)

    # minima

    def minima(self, T: float) -> tuple[SublatticeState, ...]:
        """All local minima at `T` in K, by rising γ.

        They are looked for from a grid of states; one whose basin is narrower than the grid, 1/10 of γ_a and γ_b, may
        be missed close to where it ceases to exist: `transitions` follows it to there. At zero field a minimum with
        η > 0 stands for its mirror image too.
        """
        landscape = self._landscape(_check_temperature(T))
        starts = landscape.fields_of(self._grid)
        chunk = max(1, AT_ONCE // landscape.pairs.energy.size)
        t = np.concatenate([settle(landscape, starts[i : i + chunk]) for i in range(0, len(starts), chunk)])
        _, r, pairs = landscape.at(t)
        good = (np.abs(r).max(axis=1) < 1e-6 * (1 + np.abs(t).max(axis=1))) & (
            landscape.stability(pairs)[1][:, 0] > -1e-9
        )
        x, t = pairs.x[good], t[good]
        if self._D == 4 and self.field == 0:
            lead = np.where(np.abs(x[:, 2] + x[:, 3]) > SAME, x[:, 2] + x[:, 3], x[:, 2])
            sign = np.where(lead < 0, -1.0, 1.0)[:, None]
            x[:, 2:] *= sign
            t[:, 2:] *= sign
        found: list[int] = []
        for i in range(len(x)):
            if all(np.abs(x[i] - x[j]).max() > SAME for j in found):
                found.append(i)
        return tuple(sorted((self._state(landscape, t[i]) for i in found), key=lambda s: (s.gamma, s.gamma_a)))

    def equilibrium(self, T: float) -> SublatticeState:
        """The lowest minimum at `T` in K; of equal ones that with the largest γ_a."""
        states = self.minima(T)
        lowest = min(state.free_energy for state in states)
        return max((s for s in states if s.free_energy <= lowest + 1e-9), key=lambda s: s.gamma_a)

    def curve(self, temperatures: npt.ArrayLike, start: str | tuple[float, float] = "LS") -> SublatticeCurve:
        """The state of a crystal that is heated or cooled through `temperatures` without end of time or fluctuations.

        Parameters
        ----------
        temperatures : array_like
            K, in the order in which they are gone through; shape (n,).
        start : {"LS", "HS"} or (float, float)
            What the crystal is near before it relaxes at the first temperature: all LS, all HS, or (γ_a, γ_b).

        Returns
        -------
        SublatticeCurve
            Arrays of shape (n,). Where the minimum ceases to exist the crystal falls into the next one.
        """
        values = _check_values("temperatures", temperatures, above=0.0)
        paths = tracking.follow(self._landscape, self._start(values[0], start), values)
        return self._curve([(self, path) for path in paths])

    def pressure_curve(
        self, pressures: npt.ArrayLike, T: float, start: str | tuple[float, float] = "HS"
    ) -> SublatticeCurve:
        """The state of a crystal that is compressed or decompressed through `pressures` in GPa at `T` in K."""
        values, T = _check_values("pressures", pressures), _check_temperature(T)

        @lru_cache(maxsize=8)
        def theory(P: float) -> SublatticeMeanField:
            return SublatticeMeanField(self.model, P, self.field)

        first = theory(values[0])._start(T, start)
        paths = tracking.follow(lambda P: theory(P)._landscape(T), first, values, smallest=1e-6)
        return self._curve([(theory(P), path) for P, path in zip(values, paths, strict=True)])

    # transitions

    def transitions(self, between: tuple[float, float] | None = None) -> tracking.SublatticeTransitions:
        """Jumps and breaks of symmetry on heating from LS and on cooling from HS, and the two half conversions.

        Parameters
        ----------
        between : (float, float), optional
            Temperatures in K; by default from far below to far above all energies of the model.
        """
        low, high = self._temperatures if between is None else _check_values("between", between, above=0.0)
        up = tracking.events(self._landscape, self._start(low, "LS"), low, high, self._is_symmetric)
        down = tracking.events(self._landscape, self._start(high, "HS"), high, low, self._is_symmetric)
        scale = 1 / self._share
        heating, cooling = (tuple(event.scaled(scale) for event in events) for events in (up, down))
        T_a, T_b = self.half_conversion_temperatures((low, high))
        return tracking.SublatticeTransitions(heating, cooling, (T_a, T_b), abs(T_b - T_a))

    def half_conversion_temperatures(self, between: tuple[float, float] | None = None) -> tuple[float, float]:
        """Temperatures in K at which γ_a and γ_b of the equilibrium state first pass ½; nan for one that does not.

        With first-order transitions these are the Maxwell temperatures of the steps across ½. Of equal centres a is
        the sublattice that switches first.
        """
        low, high = self._temperatures if between is None else _check_values("between", between, above=0.0)
        T = np.geomspace(low, high, 81)
        states = [self.equilibrium(float(t)) for t in T]
        T_a, T_b = (self._half(T, states, s) for s in (0, 1))
        return T_a, T_b

    def _half(self, T: Array, states: list[SublatticeState], sublattice: int) -> float:
        above = [state.is_high_spin(sublattice) for state in states]
        steps = [i for i in range(len(T) - 1) if above[i] != above[i + 1]]
        if not steps:
            return NAN
        i = steps[0]

        def as_before(t: float) -> bool:
            return self._lower(t, states[i], states[i + 1]).is_high_spin(sublattice) == above[i]

        return tracking.bisect(float(T[i]), float(T[i + 1]), as_before)

    def _lower(self, T: float, *starts: SublatticeState) -> SublatticeState:
        """The lowest of the minima that `starts` relax to at `T`."""
        landscape = self._landscape(T)
        x = np.array([[s.gamma_a, s.gamma_b, s.eta_a, s.eta_b] for s in starts]) * np.tile(self._share, 2)
        t = settle(landscape, landscape.fields_of(x[:, : self._D]))
        return min((self._state(landscape, one) for one in t), key=lambda s: s.free_energy)

    # what the rest is made of

    @property
    def _D(self) -> int:
        return 4 if self.model.distortion is not None else 2

    @cached_property
    def _range(self) -> tuple[Array, Array]:
        """Smallest and largest (ν_a, ν_b)."""
        classes = self._given.classes
        low = [sum(c.share for c in of if c.is_molecule and not c.possible[0]) for of in classes]
        high = [sum(c.share for c in of if c.is_molecule and c.possible[1]) for of in classes]
        return np.array(low), np.array(high)

    @cached_property
    def _is_symmetric(self) -> bool:
        return self._given.classes[0] == self._given.classes[1]

    @cached_property
    def _temperatures(self) -> tuple[float, float]:
        """Far below and far above everything that happens."""
        g = self._given
        classes = [c for of in g.classes for c in of if c.is_molecule]
        halves = [(abs(c.energy) + 3 * g.spread) / max(c.ln_g, 0.5) for c in classes]
        scale = max(halves) + self._energy.bound + abs(g.inner_J) + abs(g.inner_K)
        return 0.005 * float(scale), 2 * float(scale)

    @cached_property
    def _grid(self) -> Array:
        low, high = self._range
        n = GRID if self._D == 2 else GRID_DISTORTED
        a, b = (np.linspace(low[s], high[s], n) for s in (0, 1))
        nu = np.stack(np.meshgrid(a, b, indexing="ij"), axis=-1).reshape(-1, 2)
        if self._D == 2:
            return nu
        signs = [(0.0, 0.0), (0.9, 0.9), (0.9, -0.9), (-0.9, 0.9), (-0.9, -0.9)]
        return np.concatenate([np.concatenate([nu, nu * np.array(s)], axis=1) for s in signs])

    def _new_landscape(self, T: float) -> Landscape:
        return Landscape(pairs_at(self._given, T), self._energy, T)

    def _start(self, T: float, start: str | tuple[float, float]) -> Array:
        """Fields of the minimum at `T` that a crystal near `start` relaxes to, shape (1, D)."""
        low, high = self._range
        if isinstance(start, str):
            if start not in ("LS", "HS"):
                raise InputError(f"start = {start!r}: must be 'LS', 'HS' or a pair (gamma_a, gamma_b)")
            nu = low if start == "LS" else high
        else:
            a, b = (check_real("start", value, minimum=0.0) for value in start)
            nu = np.clip(np.array([a, b]) * self._share, low, high)
        x = np.concatenate([nu, 0.9 * nu])[None, : self._D]
        landscape = self._landscape(T)
        return settle(landscape, landscape.fields_of(x))

    def _free_energy(self, x: Array, T: float) -> Array:
        landscape = self._landscape(_check_temperature(T))
        states = np.isfinite(landscape.pairs.entropy)
        p = landscape.pairs.weight[:, None] * states / states.sum(axis=1, keepdims=True)
        inside = x + 1e-15 * ((p @ landscape.pairs.X).sum(axis=0) - x)
        t = fields_with(landscape.pairs, inside, T, self._guess(inside, T))
        W = in_fields(landscape.pairs, t, T).W
        E = landscape.energy.value(x)
        return np.asarray((E - T * (W - (t * inside).sum(axis=1))) / 2 * units.KELVIN)

    def _guess(self, x: Array, T: float) -> Array:
        """Fields in which independent sites without spread would have the order parameters `x`."""
        low, high = self._range
        share = np.clip((x[:, :2] - low) / np.maximum(high - low, 1e-300), 1e-15, 1 - 1e-15)
        first = [next((c for c in of if all(c.possible)), of[0]) for of in self._given.classes]
        level = np.array([c.ln_g - c.energy / T for c in first])
        nu: Array = np.log(share / (1 - share)) - level
        if self._D == 2:
            return nu
        u = np.arctanh(np.clip(x[:, 2:] / np.maximum(x[:, :2], 1e-300), -1 + 1e-12, 1 - 1e-12))
        return np.concatenate([nu - np.logaddexp(u, -u), u], axis=1)

    def _state(self, landscape: Landscape, t: Array) -> SublatticeState:
        value, _, pairs = landscape.at(t[None])
        x = np.append(pairs.x[0], np.zeros(4 - self._D)) / np.tile(self._share, 2)
        energy = (landscape.energy.value(pairs.x)[0] + pairs.energy[0]) / 2
        return SublatticeState(
            gamma_a=float(x[0]),
            gamma_b=float(x[1]),
            eta_a=float(x[2]),
            eta_b=float(x[3]),
            free_energy=float(value[0] * landscape.T / 2 * units.KELVIN),
            enthalpy=float(energy * units.KELVIN),
            entropy=float(pairs.entropy[0] / 2 * units.R),
            molecules=(NAN,) * 4 if self.model.second is None else self._molecules(landscape, t),
        )

    def _molecules(self, landscape: Landscape, t: Array) -> tuple[float, float, float, float]:
        if self._given.is_coupled:
            a, b, c, d = molecule_fractions(landscape.pairs, t, landscape.T)
            return float(a), float(b), float(c), float(d)
        p, q = in_fields(landscape.pairs, t[None], landscape.T).x[0, :2] / self._share
        return float((1 - p) * (1 - q)), float(p * (1 - q)), float((1 - p) * q), float(p * q)

    def _curve(self, paths: list[tuple[SublatticeMeanField, tuple[Landscape, Array]]]) -> SublatticeCurve:
        states = [theory._state(landscape, t) for theory, (landscape, t) in paths]
        columns = {name: np.array([getattr(s, name) for s in states]) for name in SublatticeCurve._fields[2:]}
        T = np.array([landscape.T for _, (landscape, _) in paths])
        return SublatticeCurve(T, np.array([theory.pressure for theory, _ in paths]), **columns)


def _check_temperature(T: float) -> float:
    return check_real("temperature", T, above=0.0, unit="K")


def _check_values(name: str, values: npt.ArrayLike, above: float | None = None) -> list[float]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not array.size or not np.all(np.isfinite(array)):
        raise InputError(f"{name} = {values!r}: must be a list of finite numbers")
    if above is not None and not np.all(array > above):
        raise InputError(f"{name}: must all be above {above:g}")
    return [float(value) for value in array]
