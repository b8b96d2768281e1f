"""The zip that is installed into Blender: what it holds, and that a Blender with an empty profile takes it.

The bpy package is one such Blender. If the environment names an executable, as in BLENDER=/path/to/blender,
that one is tested as well, as a person would use it.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.test_packaging import ROOT, project_files

BLENDER = os.environ.get("BLENDER")
PYTHONS = ("cp311", "cp313", "cp314")
COMPILED = ("markupsafe", "pillow", "pydantic_core")
PURE = ("annotated_types", "jinja2", "pydantic", "typing_extensions", "typing_inspection")
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


@pytest.mark.slow
def test_each_platform_has_a_zip_with_its_own_wheels_for_both_of_blenders_pythons(tmp_path):
    own = {"linux-x64": "manylinux", "windows-x64": "win_amd64", "macos-arm64": "arm64", "macos-x64": "x86_64"}
    for path in _build(tmp_path, *own):
        platform = path.stem.removeprefix("seig-").partition("-")[2]
        with zipfile.ZipFile(path) as file:
            manifest = tomllib.loads(file.read("blender_manifest.toml").decode())
            wheels = [name for name in file.namelist() if name.endswith(".whl")]
        assert manifest["platforms"] == [platform]
        compiled = [name for name in wheels if not name.endswith("none-any.whl")]
        assert all(own[platform] in name for name in compiled), compiled
        assert {name.split("-")[2] for name in compiled} == {"cp311", "cp313"}


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


def _profile(folder):
    return {**os.environ, "BLENDER_USER_RESOURCES": str(folder)}
