"""`import mcsco` is light: nothing heavy is loaded before it is needed."""

import subprocess
import sys

import pytest

HEAVY = ("numba", "llvmlite", "xarray", "pandas", "matplotlib", "scipy.optimize", "pymbar", "h5py")


def loaded_after(code):
    found = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*[m for m in {HEAVY} if m in sys.modules])"],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return found.stdout.split()


@pytest.mark.parametrize(
    "code",
    [
        "import mcsco; dir(mcsco)",
        "import mcsco; mcsco.presets.load('pmpea').to_dict(); mcsco.InputError",
        "from mcsco.model import Model, Lattice; from mcsco import units",
    ],
)
def test_nothing_heavy_is_loaded(code):
    assert loaded_after(code) == []


def test_everything_can_be_imported_from_the_package():
    names = (
        "import mcsco\nfor name in mcsco.__all__: getattr(mcsco, name)\nassert set(mcsco.__all__) <= set(dir(mcsco))"
    )
    assert "numba" in loaded_after(names)


def test_unknown_names_are_attribute_errors():
    import mcsco

    with pytest.raises(AttributeError, match="has no attribute 'Simulator'"):
        mcsco.Simulator  # noqa: B018
