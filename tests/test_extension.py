"""The zip that is installed into Blender: what it holds, and that a Blender with an empty profile takes it.

The bpy package is one such Blender. If the environment names an executable, as in BLENDER=/path/to/blender,
that one is tested as well, as a person would use it.
"""

import hashlib
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import requires
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.test_packaging import ROOT, project_files

BLENDER = os.environ.get("BLENDER")
PYTHONS = ("cp311", "cp313", "cp314")
COMPILED = ("markupsafe", "pillow", "pydantic_core")
PURE = ("annotated_types", "jinja2", "pydantic", "typing_extensions", "typing_inspection")
OWN = {"linux-x64": "manylinux", "windows-x64": "win_amd64", "macos-arm64": "arm64", "macos-x64": "x86_64"}
BROUGHT = ("PIL", "jinja2", "markupsafe", "pydantic", "pydantic_core")  # what they are imported as

INSTALL = """
import sys
sys.path.insert(0, sys.argv[1])
import bpy
bpy.ops.extensions.package_install_files(filepath=sys.argv[2], repo="user_default", enable_on_install=True)
"""

# Run inside Blender after the add-on was enabled. Importing proves that its wheels fit.
OFF_AND_ON = """
import importlib, sys
import bpy

name = "bl_ext.user_default.seig"
for package in ("pydantic_core", "PIL._imaging", "markupsafe._speedups", "pydantic", "jinja2"):
    file = importlib.import_module(package).__file__
    assert file.startswith(bpy.utils.user_resource("EXTENSIONS")), file
for _ in range(2):
    bpy.ops.preferences.addon_disable(module=name)
    assert name not in bpy.context.preferences.addons
    bpy.ops.preferences.addon_enable(module=name)
    assert name in bpy.context.preferences.addons
assert sys.modules[name + ".seig_addon.cli"].main(["models"]) == 0
"""

# Ctrl-C reaches Blender itself here, and no script that it may be started by.
INTERRUPT = """
import os, signal, sys, threading, time
from pathlib import Path
import bpy

def press():
    while not list(Path("run").glob("questions/*/question.md")):
        time.sleep(0.1)
    pressed.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)

pressed = []
threading.Thread(target=press, daemon=True).start()
main = sys.modules["bl_ext.user_default.seig.seig_addon.cli"].main
arguments = ["reconstruct", "box.png", "--model", "manual", "--output", "run"]
code = main(arguments, blender=Path(bpy.app.binary_path))
assert code == 130, code
assert time.monotonic() - pressed[0] < 1
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    (path,) = _build(tmp_path_factory.mktemp("built"), "slim")
    return path


def _build(folder, *kinds):
    tool = subprocess.run(
        [sys.executable, ROOT / "tools" / "extension", *kinds, "--output", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if tool.returncode and re.search("connect|name resolution", tool.stderr, re.IGNORECASE):
        pytest.skip("THE EXTENSION WAS NOT TESTED: its wheels can't be downloaded, as there is no network.")
    assert tool.returncode == 0, tool.stdout + tool.stderr
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def pinned():
    """Return the packages, with their versions, that the zip for a platform brings."""
    tool = runpy.run_path(str(ROOT / "tools" / "extension"))

    def read(platform, lock="py311", without=()):
        tool["pinned"].__globals__["LOCK"] = ROOT / "locks" / f"{lock}.txt"
        return dict(re.findall(r"^(\S+)==(\S+)", tool["pinned"](platform, set(without)), re.MULTILINE))

    return read


@pytest.mark.parametrize("platform", OWN)
def test_each_zip_brings_all_that_its_packages_need_and_blender_lacks(pinned, platform):
    brought = pinned(platform)
    system = {"sys_platform": {"linux": "linux", "windows": "win32", "macos": "darwin"}[platform.split("-")[0]]}
    in_blender = {"numpy", "requests", "certifi", "charset-normalizer", "idna", "urllib3"}
    for package in brought.keys() - {"colorama"}:  # which is installed on Windows only
        for line in requires(package) or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({**system, "extra": ""}):
                name = needed.name.lower().replace("_", "-").replace(".", "-")
                assert name in brought.keys() | in_blender, f"{package} needs {line}"
    assert ("colorama" in brought) == (platform == "windows-x64")
    assert not brought.keys() & {*in_blender, "bpy", "pytest", "hypothesis", "ruff", "mypy", "scikit-image"}


def test_the_zips_bring_the_same_versions_that_are_tested_on_each_blender(pinned):
    assert pinned("linux-x64") == pinned("linux-x64", "py313") == pinned("linux-x64", "py311-blender45")


def test_no_malicious_version_of_litellm_is_brought_and_the_slim_zip_brings_none(pinned):
    assert pinned("linux-x64")["litellm"] not in {"1.82.7", "1.82.8"}
    assert pinned("linux-x64", without={"litellm"}).keys() == {name.replace("_", "-") for name in (*COMPILED, *PURE)}


@pytest.mark.slow
@pytest.mark.timeout(1800)  # downloads 300 MB the first time
def test_each_platform_has_a_zip_with_its_own_wheels_for_both_of_blenders_pythons(tmp_path, pinned):
    lock = (ROOT / "locks" / "py311.txt").read_text("utf-8")
    for path in _build(tmp_path, *OWN):
        platform = path.stem.removeprefix("seig-").partition("-")[2]
        with zipfile.ZipFile(path) as file:
            manifest = tomllib.loads(file.read("blender_manifest.toml").decode())
            wheels = {name.removeprefix("wheels/"): file.read(name) for name in file.namelist() if name[-4:] == ".whl"}
        assert manifest["platforms"] == [platform]
        assert not [name for name, data in wheels.items() if hashlib.sha256(data).hexdigest() not in lock]
        assert {name.split("-")[0].replace("_", "-") for name in wheels} == set(pinned(platform))
        compiled = [name.split("-") for name in wheels if not name.endswith("none-any.whl")]
        assert all(OWN[platform] in tag for *_, tag in compiled), compiled
        for package in {name for name, *_ in compiled}:
            tags = {(python, abi) for name, _, python, abi, _ in compiled if name == package}
            assert tags == {("cp311", "cp311"), ("cp313", "cp313")} or {abi for _, abi in tags} == {"abi3"}


@pytest.mark.slow
def test_with_its_wheels_and_what_blender_has_litellm_can_be_imported(tmp_path):
    (path,) = _build(tmp_path / "built", _this_platform())
    wheels = tmp_path / "wheels"
    fits = f"cp{sys.version_info.major}{sys.version_info.minor}"
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            if name.endswith(".whl") and (fits in name or "abi3" in name or "none-any" in name):
                with zipfile.ZipFile(file.open(name)) as wheel:
                    wheel.extractall(wheels)
    site = Path(find_spec("requests").origin).parent.parent
    for name in ("requests", "certifi", "charset_normalizer", "idna", "urllib3"):
        (wheels / name).symlink_to(site / name)
    code = "import sys; sys.path[:0] = sys.argv[1:]; import litellm; print(litellm.__file__)"
    said = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, wheels],
        env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith(str(wheels))


def test_the_zip_is_named_by_its_version_and_holds_the_addon_its_wheels_and_nothing_else(built):
    with zipfile.ZipFile(built) as file:
        names = set(file.namelist())
        manifest = tomllib.loads(file.read("blender_manifest.toml").decode())
    wheels = {name for name in names if name.startswith("wheels/")}
    assert built.name == f"seig-{manifest['version']}-slim.zip"
    assert {f"./{name}" for name in wheels} == set(manifest["wheels"])
    wanted = {"__init__.py", "blender_manifest.toml", "LICENSE", "README.md", "prompts", "seig_addon"}
    files = {path.relative_to(ROOT) for path in project_files()}
    assert names - wheels == {path.as_posix() for path in files if path.parts[0] in wanted}
    assert len(manifest["platforms"]) == 1  # compiled wheels are for this machine's


def test_the_wheels_are_the_pinned_ones_and_for_every_python_that_blenders_have(built):
    with zipfile.ZipFile(built) as file:
        wheels = {name.removeprefix("wheels/"): file.read(name) for name in file.namelist() if name.endswith(".whl")}
    wanted = [(name, python) for name in COMPILED for python in PYTHONS] + [(name, "py3") for name in PURE]
    assert sorted((name.split("-")[0], name.split("-")[2]) for name in wheels) == sorted(wanted)
    lock = (ROOT / "locks" / "py311.txt").read_text("utf-8")
    assert not [name for name, data in wheels.items() if hashlib.sha256(data).hexdigest() not in lock]


def test_the_bpy_package_installs_disables_and_enables_it_without_our_packages(built, tmp_path):
    site = Path(find_spec("bpy").origin).parent.parent
    packages = tmp_path / "packages"  # all that this Python has but what the extension brings
    packages.mkdir()
    for path in site.iterdir():
        if path.name not in BROUGHT:
            (packages / path.name).symlink_to(path)
    said = subprocess.run(
        [sys.executable, "-I", "-S", "-c", INSTALL + OFF_AND_ON, packages, built],
        cwd=tmp_path, env=_profile(tmp_path / "profile"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.fixture(scope="module")
def blender(built, tmp_path_factory):
    """Run the Blender that BLENDER names, with a profile that holds nothing but the add-on."""
    if not BLENDER:
        pytest.skip("no Blender is named, as by BLENDER=/path/to/blender")
    executable = shutil.which(BLENDER)
    assert executable, f"BLENDER={BLENDER} is no program"
    profile = _profile(tmp_path_factory.mktemp("profile"))

    def run(*arguments, cwd):
        return subprocess.run(
            [Path(executable).absolute(), *map(str, arguments)],
            cwd=cwd, env=profile, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    said = run("--command", "extension", "install-file", "-r", "user_default", "--enable", built, cwd=built.parent)
    assert said.returncode == 0, said.stdout + said.stderr
    return run


@pytest.fixture
def seig(blender, picture, tmp_path):
    """Type a command in a folder with a picture, box.png."""
    picture.save(tmp_path / "box.png")
    return lambda *arguments: blender("--command", "seig", *arguments, cwd=tmp_path)


@pytest.mark.slow
def test_blender_disables_and_enables_it_again(blender, tmp_path):
    said = blender("--background", "--python-exit-code", 3, "--python-expr", OFF_AND_ON, cwd=tmp_path)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.slow
def test_in_blender_doctor_finds_everything_well(seig):
    said = seig("doctor")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "All is well." in said.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-h"], 0, "reconstruct"),
        (["reconstruct", "--help"], 0, "--rounds"),
        (["--version"], 0, "SEIG "),
        (["reconstruct", "nowhere.png"], 1, "no picture at"),
        (["reconstruct", "box.png", "--model", "gpt-0"], 1, "no model 'gpt-0'"),
        (["reconstruct", "box.png", "--blender", "no-such-blender"], 1, "no-such-blender"),
        (["model"], 2, "invalid choice"),
    ],
)
def test_in_blender_options_exit_codes_and_sentences_are_those_of_the_terminal(seig, arguments, code, words):
    said = seig(*arguments)
    assert said.returncode == code
    assert words in (said.stderr if code else said.stdout)
    assert "Traceback" not in said.stderr


@pytest.mark.slow
def test_in_blender_a_picture_becomes_a_scene(seig, tmp_path):
    rounds = "initialization=1,geometry=1,materials=1,composition=1,lighting=1"
    said = seig("reconstruct", "box.png", "--rounds", rounds, "--output", "run")
    assert said.returncode == 0, said.stdout + said.stderr
    for name in ("report.html", "scene.blend", "program.py", "render.png"):
        assert (tmp_path / "run" / name).stat().st_size > 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_in_blender_ctrl_c_stops_within_a_second(blender, picture, tmp_path):
    picture.save(tmp_path / "box.png")
    said = blender("--background", "--python-exit-code", 3, "--python-expr", INTERRUPT, cwd=tmp_path)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "Stopped. All finished rounds are kept" in said.stderr


def _this_platform():
    return runpy.run_path(str(ROOT / "tools" / "extension"))["this_platform"]()


def _profile(folder):
    return {**os.environ, "BLENDER_USER_RESOURCES": str(folder)}
