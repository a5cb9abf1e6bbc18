"""Ready models of real crystals, each with its source.

Energies of the [Fe(PM-PEA)2(NCS)2] sets are written in kelvin times `units.KELVIN`, as they were calibrated:
T_up = 235 K and T_down = 220 K of the mean field, ln g = 8 (66.5 J/mol/K) and HSls → HShs at 800 K, after
Valverde-Muñoz et al., Mater. Horiz. 12, 1463 (2025), DOI 10.1039/d4mh01318b.
"""

from dataclasses import dataclass

from mcsco.errors import InputError
from mcsco.model.elasticity import Elasticity
from mcsco.model.interactions import InfiniteRange, Intramolecular, NearestNeighbours
from mcsco.model.lattice import Lattice
from mcsco.model.model import Interaction, Model
from mcsco.model.site import Displacive, Distortion, OrderDisorder, SpinCrossover
from mcsco.units import KELVIN, R

PMPEA_SOURCE = "Valverde-Muñoz et al., Mater. Horiz. 12, 1463 (2025), DOI 10.1039/d4mh01318b"
CLUSTER_SOURCE = (
    "Zhao et al., supporting information on spin and valence isomerism in cyanide-bridged {Fe2M} clusters, Table S6"
)


@dataclass(frozen=True)
class Preset:
    """A named model and where its numbers come from."""

    name: str
    summary: str
    source: str
    shape: tuple[int, ...]
    spin: SpinCrossover
    distortion: Distortion | None = None
    interactions: tuple[Interaction, ...] = ()
    second: SpinCrossover | None = None

    def model(self, shape: tuple[int, ...] | None = None) -> Model:
        """The model on its usual lattice, or on one of another `shape`."""
        lattice = Lattice(self.shape if shape is None else shape)
        return Model(lattice, self.spin, self.distortion, self.interactions, self.second)


def _pmpea(n_enthalpy: float, J_n: float, K_inf: float, L: float) -> tuple[SpinCrossover, InfiniteRange]:
    """Molecule and infinite-range coupling from the form Δn − J_n n²/2 − K∞ m²/2 − L n m² (all in K).

    Γ γ(1−γ) + ΔH γ is the same polynomial with Γ = J_n/2 and ΔH = Δ − J_n/2.
    """
    Gamma = J_n / 2.0
    spin = SpinCrossover(enthalpy=(n_enthalpy - Gamma) * KELVIN, entropy=8.0 * R)
    return spin, InfiniteRange(spin=Gamma * KELVIN, distortion=K_inf * KELVIN, mixed=L * KELVIN)


_PAIRWISE_SPIN, _PAIRWISE = _pmpea(2335.75, 295.18, 800.0, 0.0)
_VOLUME_SPIN, _VOLUME = _pmpea(2093.67, -71.68, 400.0, 200.0)
_DISPLACIVE_SPIN, _DISPLACIVE = _pmpea(2348.3148, 99.8044, 943.7431, 0.0)
_DISPLACIVE_VOLUME_SPIN, _DISPLACIVE_VOLUME = _pmpea(2243.4816, -68.8525, 754.9944, 94.3743)
_TORSION = Displacive(barrier=600.0 * KELVIN, stiffness=4000.0 * KELVIN)

# Volume and shear of the crystal (v_s = 0.05, e13 = 0.02704); the stiffness of a soft molecular crystal is assumed such
# that the elastic part of the ferroelastic coupling is of the order of the 800 K of HSls → HShs. What neighbours add
# (130 K with 4 neighbours, 67 K with 6) makes them 800 K in mean field.
_ELASTICITY = Elasticity(stiffness=(12.0, 4.2, 3.5), site_volume=970.0, spin_strain=0.05, distortion_strain=0.02704)

PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="pmpea",
            summary="[Fe(PM-PEA)2(NCS)2], pairwise infinite-range couplings; mean-field loop 235.0/220.0 K",
            source=PMPEA_SOURCE,
            shape=(64, 64),
            spin=_PAIRWISE_SPIN,
            distortion=OrderDisorder(),
            interactions=(_PAIRWISE,),
        ),
        Preset(
            name="pmpea-volume",
            summary="[Fe(PM-PEA)2(NCS)2], distortion coupled through the volume; mean-field loop 235.0/220.0 K",
            source=PMPEA_SOURCE,
            shape=(64, 64),
            spin=_VOLUME_SPIN,
            distortion=OrderDisorder(),
            interactions=(_VOLUME,),
        ),
        Preset(
            name="pmpea-displacive",
            summary="[Fe(PM-PEA)2(NCS)2], continuous torsion, infinite-range couplings; mean-field loop 235.0/220.0 K",
            source=PMPEA_SOURCE,
            shape=(64, 64),
            spin=_DISPLACIVE_SPIN,
            distortion=_TORSION,
            interactions=(_DISPLACIVE,),
        ),
        Preset(
            name="pmpea-displacive-volume",
            summary="[Fe(PM-PEA)2(NCS)2], continuous torsion coupled through the volume; mean-field loop 235.0/220.0 K",
            source=PMPEA_SOURCE,
            shape=(64, 64),
            spin=_DISPLACIVE_VOLUME_SPIN,
            distortion=_TORSION,
            interactions=(_DISPLACIVE_VOLUME,),
        ),
        Preset(
            name="pmpea-nn",
            summary="[Fe(PM-PEA)2(NCS)2], nearest neighbours only on a cubic lattice; simulated loop near 239/217 K",
            source=PMPEA_SOURCE,
            shape=(20, 20, 20),
            # −100 Σ n n' = −25 Σ σσ' − 300 Σ n + const on the cubic lattice, so that ΔH = 2724 − 300.
            spin=SpinCrossover(enthalpy=(2724.0 - 300.0) * KELVIN, entropy=8.0 * R),
            distortion=OrderDisorder(),
            interactions=(NearestNeighbours(spin=25.0 * KELVIN, distortion=200.0 * KELVIN),),
        ),
        Preset(
            name="pmpea-elastic",
            summary="[Fe(PM-PEA)2(NCS)2], elastic crystal in 2-D; simulated loop 235/220 K at 100 MCS/K",
            source=PMPEA_SOURCE,
            shape=(64, 64),
            # ΔH = 17.220(2) and Γ = 1.331(5) kJ/mol from runs/pmpea-elastic/calibrate.toml.
            spin=SpinCrossover(enthalpy=17.22, entropy=8.0 * R),
            distortion=OrderDisorder(),
            interactions=(
                _ELASTICITY,
                NearestNeighbours(distortion=130.0 * KELVIN),
                InfiniteRange(spin=1.3305),
            ),
        ),
        Preset(
            name="pmpea-elastic-3d",
            summary="[Fe(PM-PEA)2(NCS)2], elastic crystal in 3-D; simulated loop 235/220 K at 100 MCS/K",
            source=PMPEA_SOURCE,
            shape=(32, 32, 32),
            # ΔH = 16.584 and Γ = 0.1806 kJ/mol from runs/pmpea-elastic-3d/calibrate.toml.
            spin=SpinCrossover(enthalpy=16.584, entropy=8.0 * R),
            distortion=OrderDisorder(),
            interactions=(
                _ELASTICITY,
                NearestNeighbours(distortion=67.0 * KELVIN),
                InfiniteRange(spin=0.1806),
            ),
        ),
        Preset(
            name="fe2fe",
            summary="{Fe2Fe} cluster 1, Slichter-Drickamer fit: T1/2 = 250 K, weakly cooperative",
            source=CLUSTER_SOURCE,
            shape=(64, 64),
            spin=SpinCrossover(enthalpy=21.87, entropy=87.46),
            interactions=(InfiniteRange(spin=0.42),),
        ),
        Preset(
            name="fe2co",
            summary="{Fe2Co} cluster 2, Slichter-Drickamer fit: T1/2 = 182 K, anticooperative",
            source=CLUSTER_SOURCE,
            shape=(64, 64),
            spin=SpinCrossover(enthalpy=15.42, entropy=84.49),
            interactions=(InfiniteRange(spin=-0.84),),
        ),
        Preset(
            name="dpp-py",
            summary="[Fe(dpp)2(NCS)2]·py, Slichter-Drickamer set with the loop 163/123 K (ΔS assumed)",
            source="abstract on pressure and light in spin-crossover materials (loop of 40 K centred at 143 K); "
            "ΔS assumed, T1/2 and Γ solved from the two spinodals",
            shape=(64, 64),
            spin=SpinCrossover(enthalpy=147.791 * 60.0 / 1000.0, entropy=60.0, volume=3.4),
            interactions=(InfiniteRange(spin=4.6366),),
        ),
        # Two centres that differ in ΔH only. Assumed: half conversion of a at 110 K; ΔH_b = 0, so that b is HS by its
        # entropy and by J_m; J_m = −1, which makes HS-LS the ground state up to 2.2 kbar; Γ = 0.3, weak. ΔH_a, ΔS and
        # ΔV then solve, in the mean field, that half conversion and γ = 0.9 at 7 kbar, 0.1 at 25 kbar and 298 K. One
        # centre with these two points would have ΔV = 6.05; two that convert one after the other are each sharper.
        Preset(
            name="dinuclear",
            summary="[{Fe(3-bpp)(NCS)2}2(4,4'-bipy)]·2MeOH, one centre switches; LS-LS under pressure (much assumed)",
            source="abstract on pressure and light in spin-crossover materials (one iron switches thermally; at room "
            "temperature gradual from 7 to 25 kbar; also DOI 10.1039/c2cp23940j). Assumed: T1/2 = 110 K of centre a, "
            "ΔH of centre b 0, J_m = -1 and Γ = 0.3 kJ/mol, equal ΔS and ΔV; ΔH of a, ΔS and ΔV solved from T1/2 and "
            "from γ = 0.9 and 0.1 at 7 and 25 kbar and 298 K in mean field",
            shape=(64, 64),
            spin=SpinCrossover(enthalpy=3.9009, entropy=52.184, volume=8.5002),
            second=SpinCrossover(enthalpy=0.0, entropy=52.184, volume=8.5002),
            interactions=(Intramolecular(spin=-1.0), InfiniteRange(spin=0.3)),
        ),
    )
}


def names() -> tuple[str, ...]:
    """Names of all presets."""
    return tuple(PRESETS)


def get(name: str) -> Preset:
    """The preset with its source, or `InputError` with the known names."""
    if name not in PRESETS:
        raise InputError(f"preset = {name!r}: unknown; known are {', '.join(PRESETS)}")
    return PRESETS[name]


def load(name: str, shape: tuple[int, ...] | None = None) -> Model:
    """The model of a preset, on its usual lattice or on one of another `shape`.

    Examples
    --------
    >>> import mcsco
    >>> mcsco.presets.load("pmpea").lattice.shape
    (64, 64)
    """
    return get(name).model(shape)
