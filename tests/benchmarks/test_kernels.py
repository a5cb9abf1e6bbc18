"""Single kernels under pytest-benchmark, so that --benchmark-save and --benchmark-compare work on them."""

import time

import pytest
from contestants import T_PLAIN, T_THREE, lanes, many, naive, one, peers, plain_model, three_model

pytest.importorskip("pytest_benchmark")

SQUARE, SMALL, CUBIC = (512, 512), (64, 64), (64, 64, 64)
UPDATES = 2**24

MAKERS = {
    "three-state": lambda: one("", three_model(SQUARE), T_THREE),
    "plain": lambda: one("", plain_model(SQUARE), T_PLAIN),
    "three-state-heat-bath": lambda: one("", three_model(SQUARE), T_THREE, dynamics="heat-bath"),
    "three-state-1024": lambda: one("", three_model((1024, 1024)), T_THREE),
    "three-state-64-8-replicas": lambda: many("", three_model(SMALL), T_THREE, 8),
    "three-state-cubic": lambda: one("", three_model(CUBIC), T_THREE),
    "three-state-replica-kernel": lambda: lanes("", three_model(SMALL), T_THREE, 64),
    "naive-three-state": lambda: naive(512)[0],
    "naive-plain": lambda: naive(512)[1],
} | {peer.name.split(",")[0]: lambda peer=peer: peer for peer in peers(512)}


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize("name", MAKERS)
def test_kernel(benchmark, name):
    contestant = MAKERS[name]()
    slow = name.startswith(("naive", "mcising", "peapods"))
    n = max(1, UPDATES // (16 if slow else 1) // contestant.n_sites)
    benchmark.pedantic(contestant.sweep, args=(n,), rounds=7, warmup_rounds=2)
    if benchmark.stats is not None:  # None with --benchmark-disable
        benchmark.extra_info["ns_per_site_update"] = benchmark.stats.stats.median / (n * contestant.n_sites) * 1e9
