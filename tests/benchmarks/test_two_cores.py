"""What a second core brings to replicas, by CPU times of the threads: other load on the machine does not count."""

import statistics
import threading
import time

from mcsco import Hold, presets
from mcsco.sampling import Journey

ROUNDS = 7
PLAN = Hold(230.0, 400, 40)
OPTIONS = {"seed": 1, "replicas": 64, "kernel": "replica"}


def journey(threads):
    return Journey(presets.load("pmpea", (32, 32)), PLAN, threads=threads, **OPTIONS)


def one_core():
    run = journey(1)
    began = time.thread_time()
    run.run()
    return time.thread_time() - began


def two_cores(monkeypatch):
    """CPU time of the busier of two threads and of the one that waits for them: the time that two free cores need."""
    run = journey(2)
    spent = {}
    follow = type(run.trajectories[0]).follow

    def timed(trajectory, *arguments):
        began = time.thread_time()
        done = follow(trajectory, *arguments)
        name = threading.get_ident()
        spent[name] = spent.get(name, 0.0) + time.thread_time() - began
        return done

    with monkeypatch.context() as patched:
        patched.setattr(type(run.trajectories[0]), "follow", timed)
        began = time.thread_time()
        run.run()
        waiting = time.thread_time() - began
    # Which thread takes which batch is a matter of chance on a busy machine: on two free cores they share evenly.
    n_batches = len(run.trajectories)
    share = -(-n_batches // 2) / n_batches
    return sum(spent.values()) * share + waiting


def test_two_cores_do_nearly_twice_as_much(monkeypatch, show):
    one_core(), two_cores(monkeypatch)
    pairs = [(one_core(), two_cores(monkeypatch)) for _ in range(ROUNDS)]
    gain = statistics.median(one / two for one, two in pairs)
    ones, twos = (statistics.median(column) for column in zip(*pairs, strict=True))
    show(
        f"64 replicas of 32², replica kernel: one core {1e3 * ones:.0f} ms, two cores {1e3 * twos:.0f} ms, {gain:.2f} x"
    )
    assert gain > 1.8
