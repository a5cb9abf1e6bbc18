"""Every unit against the CODATA constants, by another way than the table's."""

import math

import pytest
from scipy import constants

from mcsco import units

N_A, k_B, h, c, e = constants.N_A, constants.k, constants.h, constants.c, constants.e


def joules_per_molecule(value, unit):
    return {
        "kJ/mol": value * 1000 / N_A,
        "J/mol": value / N_A,
        "K": value * k_B,
        "cm-1": h * c * value / 0.01,  # wave number per centimetre
        "meV": value * 1e-3 * e,
    }[unit]


@pytest.mark.parametrize("unit", units.QUANTITIES["energy"])
def test_an_energy_is_worth_the_same_per_molecule_in_every_unit(unit):
    parsed = units.parse_quantity(f"18.2 {unit}", "energy")  # kJ/mol
    assert parsed * 1000 / N_A == pytest.approx(joules_per_molecule(18.2, unit), rel=1e-12)


@pytest.mark.parametrize(
    ("quantity", "unit", "in_si"),
    [
        ("entropy", "J/(mol K)", 1.0),
        ("entropy", "J/mol/K", 1.0),
        ("entropy", "kJ/(mol K)", 1000.0),
        ("entropy", "k_B", N_A * k_B),
        ("temperature", "K", 1.0),
        ("pressure", "GPa", constants.giga),
        ("pressure", "MPa", constants.mega),
        ("pressure", "kbar", 1000 * constants.bar),
        ("pressure", "bar", constants.bar),
        ("volume", "cm3/mol", constants.centi**3),
        ("volume", "Å3", N_A * constants.angstrom**3),
        ("volume", "A3", N_A * constants.angstrom**3),
        ("stiffness", "GPa", constants.giga),
        ("stiffness", "MPa", constants.mega),
        ("stiffness", "kbar", 1000 * constants.bar),
        ("site volume", "Å3", constants.angstrom**3),
        ("site volume", "A3", constants.angstrom**3),
        ("site volume", "nm3", constants.nano**3),
    ],
)
def test_a_quantity_in_si(quantity, unit, in_si):
    public = {
        "entropy": 1.0,
        "temperature": 1.0,
        "pressure": constants.giga,
        "volume": constants.centi**3,
        "stiffness": constants.giga,
        "site volume": constants.angstrom**3,
    }[quantity]
    assert units.parse_quantity(f"2.5 {unit}", quantity) * public == pytest.approx(2.5 * in_si, rel=1e-12)


def test_the_table_names_no_unit_that_is_not_checked_here():
    assert {quantity: len(table) for quantity, table in units.QUANTITIES.items()} == {
        "energy": 5,
        "entropy": 4,
        "temperature": 1,
        "pressure": 4,
        "volume": 3,
        "stiffness": 3,
        "site volume": 3,
    }


def test_the_first_unit_of_every_quantity_is_the_public_one():
    for quantity, table in units.QUANTITIES.items():
        first = next(iter(table))
        assert table[first] == 1.0
        assert units.parse_quantity(f"-3e-2 {first}", quantity) == -0.03


@pytest.mark.parametrize("text", ["2188 K", " 2188   K ", "2188.0 K", "2.188e3 K", "+2188 K"])
def test_blanks_and_notation_do_not_matter(text):
    assert units.parse_quantity(text, "energy") == pytest.approx(18.192, abs=5e-4)


@pytest.mark.parametrize(
    ("text", "quantity", "message"),
    [
        ("18.2", "energy", "has no unit; energy takes kJ/mol, J/mol, K, cm-1, meV"),
        ("18.2 GPa", "energy", "unit 'GPa' does not fit; energy takes kJ/mol"),
        ("18.2 kj/mol", "energy", "unit 'kj/mol' does not fit"),
        ("warm K", "temperature", "does not begin with a number; write e.g. '1.5 K'"),
        ("", "pressure", "does not begin with a number; write e.g. '1.5 GPa'"),
        ("235 °C", "temperature", "unit '°C' does not fit; temperature takes K"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(text, quantity, message):
    with pytest.raises(ValueError, match="'") as caught:
        units.parse_quantity(text, quantity)
    assert message in str(caught.value)


def test_one_kelvin_is_the_gas_constant():
    assert units.kelvin_from_kj_mol(units.KELVIN) == 1.0
    assert units.kelvin_from_kj_mol(1.0) == pytest.approx(1000 / (N_A * k_B), rel=1e-12)


def test_pressure_times_volume():
    # 1 kbar cm3/mol is 100 J/mol, i.e. 12.027 K.
    work = units.pressure_work(units.parse_quantity("1 kbar", "pressure"), 1.0)
    assert work == pytest.approx(0.1, rel=1e-12)
    assert units.kelvin_from_kj_mol(work) == pytest.approx(12.027, abs=5e-4)


def test_curie_product_from_the_si_definition():
    mu_B, mu_0 = constants.value("Bohr magneton"), constants.mu_0
    si = mu_0 * N_A * mu_B**2 / (3 * k_B)  # m3 K/mol, rationalised
    assert si * 1e6 / (4 * math.pi) == pytest.approx(units.CURIE, rel=1e-9)


def test_curie_product_of_high_spin_iron():
    assert units.curie_product(2.0, 2) == pytest.approx(3.0012, abs=5e-4)
    assert units.curie_product(2.160, 2) == pytest.approx(3.5, rel=1e-3)  # measured plateau, DOI 10.1039/d4mh01318b
    assert units.curie_product(2.0, 0) == 0.0


def test_a_gigapascal_times_a_cubic_angstrom():
    molar = constants.giga * constants.angstrom**3 * N_A / 1000
    assert pytest.approx(molar, rel=1e-12) == units.GPA_A3
    assert units.kelvin_from_kj_mol(molar) == pytest.approx(72.43, abs=5e-3)
