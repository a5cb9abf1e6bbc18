"""A user's mistake: one line that names it, exit 2, no traceback, and nothing written."""

import numpy as np
import pytest
import xarray

FIELD_WITHOUT_DISTORTION = """
model = {preset = "dpp-py", shape = [6, 6]}
protocol = {kind = "hold", temperature = [150], sweeps = 40, field = 0.1}
"""
COUPLING_WITHOUT_DISTORTION = """
[model]
shape = [6, 6]
spin = {enthalpy = 18.0, entropy = 66.5}
interactions = [{kind = "infinite-range", distortion = 6.0}]
[protocol]
kind = "hold"
temperature = [150]
sweeps = 40
"""


def check(answer, *parts):
    assert "Traceback" not in answer.err
    assert answer.code == 2
    assert answer.out == ""
    assert len(answer.err.splitlines()) == 1
    assert answer.err.startswith("mcsco: ")
    for part in parts:
        assert part in answer.err


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("[180.0, 280.0]", "[-180.0, 280.0]", ["protocol.temperature.0 = -180.0: must be greater than 0"]),
        ("[180.0, 280.0]", "[0, 280.0]", ["protocol.temperature.0 = 0"]),
        ("[180.0, 280.0]", "[180.0, nan]", ["protocol.temperature.1 = nan: must be a finite number"]),
        ("[180.0, 280.0]", "[180.0, inf]", ["protocol.temperature.1 = inf", "finite"]),
        ("[180.0, 280.0]", '["180", 280.0]', ["protocol.temperature.0", "has no unit; temperature takes K"]),
        ("[180.0, 280.0]", '["18 kJ/mol", 280.0]', ["unit 'kJ/mol' does not fit; temperature takes K"]),
        ("[180.0, 280.0]", "[180.0, 180.0]", ["must differ; use Hold"]),
        ("[180.0, 280.0]", "[180.0]", ["protocol.temperature.1: is missing"]),
        ("[180.0, 280.0]", "180.0", ["protocol.temperature = 180.0: must be a list"]),
        ("[180.0, 280.0]", "[18000000.0, 180.0]", ["must be at most 100000"]),
        ("sweeps_per_kelvin", "sweep_per_kelvin", ["protocol.sweep_per_kelvin: unknown key; did you mean 'sweeps_per"]),
        ("[run]", "[rum]", ["rum: unknown key; did you mean 'run'?"]),
        ("sweeps_per_kelvin = 2", "sweeps_per_kelvin = 1e300", ["sweeps_per_kelvin = 1e+300: must be at most"]),
        ("sweeps_per_kelvin = 2", "sweeps_per_kelvin = true", ["sweeps_per_kelvin = True: must be a number"]),
        ("measure_every = 4", "measure_every = 0", ["protocol.measure_every = 0: must be at least 1"]),
        ("measure_every = 4", "measure_every = 4.5", ["protocol.measure_every = 4.5: must be a whole number"]),
        ("seed = 3", "seed = true", ["run.seed = True: must be a whole number"]),
        ("seed = 3", "seed = -3", ["run.seed = -3: must be at least 0"]),
        ("seed = 3", "seed = " + "9" * 5000, ["is not valid TOML"]),
        ("seed = 3", "start = 'warm'", ["run.start = 'warm': must be 'LS', 'HS+'"]),
        ("[6, 6]", "[40000, 40000]", ["3 replicas of 1600000000 molecules, measured 100 times, need"]),
        ("replicas = 3", "replicas = 3000000", ["run.replicas = 3000000: must be at most 1000000"]),
        ("replicas = 3", "replicas = '3'", ["run.replicas = '3': must be a whole number"]),
        ("[6, 6]", "[6, 1]", ["model.shape.1 = 1: must be at least 2"]),
        ("[6, 6]", "[6]", ["model.shape: must have at least 2 items, not 1"]),
        ("[6, 6]", "[60000, 60000]", ["lattice shape = (60000, 60000): must have fewer than 2^31 sites"]),
        ('"pmpea"', '"pmpae"', ["preset = 'pmpae': unknown; known are pmpea"]),
        ("source-paper", "paper", ["parameter set = 'paper': unknown; known are source-paper"]),
        ('kind = "thermal-cycle"', "", ["protocol.kind: is missing"]),
        (
            '"thermal-cycle"',
            '"cycle"',
            ["protocol.kind = 'cycle': must be one of 'ramp', 'thermal-cycle', 'hold', 'quench'"],
        ),
        ("[model]", "[modell]", ["model: is missing", "modell: unknown key; did you mean 'model'?"]),
        ("[model]", "[model", ["is not valid TOML", "line 4"]),
        ("[landau]", "[model]", ["is not valid TOML"]),
        ('title = "a few molecules"', 'title = "two\\nlines"', ["title", "must be one line of text"]),
        ('title = "a few molecules"', 'output = "a\\u0000b"', ["output", "without control characters"]),
        ('title = "a few molecules"', "ramp = 1", ["ramp: unknown key"]),
        ('title = "a few molecules"', '"a\\nb" = 1', ['"a\\nb": unknown key']),
        ("T_up = 235.0", "T_up = -1", ["measured.T_up = -1: must be greater than 0"]),
        ("T_up = 235.0", "chi_t_hs = 1.0\nchi_t_ls = 1.0", ["chi_t_ls = 1 must be below chi_t_hs = 1"]),
        ("T_up = 235.0", 'file = "nowhere.csv"', ["nowhere.csv: cannot be read (No such file or directory)"]),
        ("T_up = 235.0", 'file = "."', ["cannot be read (Is a directory)"]),
        ("T_up = 235.0", 'file = "words.csv"', ["words.csv: no two columns of numbers"]),
        ("T_up = 235.0", 'file = "binary.csv"', ["binary.csv: is not a text file"]),
        ("T_up = 235.0", 'file = "hole.csv"', ["hole.csv, line 2", "not two finite numbers"]),
    ],
)
def test_in_a_run_file(mcsco, listing, run_file, tmp_path, monkeypatch, old, new, parts):
    monkeypatch.setattr("os.sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2**20}.__getitem__)  # 4 GiB
    (tmp_path / "words.csv").write_text("no numbers\nhere\n")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    (tmp_path / "hole.csv").write_text("100 0.1\n200 nan\n300 3.5\n")
    assert old in run_file
    (tmp_path / "run.toml").write_text(run_file.replace(old, new))
    before = listing()
    check(mcsco("run", "run.toml", "--output", "out"), *parts)
    assert listing() == before


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (FIELD_WITHOUT_DISTORTION, "protocol.field = 0.1 kJ/mol: acts on the distortion, but the model has none"),
        (COUPLING_WITHOUT_DISTORTION, "couple the distortion, but the model has none"),
        ("", "model: is missing; protocol: is missing"),
        ('model = "pmpea"\nprotocol = "ramp"\n', "model = 'pmpea': must be a table"),
        ("model = " + "[" * 5000, "is not valid TOML"),
    ],
)
def test_in_a_whole_file(mcsco, listing, tmp_path, text, part):
    (tmp_path / "run.toml").write_text(text)
    before = listing()
    check(mcsco("run", "run.toml"), part)
    assert listing() == before


def test_in_the_file_itself(mcsco, listing, tmp_path):
    (tmp_path / "binary.toml").write_bytes(bytes(range(256)))
    (tmp_path / "folder").mkdir()
    before = listing()
    check(mcsco("run", "nowhere.toml"), "nowhere.toml: cannot be read (No such file or directory)", "TOML file")
    check(mcsco("run", "folder"), "folder: cannot be read (Is a directory)")
    check(mcsco("run", "binary.toml"), "binary.toml: is not a text file")
    assert listing() == before


def test_in_the_output_directory(mcsco, listing, tmp_path, run_file):
    (tmp_path / "run.toml").write_text(run_file)
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("")
    before = listing()
    check(mcsco("run", "run.toml", "-o", "file"), "output = 'file'", "not a directory", "choose another")
    check(mcsco("run", "run.toml", "-o", "file/below"), "output = 'file/below'", "not a directory")
    check(mcsco("run", "run.toml", "-o", "/proc/below"), "output = '/proc/below'", "not writable", "choose another")
    check(mcsco("run", "run.toml", "-o", "full"), "holds other files; choose another with --output")
    assert listing() == before


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["show", "nowhere"], "nowhere: is not the directory of a run"),
        (["landau", "--set", "paper"], "parameter set = 'paper': unknown"),
        (["landau", "--entropy", "-1"], "entropy = -1.0 J/(mol K): must be greater than 0"),
        (["landau", "--entropy", "nan"], "entropy = nan J/(mol K): must be finite"),
    ],
)
def test_in_arguments(mcsco, arguments, part):
    check(mcsco(*arguments), part)


def damage(path, how):
    content = path.read_bytes()
    if how == "foreign":
        xarray.Dataset({"x": ("t", np.arange(3.0))}).to_netcdf(path, engine="h5netcdf")
        return
    middle = len(content) // 2
    path.write_bytes(
        {
            "truncated": content[:middle],
            "random": np.random.default_rng(1).bytes(len(content)),
            "empty": b"",
            "flipped": content.replace(b"source-paper", b"source-taper"),
        }[how]
    )


@pytest.mark.parametrize("how", ["truncated", "random", "empty", "flipped", "foreign"])
def test_a_damaged_result(mcsco, listing, directory, how):
    path = directory.path / "result.nc"
    damage(path, how)
    before = listing()
    check(mcsco("show", "run"), "result.nc: is ", "not a file of mcsco" if how != "flipped" else "damaged")
    assert listing() == before


@pytest.mark.parametrize("content", [b"\xff\xfe\xfa", b"model = 1", b"[model", b""])
def test_a_damaged_configuration(mcsco, listing, directory, content):
    (directory.path / "config.toml").write_bytes(content)
    before = listing()
    check(mcsco("show", "run"), "config.toml")
    assert listing() == before


def test_a_result_of_a_newer_mcsco(mcsco, directory, finished, tmp_path):
    config, dataset = finished
    directory.save(config, dataset.assign_attrs(format_version=2), tmp_path)
    check(mcsco("show", "run"), "has format 2, this mcsco reads up to 1; update mcsco")


def test_configuration_and_result_of_different_runs(mcsco, listing, directory, tmp_path):
    path = directory.path / "config.toml"
    path.write_text(path.read_text().replace("seed = 3", "seed = 4"))
    before = listing()
    check(mcsco("show", "run"), "config.toml and result.nc belong to different runs")
    assert listing() == before


def test_too_large_for_the_machine(mcsco, monkeypatch, tmp_path, run_file):
    def no_memory(*_):
        raise MemoryError("Unable to allocate 7 PiB")

    monkeypatch.setattr("mcsco.campaign.execute", no_memory)
    (tmp_path / "run.toml").write_text(run_file)
    answer = mcsco("run", "run.toml", "-o", "out")
    assert answer.code == 2
    assert "not enough memory (Unable to allocate 7 PiB); reduce shape, replicas or measurements" in answer.err
    assert not (tmp_path / "out").exists()


def test_force_keeps_the_old_result_until_the_new_run_can_begin(mcsco, listing, run_file, tmp_path, monkeypatch):
    (tmp_path / "run.toml").write_text(run_file)
    assert mcsco("run", "run.toml", "--output", "out").code == 0
    (tmp_path / "huge.toml").write_text(run_file.replace("[6, 6]", "[40000, 40000]"))
    before = listing()
    monkeypatch.setattr("os.sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2**20}.__getitem__)  # 4 GiB
    check(mcsco("run", "huge.toml", "--output", "out", "--force"), "GiB of memory")
    assert listing() == before
