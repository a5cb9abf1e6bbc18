"""Constants and unit conversions; the only place where they stand.

Public units are kJ/mol, J/(mol K), K, GPa and cm3/mol. Engines divide energies by the gas constant and
work in kelvin per molecule.
"""

from scipy import constants

R = constants.R
"""Gas constant, J/(mol K)."""

KELVIN = R / 1000.0
"""One kelvin per molecule in kJ/mol: ``energy_kJ_mol = energy_K * KELVIN``."""

# Curie constant N_A mu_B^2 / (3 k_B) in cgs-emu, cm3 K/mol; mu_B in erg/G is 1e3 times its value in J/T.
CURIE = constants.N_A * (constants.value("Bohr magneton") * 1e3) ** 2 / (3.0 * constants.k * 1e7)
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
