"""Program: compile the lattice kernel and count the instructions of its innermost loops.

With the argument ``displacive``, that of continuous distortions.

A function that numba loads from its cache has no assembly, so NUMBA_CACHE_DIR must name an empty folder.
"""

import json
import re
import sys

from contestants import T_THREE, three_model

import mcsco
from mcsco.engine.displacive_kernel import displacive_serial
from mcsco.engine.lattice_kernel import sweeps_serial

_LABEL = re.compile(r"^\.?(LBB\d+_\d+):")
_BACK = re.compile(r"^\tj[a-z]+\t\.?(LBB\d+_\d+)\b")
_LIBM = re.compile(r"\b(exp2?|log2?|log10|pow|sin|cos|sqrt)(f?)\b")


def straight_loops(assembly):
    """Instructions of every loop that consists of one block: a label, no other label, and a jump back to it.

    A loop that LLVM has vectorised has this form.
    """
    loops, label, block = [], "", []
    for line in assembly.splitlines():
        if begin := _LABEL.match(line):
            label, block = begin[1], []
        elif re.match(r"^\t[a-z]", line):
            block.append(line.strip())
            if (jump := _BACK.match(line)) and jump[1] == label:
                loops.append(list(block))  # without what follows the jump
    return loops


def count(loop):
    """How many of a loop's instructions are of each kind."""
    wide = [line for line in loop if re.search(r"%[yz]mm\d", line)]
    return {
        "philox": sum(line.startswith(("vpmuludq", "vpmullq")) for line in wide),
        "packed float": sum(bool(re.match(r"vf?n?m(add|sub|ul)\w*ps\b", line)) for line in wide),
        "scalar float": sum(bool(re.match(r"v(?!broadcast)\w+s[sd]\s", line)) for line in loop),
        "wide": len(wide),
        "zmm": sum("%zmm" in line for line in loop),
        "calls": sum(line.startswith("call") for line in loop),
    }


def libm_calls(assembly):
    """Names of the functions of libm that the code refers to."""
    operands = " ".join(
        line.split("\t", 2)[-1] for line in assembly.splitlines() if line.startswith(("\tmov", "\tcall"))
    )
    return sorted({name + single for name, single in _LIBM.findall(operands)})


model, kernel = three_model((64, 64)), sweeps_serial
if "displacive" in sys.argv[1:]:
    model, kernel = mcsco.Model(model.lattice, model.spin, mcsco.Displacive(5.0, 33.0)), displacive_serial
mcsco.Simulation(model, T_THREE, threads=1).run(1)
assemblies = list(kernel.inspect_asm().values())
if not assemblies or "ret" not in assemblies[0]:
    sys.exit("no assembly: the kernel came from the cache")
loops = [count(loop) for loop in straight_loops(assemblies[0])]
print(json.dumps({"signatures": len(assemblies), "loops": loops, "libm": libm_calls(assemblies[0])}))
