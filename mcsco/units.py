"""Constants and unit conversions; the only place where they stand.

Public units are kJ/mol, J/(mol K), K, GPa and cm3/mol. Engines divide energies by the gas constant and
work in kelvin per molecule.
"""

import re

from scipy import constants

R = float(constants.R)
"""Gas constant, J/(mol K)."""

KELVIN = R / 1000.0
"""One kelvin per molecule in kJ/mol: ``energy_kJ_mol = energy_K * KELVIN``."""

GPA_A3 = float(constants.N_A * 1e-24)
"""One GPa Å3 per molecule in kJ/mol (72.43 K)."""

# Curie constant N_A mu_B^2 / (3 k_B) in cgs-emu, cm3 K/mol; mu_B in erg/G is 1e3 times its value in J/T.
CURIE = float(constants.N_A * (constants.value("Bohr magneton") * 1e3) ** 2 / (3.0 * constants.k * 1e7))
"""N_A mu_B^2 / 3 k_B in cm3 K/mol, so that chi T = CURIE g^2 S(S+1)."""


def kelvin_from_kj_mol(energy: float) -> float:
    """Energy per molecule divided by k_B, in K, of a molar energy in kJ/mol."""
    return energy / KELVIN


def pressure_work(pressure: float, volume: float) -> float:
    """P ΔV in kJ/mol for `pressure` in GPa and `volume` in cm3/mol (1 GPa cm3/mol = 1 kJ/mol)."""
    return pressure * volume


def curie_product(g: float, spin: float) -> float:
    """Spin-only chi T in cm3 K/mol of a paramagnetic centre with g-factor `g` and spin quantum number `spin`."""
    return CURIE * g**2 * spin * (spin + 1.0)


# Closed table: public unit of a quantity, and what others are worth in it. Energies are per mole of molecules.
QUANTITIES: dict[str, dict[str, float]] = {
    "energy": {
        "kJ/mol": 1.0,
        "J/mol": 1e-3,
        "K": KELVIN,
        "cm-1": 100.0 * constants.h * constants.c * constants.N_A / 1000.0,
        "meV": 1e-3 * constants.e * constants.N_A / 1000.0,
    },
    "entropy": {"J/(mol K)": 1.0, "J/mol/K": 1.0, "kJ/(mol K)": 1000.0, "k_B": R},
    "temperature": {"K": 1.0},
    "pressure": {"GPa": 1.0, "MPa": 1e-3, "kbar": 0.1, "bar": 1e-4},
    "volume": {"cm3/mol": 1.0, "Å3": constants.N_A * 1e-24, "A3": constants.N_A * 1e-24},
    "stiffness": {"GPa": 1.0, "MPa": 1e-3, "kbar": 0.1},
    "site volume": {"Å3": 1.0, "A3": 1.0, "nm3": 1000.0},
}
"""Units that input files may write behind a number, per quantity; the first is the public one."""


def parse_quantity(text: str, quantity: str) -> float:
    """The number of a string such as ``"18.2 kJ/mol"`` in the public unit of `quantity`.

    Raises
    ------
    ValueError
        With the known units, if the unit does not fit or there is no number.
    """
    table = QUANTITIES[quantity]
    known = ", ".join(table)
    found = re.match(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text.strip())
    number = found.group() if found else ""
    unit = text.strip()[len(number) :]
    try:
        value = float(number)
    except ValueError:
        raise ValueError(f"'{text}' does not begin with a number; write e.g. '1.5 {next(iter(table))}'") from None
    if unit.strip() not in table:
        given = f"unit '{unit.strip()}' does not fit" if unit else "has no unit"
        raise ValueError(f"'{text}': {given}; {quantity} takes {known}")
    return value * table[unit.strip()]
