"""What replica exchange costs beside the sweeps of the same lanes without it."""

import time

import numpy as np

from mcsco import presets
from mcsco.engine import Control, Exchange, make_batches

RUNGS, ROUNDS = 16, 9
LEAST = 0.05  # seconds of a timed call
SQUARES = [(L, L) for L in (16, 32, 64, 128)]
CASES = [
    *(("pmpea", shape) for shape in SQUARES),
    *(("pmpea-volume", shape) for shape in SQUARES[:2]),
    *(("pmpea-nn", shape) for shape in ((16, 16, 16), (32, 32, 32))),
    *(("pmpea-elastic", shape) for shape in SQUARES[1:]),
]
POINTS = np.stack([np.linspace(215.0, 245.0, RUNGS), np.zeros(RUNGS), np.zeros(RUNGS)], axis=1)


def make(name, shape):
    model = presets.load(name, shape)
    return make_batches(model, "LS", 1, "metropolis", "auto", RUNGS, 1, whole=RUNGS)[0]


def contestants(name, shape, n):
    """Sweeps without exchange, and with one after every sweep and after every tenth."""
    control = Control(*np.ascontiguousarray(POINTS.T))
    plain = make(name, shape)
    often, seldom = (Exchange(make(name, shape), POINTS, every) for every in (1, 10))
    return (
        lambda: plain.advance(control, control, 0, n, n),
        lambda: often.advance(n),
        lambda: seldom.advance(n),
    )


def timed(actions):
    """CPU time of a call of each, shape (round, action); everyone has a turn in every round."""
    times = np.empty((ROUNDS, len(actions)))
    for action in actions:
        action()
    for row in times:
        for i, action in enumerate(actions):
            begin = time.process_time()
            action()
            row[i] = time.process_time() - begin
    return times


def test_exchange_costs_little(show):
    lines = [f"Replica exchange, {RUNGS} rungs, one core: cost beside the sweeps, median of {ROUNDS} paired rounds"]
    lines.append(f"{'model':<15}{'shape':<12}{'sweep, ns/site':>15}{'every sweep':>13}{'every 10th':>12}")
    costs = {}
    for name, shape in CASES:
        n_sites = int(np.prod(shape))
        n = -(-int(LEAST / (4e-9 * n_sites * RUNGS)) // 10) * 10
        times = timed(contestants(name, shape, n))
        more = np.median(times[:, 1:] / times[:, :1], axis=0) - 1.0
        costs[name, shape] = more
        sweep = np.median(times[:, 0]) / (n * n_sites * RUNGS) * 1e9
        size = "x".join(map(str, shape))
        lines.append(f"{name:<15}{size:<12}{sweep:>15.2f}{100 * more[0]:>12.1f} %{100 * more[1]:>10.1f} %")
    show("\n".join(lines))
    # Medians of paired rounds scatter by some per cent on a shared machine.
    for (name, shape), (often, seldom) in costs.items():
        assert seldom < 0.10, (name, shape)
        assert often < 0.15 or name == "pmpea-elastic", (name, shape)
