"""Which dynamics there are, and what both kernels must know of them."""

DYNAMICS = ("metropolis", "heat-bath")
"""Names of the dynamics; their index is what kernels get."""

METROPOLIS, HEAT_BATH = 0, 1

ARRHENIUS = "arrhenius"
"""Name of the activated dynamics, which has kernels of its own."""

LAZY = 15.0 / 16.0
"""Metropolis flips of plain spins are accepted with this times min(1, w'/w).

With 1, molecules without coupling at T1/2 would flip at every visit: a sweep in fixed order would never mix, and
replicas that visit the same sites would move as one. Three states need no such help, since the proposal is drawn.
"""
