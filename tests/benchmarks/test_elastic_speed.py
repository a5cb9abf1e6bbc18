"""Sweeps with sampled long-range fields, beside a bare pair of transforms and beside direct flips."""

import time

import numpy as np
import pytest
from direct_flips import direct_flips
from scipy import fft

import mcsco
from mcsco.engine.batch import start_codes
from mcsco.engine.choice import make_one
from mcsco.engine.field_batch import FieldBatch
from mcsco.engine.random_numbers import make_key
from mcsco.units import KELVIN

T = 230.0
PLANES = [(L, L) for L in (64, 128, 256, 512, 1024, 2048)]
SOLIDS = [(L, L, L) for L in (32, 64, 128)]
ROUNDS = 9
LEAST = 0.05  # seconds of a timed call


def model(shape, n_components):
    """A crystal whose molecules shear it (one field), or shear and swell it (two)."""
    d = len(shape)
    shear = np.zeros((d, d))
    shear[0, -1] = shear[-1, 0] = 0.02704
    swell = np.eye(d) * (0.05 / 3 if n_components == 2 else 0.0)
    elasticity = mcsco.Elasticity((12.0, 6.0, 4.0), 970.0, swell, shear)
    spin = mcsco.SpinCrossover(15.8, 67.0)
    return mcsco.Model(mcsco.Lattice(shape), spin, mcsco.OrderDisorder(), (elasticity,))


def timed(actions):
    """CPU time of one call of each action, s: the median of rounds in which everyone has a turn."""
    repeats = []
    for action in actions:
        action()
        begin = time.process_time()
        action()
        repeats.append(max(1, round(LEAST / max(time.process_time() - begin, 1e-7))))
    times = np.empty((ROUNDS, len(actions)))
    for i in range(ROUNDS):
        for j, (action, n) in enumerate(zip(actions, repeats, strict=True)):
            begin = time.process_time()
            for _ in range(n):
                action()
            times[i, j] = (time.process_time() - begin) / n
    return np.median(times, axis=0), times.min(axis=0)


def transforms(shape, n_components):
    """SciPy's real transforms of the fields in single precision, there and back."""
    x = np.random.default_rng(1).normal(size=(n_components, *shape)).astype(np.float32)
    axes = tuple(range(1, x.ndim))

    def pair():
        fft.irfftn(fft.rfftn(x, axes=axes, workers=1), s=shape, axes=axes, workers=1, overwrite_x=True)

    return pair


def held(thing, seen=None):
    """Bytes of all arrays that an object holds, each once."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        return held(thing.base, seen) if isinstance(thing.base, np.ndarray) else thing.nbytes
    if isinstance(thing, dict):
        return sum(held(x, seen) for x in thing.values())
    if isinstance(thing, tuple | list):
        return sum(held(x, seen) for x in thing)
    return held(vars(thing), seen) if type(thing).__module__.startswith("mcsco.engine") else 0


class Row:
    """One lattice: times in ns a site (median, best), of the sweep and of the transforms; bytes a site."""

    def __init__(self, shape, n_components):
        crystal = model(shape, n_components)
        batch = make_one(crystal, "HS+", 1, "metropolis", threads=1)
        assert isinstance(batch, FieldBatch)
        assert len(batch.components) == n_components
        control = mcsco.engine.Control(np.array([T]), np.zeros(1), np.zeros(1))
        n_sites = crystal.lattice.n_sites
        sweep = lambda: batch.advance(control, control, 0, 1, 1)  # noqa: E731
        median, best = timed([sweep, transforms(shape, n_components)])
        self.sweep, self.fft = median / n_sites * 1e9
        self.best = best[0] / n_sites * 1e9
        self.bytes = held(batch) / n_sites


@pytest.fixture(scope="module")
def rows():
    return {(shape, C): Row(shape, C) for shape in PLANES + SOLIDS for C in (1, 2)}


def test_sweeps_and_transforms(rows, show):
    lines = [f"{'Elastic sweep, ns of CPU time a site, 1 thread':<48} sweep    best  FFT pair  sweep/FFT  bytes/site"]
    for (shape, C), row in rows.items():
        name = f"{shape[0]}{'²' if len(shape) == 2 else '³'}, " + ("shear alone" if C == 1 else "shear and volume")
        lines.append(
            f"{name:<46} {row.sweep:7.2f} {row.best:7.2f} {row.fft:9.2f} {row.sweep / row.fft:10.2f} {row.bytes:11.1f}"
        )
    show("\n".join(lines))
    for C in (1, 2):
        # A sweep is noise, local updates and a pair of transforms, in less than three bare pairs.
        assert rows[(512, 512), C].sweep < 3 * rows[(512, 512), C].fft
        assert rows[(64, 64, 64), C].sweep < 3 * rows[(64, 64, 64), C].fft
        # N log N would be 1.2 times from 512² to 2048², and from 64³ to 128³; caches may double that.
        assert rows[(2048, 2048), C].sweep < 3 * rows[(512, 512), C].sweep
        assert rows[(128, 128, 128), C].sweep < 3 * rows[(64, 64, 64), C].sweep
        # Short rows are padded to whole cache lines.
        assert max(rows[(L, L), C].bytes for L in (512, 1024, 2048)) < 64
        assert rows[(128, 128, 128), C].bytes < 80


class Direct:
    """Direct flips of the crystal with shear alone."""

    def __init__(self, L):
        crystal = model((L, L), 1)
        pairs, spin = crystal.pair_terms, crystal.spin
        J = np.fft.ifft2(pairs.J[..., 1, 1]).real / KELVIN
        self.J = np.concatenate([J, J], axis=1).astype(np.float32)
        self.gap = spin.enthalpy / KELVIN - T * spin.ln_g + 0.5 * pairs.S[1, 1] / KELVIN
        self.u = np.ones((L, L), dtype=np.int64)
        self.h = np.full((L, L), J.sum(), dtype=np.float32)
        self.flips = self.tried = 0

    def run(self, n):
        """Attempt n updates."""
        self.flips += direct_flips(self.u, self.h, self.J, n, self.gap, T)
        self.tried += n


def test_direct_flips(rows, show):
    lines = [f"{'Shear alone, ns of CPU time':<30} a flip tried   a flip made  sampled field, a site   ratio (tried)"]
    for L in (64, 128, 256, 512):
        direct = Direct(L)
        direct.run(100)
        n = max(200, 2 * 10**8 // L**2 // 8)
        begin, flips, tried = time.process_time(), direct.flips, direct.tried
        direct.run(n)
        spent = time.process_time() - begin
        a_try, a_flip = (1e9 * spent / x for x in (direct.tried - tried, max(1, direct.flips - flips)))
        sampled = rows[(L, L), 1].sweep
        lines.append(f"{f'{L}²':<30} {a_try:12.0f} {a_flip:13.0f} {sampled:22.2f} {a_try / sampled:15.0f}")
        if L >= 256:
            assert a_try > 20 * sampled
    show("\n".join(lines))


def test_direct_flips_simulate_the_same_crystal():
    """⟨u²⟩ and the fluctuation of the mean shear at 32², block errors."""
    L, n_blocks = 32, 40
    direct_series, series = [], []
    direct = Direct(L)
    batch = FieldBatch(model((L, L), 1), start_codes(model((L, L), 1), "HS+", 1, 1, 0), "metropolis", make_key(1, 0))
    control = mcsco.engine.Control(np.array([T]), np.zeros(1), np.zeros(1))
    for i in range(n_blocks + 10):
        found = []
        for _ in range(40):
            direct.run(L * L)
            batch.advance(control, control, 0, 2, 2)
            found.append([(x**2).mean() for x in (direct.u, batch.codes()[0].astype(float))])
        if i >= 10:
            direct_series.append(np.mean(found, axis=0)[0])
            series.append(np.mean(found, axis=0)[1])
    a, b = np.array(direct_series), np.array(series)
    error = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / n_blocks)
    assert abs(a.mean() - b.mean()) < 5 * error
    assert error < 0.01
