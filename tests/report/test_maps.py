"""The figure of a configuration: which panels, which numbers in them, and files that repeat."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import mcsco
from mcsco.model import Elasticity, Lattice, Model, NearestNeighbours, OrderDisorder, SpinCrossover, State
from mcsco.observables import strain_maps, structure_factors
from mcsco.report import draw_maps, save_maps
from mcsco.report.maps import domain_codes
from mcsco.report.snapshots import make_cut

SPIN = SpinCrossover(10.0, 60.0)
SHEAR = Elasticity((12.0, 4.2, 3.5), 1000.0, 0.03, 0.027)
NEAR = NearestNeighbours(0.1, 0.3)
STRETCH = Elasticity((12.0, 4.2, 3.5), 1000.0, 0.0, ((0.02, 0.0), (0.0, -0.02)))


def random_state(shape, distorts=True, seed=4):
    rng = np.random.default_rng(seed)
    spin = rng.choice([-1, 1], size=shape).astype(np.int8)
    u = (rng.choice([-1, 1], size=shape) * (spin > 0) * distorts).astype(np.int8)
    return State(spin, u)


def draw(shape, terms=(SHEAR, NEAR), distorts=True, **options):
    model = Model(Lattice(shape), SPIN, OrderDisorder() if distorts else None, terms)
    state = random_state(shape, distorts)
    return draw_maps(model, state, **options), model, state


def panels(figure):
    """Title without its letter, and image."""
    named = [(axes.get_title(loc="left"), axes) for axes in figure.axes if axes.get_title(loc="left")]
    assert [title[:11] for title, _ in named] == [f"$\\mathbf{{{letter}}}" for letter in "abcdef"[: len(named)]]
    return {title.split("  ", 1)[1]: axes for title, axes in named}


def image(axes):
    return np.asarray(axes.images[0].get_array())


def test_the_panels_hold_the_fields():
    figure, model, state = draw((12, 16), pressure=0.3)
    found = panels(figure)
    maps = strain_maps(model, state, 0.3)
    assert list(found) == [
        "spin", "domains", "$\\log_{10}\\,S_{uu}(k)$", "strain $\\varepsilon_{xy}$ (%)",
        "volume strain tr $\\varepsilon$ (%)", "stress $\\sigma_{xy}$ (MPa)",
    ]  # fmt: skip
    images = [image(axes) for axes in found.values()]
    assert np.array_equal(images[0], (state.spin > 0))
    assert np.array_equal(images[1] - 1, state.distortion)
    assert images[3] == pytest.approx(100 * maps.strain[..., 0, 1])
    assert images[4] == pytest.approx(100 * maps.volume_strain)
    assert images[5] == pytest.approx(1000 * maps.stress[..., 0, 1])
    assert found["spin"].images[0].origin == "lower"
    for axes in list(found.values())[3:]:
        low, high = axes.images[0].get_clim()
        assert low == pytest.approx(-high)


@pytest.mark.parametrize("shape", [(12, 16), (9, 11)], ids=str)
def test_the_structure_factor_is_centred_in_units_of_the_zone(shape):
    figure, _, state = draw(shape)
    axes = panels(figure)["$\\log_{10}\\,S_{uu}(k)$"]
    S = structure_factors(state).S_uu
    values, (left, right, bottom, top) = image(axes), axes.images[0].get_extent()
    low, high = axes.images[0].get_clim()
    for m, n in [(1, 2), (-3, 1), (0, 4), (shape[0] // 2, shape[1] // 2), (-(shape[0] // 2), 1)]:
        k_y, k_x = 2 * m / shape[0], 2 * n / shape[1]
        row = int((k_y - bottom) / (top - bottom) * values.shape[0])
        column = int((k_x - left) / (right - left) * values.shape[1])
        assert values[row, column] == pytest.approx(max(np.log10(S[m, n]), low), abs=1e-12)
    assert high == pytest.approx(np.log10(S.max()))
    assert (left, bottom) == pytest.approx((-right, -top))
    assert axes.get_xlim() == (-1, 1)


@pytest.mark.parametrize(
    ("terms", "distorts", "words"),
    [
        ((NEAR,), True, ["spin", "domains", "S_{uu}", "S_{nn}"]),
        ((NearestNeighbours(0.1),), False, ["spin", "S_{nn}"]),
        ((Elasticity((12.0, 4.2, 3.5), 1000.0, 0.03),), False, ["spin", "S_{nn}", "volume", "mean stress"]),
        ((Elasticity((12.0, 4.2, 3.5), 1000.0, 0.03), NEAR), True,
         ["spin", "domains", "S_{uu}", "S_{nn}", "volume", "mean stress"]),
        ((STRETCH, NEAR), True, ["spin", "domains", "S_{uu}", "strain $\\varepsilon_{xx}$", "volume", "sigma_{xx}"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("width", ["single", "double"])
def test_what_is_shown_of_other_models(terms, distorts, words, width):
    figure, _, _ = draw((6, 8), terms, distorts, width=width)
    found = list(panels(figure))
    assert len(found) == len(words)
    assert all(word in title for word, title in zip(words, found, strict=True))
    expected = min({"single": 86, "double": 180}[width], 180 if len(words) > 2 else 90)
    assert figure.get_figwidth() == pytest.approx(expected / 25.4)


def test_planes_of_a_crystal_in_three_dimensions():
    shape = (4, 6, 8)
    figure, model, state = draw(shape)  # e13 shears in the x-z plane: y = 3 in the middle
    maps = strain_maps(model, state)
    assert "plane y = 3" in [text.get_text() for text in figure.texts]
    found = panels(figure)
    assert image(found["strain $\\varepsilon_{xz}$ (%)"]) == pytest.approx(100 * maps.strain[:, 3, :, 0, 2])
    assert np.array_equal(image(found["spin"]), state.spin[:, 3] > 0)
    assert found["$\\log_{10}\\,S_{uu}(k)$"].get_ylabel() == "$k_z\\,a/\\pi$"
    figure, _, _ = draw(shape, cut="z=1", title="200 K")
    assert "200 K, plane z = 1" in [text.get_text() for text in figure.texts]
    assert np.array_equal(image(panels(figure)["spin"]), state.spin[1] > 0)
    figure, _, _ = draw(shape, cut="x = 7")
    assert np.array_equal(image(panels(figure)["spin"]), state.spin[..., 7] > 0)


@pytest.mark.parametrize(("shape", "terms", "label"), [((8, 60), (SHEAR,), "20 nm"), ((60, 60), (NEAR,), "20 sites")])
def test_the_scale_bar_is_as_long_as_it_says(shape, terms, label):
    figure, _, _ = draw(shape, terms)
    axes = panels(figure)["spin"]
    (line,) = axes.lines
    assert [text.get_text() for text in axes.texts] == [label]
    x = line.get_xdata()
    assert x[1] - x[0] == pytest.approx(20.0)  # 1000 Å3 per molecule: 1 nm each


def test_nothing_is_cut_off():
    """Every text lies inside of the figure, at both widths."""
    for options in ({"width": "single"}, {"width": "double", "title": "T"}):
        figure, _, _ = draw((24, 24), **options)
        figure.draw_without_rendering()
        box = figure.get_tightbbox()
        assert box.x0 >= -0.01
        assert box.y0 >= -0.01
        assert box.x1 <= figure.get_figwidth() + 0.01
        assert box.y1 <= figure.get_figheight() + 0.01


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_files_repeat(tmp_path, kind):
    figure, _, _ = draw((6, 8))
    first = save_maps(figure, tmp_path / f"a.{kind}")
    again = save_maps(draw((6, 8))[0], str(tmp_path / f"b.{kind}"))
    assert first.read_bytes() == again.read_bytes()
    head = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[kind]
    assert first.read_bytes().startswith(head)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a.{kind}", f"b.{kind}"]


def test_mistakes(tmp_path):
    for options, match in (
        ({"width": "wide"}, "width = 'wide'"),
        ({"cut": "z = 1"}, "is a plane itself"),
        ({"term": 1}, "term = 1"),
    ):
        with pytest.raises(mcsco.InputError, match=match):
            draw((6, 8), **options)
    for cut in ("z", "w = 1", "z = 4", "z = -1", "z = 1.5"):
        with pytest.raises(mcsco.InputError, match="cut = "):
            make_cut((4, 6, 8), cut)
    for name, match in (("a.jpg", "must end in"), ("no/a.png", "is not a directory")):
        with pytest.raises(mcsco.InputError, match=match):
            save_maps(Figure(), tmp_path / name)
    model = Model(Lattice((6, 8)), SPIN, OrderDisorder(), (NEAR,))
    with pytest.raises(mcsco.InputError, match="shape"):
        draw_maps(Model(Lattice((8, 6)), SPIN, OrderDisorder(), (SHEAR,)), random_state((6, 8)))
    with pytest.raises(mcsco.InputError, match="shape"):
        draw_maps(model, random_state((8, 6)))


def test_codes_of_domains():
    state = State(np.array([[-1, 1], [1, 1]], np.int8), np.array([[0, 1], [-1, 0]], np.int8))
    assert domain_codes(state).tolist() == [[0, 1], [2, 3]]
