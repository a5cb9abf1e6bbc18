"""Program: import mcsco, do one sweep, and say how long each took."""

import json
import sys
import time

began = time.perf_counter()
import mcsco  # noqa: E402

imported = time.perf_counter()
light = "numba" not in sys.modules
model = mcsco.presets.load("pmpea-nn", (512, 512))
simulation = mcsco.Simulation(model, 280.0, start="random", seed=1, threads=int(sys.argv[1]))
simulation.run(1)
swept = time.perf_counter()
result = {"import": imported - began, "first sweep": swept - began, "cpu": time.process_time(), "light": light}
print(json.dumps(result))
