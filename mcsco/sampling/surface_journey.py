"""All windows of a free-energy surface as lanes of a few batches: they can stop, be stored, and go on bit by bit."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mcsco.engine import Batch, Control, FlatHistogramBatch, choose_kernel, make_batch, make_flat_batch
from mcsco.errors import InputError, StateError, check_integer
from mcsco.model import Displacive, Model
from mcsco.sampling.free_energy import FreeEnergySurface
from mcsco.sampling.protocols import Hold
from mcsco.sampling.provenance import provenance
from mcsco.sampling.results import Variable
from mcsco.sampling.surfaces import Samples, make_surface
from mcsco.sampling.trajectory import Trajectory
from mcsco.sampling.travel import Travel
from mcsco.sampling.windows import (
    Floats,
    Windows,
    bias_of_lanes,
    biased_model,
    flat_window,
    make_control,
    make_windows,
    window_codes,
)

if TYPE_CHECKING:
    import xarray

LANES = 64
"""Lanes of a batch of the replica kernel."""


class Lanes(NamedTuple):
    """Where every lane of a batch is held; each of shape (R,)."""

    temperature: Floats
    gamma: Floats
    eta: Floats


class WindowTrajectory(Trajectory):
    """A batch of lanes, each in its own window, which records the energy without the bias."""

    def __init__(self, batch: Batch, model: Model, protocol: FreeEnergySurface, lanes: Lanes, windows: Windows) -> None:
        # One leg of the right length; where the lanes are held follows below.
        hold = Hold(protocol.temperatures[0], protocol.sweeps, protocol.measure_every, protocol.equilibration)
        super().__init__(batch, hold.legs())
        self.model, self.protocol, self.lanes, self.windows = model, protocol, lanes, windows
        control = make_control(model, protocol, lanes.temperature, lanes.gamma, lanes.eta, windows)
        self._ways = [(control, control)]

    def _energy(self) -> tuple[Floats, Floats, Floats]:
        """γ, η and H per molecule without the bias of every lane."""
        batch, N = self.batch, self.model.lattice.n_sites
        sums = batch.sums()
        gamma, eta = sums.n / N, sums.u / N
        control: Control = self._ways[0][0]
        with_bias = batch.energy(sums, control.pressure, control.field) / N
        bias = bias_of_lanes(self.windows, self.lanes.gamma, self.lanes.eta, gamma, eta)
        return gamma, eta, with_bias - bias

    def _measure(self, i: int) -> None:
        row = self.series[:, :, i]
        row[0], row[2], row[3] = self._energy()
        row[1] = 2 * row[0] - 1

    def _check_against_oracle(self) -> None:
        """Against the model without bias, so that the bias is checked too."""
        self.batch.recount()
        N, (_, _, energy) = self.model.lattice.n_sites, self._energy()
        couplings = self.batch.model.couplings
        scale = abs(self.batch.model.spin.enthalpy) + sum(map(abs, couplings)) + self.windows.k_gamma
        for lane in range(self.batch.n_replicas):
            oracle = self.model.energy(self.batch.state(lane), self.protocol.pressure, self.protocol.field) / N
            if abs(energy[lane] - oracle) > 1e-10 * scale:
                raise StateError(f"energy of lane {lane} is {energy[lane]!r} kJ/mol, recounted {oracle!r}")


class SurfaceJourney(Travel):
    """Biased sampling of a model, from its start to its surface. See `simulate` for the parameters."""

    def __init__(
        self,
        model: Model,
        protocol: FreeEnergySurface,
        seed: int = 0,
        *,
        replicas: int = 8,
        dynamics: str = "metropolis",
        kernel: str = "auto",
        threads: int | None = None,
    ) -> None:
        if not isinstance(model, Model):
            raise InputError(f"model = {model!r}: must be a Model, e.g. mcsco.presets.load('pmpea')")
        if isinstance(model.distortion, Displacive):
            raise InputError("distortion = Displacive(…): has no free-energy surface yet; use OrderDisorder() or None")
        check_integer("seed", seed, minimum=0)
        self.model, self.surface_protocol, self.seed = model, protocol, seed
        self.replicas = check_integer("replicas", replicas, minimum=1)
        threads = check_integer("threads", os.cpu_count() or 1 if threads is None else threads, minimum=1)
        self.is_flat = protocol.method == "flat-histogram"
        self.windows = flat_window(protocol, model) if self.is_flat else make_windows(protocol, model)
        if model.distortion is None and (self.windows.k_eta or protocol.field):
            raise InputError("windows along η, field: act on the distortion, but the model has none; leave them out")
        if self.is_flat and (dynamics != "metropolis" or kernel not in ("auto", "replica")):
            raise InputError(
                "dynamics, kernel: a flat histogram has its own kernel, with Metropolis moves; leave them out"
            )
        self.biased = biased_model(model, self.windows)
        self.options: dict[str, Any] = {
            "seed": str(seed),
            "replicas": replicas,
            "dynamics": dynamics,
            "kernel": choose_kernel(self.biased, kernel),
            "threads": threads,
        }
        self.paths = [self._trajectory(index, lanes, dynamics, kernel) for index, lanes in enumerate(self._groups())]
        super().__init__(self.paths, threads)

    @property
    def n_windows(self) -> int:
        """Number of windows at one temperature."""
        return len(self.windows.gamma)

    def _groups(self) -> list[Lanes]:
        """All lanes, replicas of one window side by side, cut into batches; one for all walkers at a temperature."""
        temperatures = np.array(self.surface_protocol.temperatures)
        T = np.repeat(temperatures, self.n_windows * self.replicas)
        window = np.tile(np.repeat(np.arange(self.n_windows), self.replicas), temperatures.size)
        whole = Lanes(T, self.windows.gamma[window], self.windows.eta[window])
        length = self.replicas if self.is_flat else LANES
        return [Lanes(*(part[i : i + length] for part in whole)) for i in range(0, T.size, length)]

    def _trajectory(self, index: int, lanes: Lanes, dynamics: str, kernel: str) -> Trajectory:
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy=self.seed, spawn_key=(index, 1))))
        begin = np.linspace(0.0, 1.0, lanes.gamma.size) if self.is_flat else lanes.gamma
        codes = window_codes(self.model, begin, lanes.eta, rng, free=self.windows.k_eta == 0.0)
        batch: Batch
        if self.is_flat:
            # The last part of the equilibration runs under the weights that are measured with.
            learning = self.surface_protocol.equilibration * 4 // 5
            batch = make_flat_batch(self.biased, codes, self.seed, index, learning)
        else:
            batch = make_batch(self.biased, codes, self.seed, index, dynamics, kernel)
        return WindowTrajectory(batch, self.model, self.surface_protocol, lanes, self.windows)

    def samples(self) -> list[Samples]:
        """What was measured at every temperature."""
        series = np.concatenate([t.series for t in self.paths], axis=1)
        shape = (len(self.surface_protocol.temperatures), self.n_windows, self.replicas, -1)
        gamma, eta, energy = (series[i].reshape(shape) for i in (0, 2, 3))
        N = self.model.lattice.n_sites
        n, u = (np.rint(N * x).astype(np.int64) for x in (gamma, eta))
        return [Samples(*parts) for parts in zip(n, u, energy, strict=True)]

    def _surface(self) -> tuple[dict[str, Variable], dict[str, Variable], list[str]]:
        tables = [t.batch.table for t in self.paths if isinstance(t.batch, FlatHistogramBatch)]
        return make_surface(self.model, self.surface_protocol, self.windows, self.samples(), self.seed, tables)

    def variables(self) -> tuple[dict[str, Variable], dict[str, Variable]]:
        """Data variables and coordinates of the finished surface."""
        variables, coordinates, _ = self._surface()
        return variables, coordinates

    def dataset(self) -> xarray.Dataset:
        """The finished surface as `simulate` returns it."""
        import xarray

        variables, coordinates, remarks = self._surface()
        sweeps = sum(int(t.ends[-1]) * t.batch.n_replicas for t in self.paths)
        return xarray.Dataset(
            variables,
            coords=coordinates,
            attrs={
                "title": "mcsco free-energy surface",
                "n_sites": self.model.lattice.n_sites,
                "entropy": self.model.spin.entropy,
                "model": json.dumps(self.model.to_dict(), sort_keys=True),
                "protocol": json.dumps([describe_surface(self.surface_protocol)], sort_keys=True),
                "folded": int(self.windows.folded),
                "measure": MEASURE,
                "remark": "; ".join(remarks),
                **self.options,
                **provenance(self.began, self.seconds, sweeps * self.model.lattice.n_sites),
            },
        )


MEASURE = (
    "free_energy = -(RT/N) ln P + c with c such that the minimum at each temperature is 0; P is the probability of a "
    "bin in (q, eta), bins have equal widths and edges on whole numbers of HS molecules and of the sum of u, a state "
    "on an edge counts half on either side; folded = 1: the bin holds both signs of eta"
)


def describe_surface(protocol: FreeEnergySurface) -> dict[str, Any]:
    """Plain data of the protocol, for provenance."""
    from dataclasses import asdict

    return {"kind": "free-energy-surface", **asdict(protocol)}


def n_lanes(model: Model, protocol: FreeEnergySurface, replicas: int) -> int:
    """Replicas of all windows at all temperatures."""
    if protocol.method == "flat-histogram":
        return len(protocol.temperatures) * replicas
    return len(make_windows(protocol, model).gamma) * len(protocol.temperatures) * replicas
