"""The pages on input files and on results say what is true."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import xarray

from mcsco import campaign
from mcsco.campaign.checksum import CHECKSUM, checksum
from mcsco.campaign.config import Section
from mcsco.units import QUANTITIES

DOCS = Path(__file__).parents[2] / "docs"


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(name, language):
    return re.findall(rf"```{language}\n(.*?)```", page(name), flags=re.DOTALL)


def test_the_examples_are_valid():
    shortest, longest, elastic = (campaign.parse_config(text) for text in blocks("input-files.md", "toml"))
    assert shortest.model.preset == "pmpea"
    assert longest.model.build().couplings.Gamma == 0.45
    assert longest.measured.file == "chi_t.csv"
    assert len(elastic.model.build().interactions) == 2
    for config in (shortest, longest, elastic):
        assert campaign.parse_config(config.to_toml()).fingerprint == config.fingerprint


def test_the_longest_example_uses_every_table():
    longest = campaign.parse_config(blocks("input-files.md", "toml")[1])
    unset = {name for name in type(longest).model_fields if getattr(longest, name) is None}
    assert unset == {"calibrate", "campaign", "kinetics"}  # each makes a file of another kind


def test_every_key_and_unit_is_on_the_page():
    keys = {key for section in Section.__subclasses__() for key in section.model_fields} - {"model", "protocol", "run"}
    text = page("input-files.md")
    for key in keys:
        assert re.search(rf"[`.\[]{key}[`\]]", text), key
    for table in QUANTITIES.values():
        for unit in table:
            assert f"`{unit}`" in text, unit


def test_the_measured_example_is_read(tmp_path):
    (text,) = [block for block in blocks("input-files.md", "text") if block.startswith("T (K)")]
    (tmp_path / "chi_t.csv").write_text(text)
    config = campaign.parse_config(blocks("input-files.md", "toml")[1])
    assert campaign.measured_curve(config, tmp_path).chi_t.tolist() == [0.04, 0.11, 3.37, 3.49]


def test_every_variable_and_attribute_of_a_result_is_on_the_page(directory):
    result, text = directory.result(), page("files.md")
    for name in (*result.variables, *result.attrs):
        assert f"`{name}`" in text, name
    for name, variable in result.variables.items():
        if name != "replica":
            (row,) = re.findall(rf"^\| `{name}` \| .*$", text, flags=re.MULTILINE)
            assert [cell.strip() for cell in row.split("|")][3:5] == [str(variable.dtype), variable.attrs["units"]]


def test_the_python_on_the_page_runs(directory, tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    directory.path.rename(tmp_path / "results" / "thermal_loop")
    monkeypatch.chdir(tmp_path)
    matplotlib = pytest.importorskip("matplotlib")
    with matplotlib.rc_context({"backend": "agg"}):
        for code in blocks("files.md", "python"):
            exec(code, {})
        matplotlib.pyplot.close("all")


def test_a_compressed_copy_is_sound(directory, tmp_path):
    result = directory.result()
    encoding = {name: {"zlib": True, "complevel": 4} for name in ("gamma", "q", "eta", "energy", "spin")}
    result.to_netcdf(tmp_path / "copy.nc", engine="h5netcdf", encoding=encoding)
    with xarray.open_dataset(tmp_path / "copy.nc", engine="netcdf4") as copy:
        assert checksum(copy.load()) == copy.attrs[CHECKSUM]


@pytest.mark.skipif(shutil.which("ncdump") is None, reason="the netCDF tools are not installed")
def test_ncdump(directory):
    shown = subprocess.run(["ncdump", "-h", directory.path / "result.nc"], capture_output=True, text=True, check=True)
    assert 'gamma:units = "1"' in shown.stdout


def test_the_campaigns_page(mcsco, capsys):
    """Its file is a campaign, its commands are those of the program, and its Python runs."""
    text, precise, refined, loops = blocks("campaigns.md", "toml")
    hold = campaign.parse_config(text.partition("[protocol]")[0] + precise).protocol.build()[0]
    assert dict(hold.precision) == {"q": 0.01, "eta": 0.02}
    assert campaign.n_points(campaign.parse_config(refined)) == 12
    assert campaign.n_points(campaign.parse_config(refined.partition("[protocol]")[0] + loops)) == 3
    assert campaign.n_points(campaign.parse_config(text)) == 9
    Path("gamma.toml").write_text(text.replace("[32, 32]", "[4, 4]"))
    commands = [command for block in blocks("campaigns.md", "sh") for command in block.splitlines()]
    assert len(commands) == 6
    for command in commands:
        words = command.partition("#")[0].removeprefix("python -m mcsco ").split()
        answer = mcsco(*words)
        assert answer.code == 0, answer.err
    (code,) = blocks("campaigns.md", "python")
    exec(compile(code, "campaigns.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) >= 19


@pytest.mark.parametrize(
    "path", sorted((DOCS.parent / "runs").rglob("*.toml")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_every_run_file_is_valid(path):
    config = campaign.read_config(path)
    assert config.output == f"results/{path.relative_to(DOCS.parent / 'runs').with_suffix('')}"
    if config.campaign is not None:
        assert campaign.make_tasks(config)
