"""What several tests share: a small picture, runs of it, one studio for a whole module, the add-on in Blender."""

import os
import shutil
import sys
import threading

import pytest
from PIL import Image, ImageDraw

from seig_addon.engine.records import Settings
from seig_addon.engine.run_folder import RunFolder
from seig_addon.studio.client import Studio
from tests.provider_server import provider, provider_server  # noqa: F401  fixtures

SAME_ON_ALL = {  # have a studio at work, but are about what is decided
    "test_asking",
    "test_evaluate",
    "test_first_light",
    "test_lighting_rounds",
    "test_loop",
    "test_models",
    "test_placing",
    "test_tolerance",
}


def pytest_collection_modifyitems(items):
    """Mark what depends on the Blender at hand; the rest is the same on all, and need not run on each."""
    for item in items:
        names, fixtures = vars(item.module), set(item.fixturenames)
        if item.module.__name__.rpartition(".")[2] in SAME_ON_ALL:
            continue
        if {"bpy", "Studio"} & set(names) or {"shared_studio", "window"} & fixtures:
            item.add_marker("blender")


def pytest_sessionfinish(session, exitstatus):
    session.config.exit_status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """Leave at once where Blender was imported: its wheel for 4.5 hangs now and then while Python ends."""
    if "bpy" in sys.modules and hasattr(config, "exit_status"):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.exit_status)


@pytest.fixture(scope="session")
def picture():
    """A red box on a grey floor, 96 × 64."""
    image = Image.new("RGB", (96, 64), (190, 200, 210))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 20, 96, 64), fill=(128, 128, 128))
    draw.rectangle((36, 20, 60, 44), fill=(170, 60, 45))
    return image


@pytest.fixture
def new_run(tmp_path, picture):
    """Make runs that render small and fast; they are closed at the end."""
    made = []

    def make(name="run", **chosen):
        settings = Settings(
            working_size=64,
            working_samples=1,
            final_size=96,
            final_samples=2,
            **{"rounds": {"initialization": 1}, **chosen},
        )
        made.append(RunFolder.create(tmp_path / name, "box", picture, settings))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="module")
def studio_cancel():
    return threading.Event()


@pytest.fixture(scope="module")
def shared_studio(studio_cancel):
    with Studio(cancel=studio_cancel) as studio:
        yield studio


@pytest.fixture
def studio(shared_studio, studio_cancel):
    studio_cancel.clear()
    return shared_studio


# In Blender. Only the fixtures that need it import it, and the add-on: that takes a second.


@pytest.fixture(scope="module")
def live_run(tmp_path_factory, picture, shared_studio):
    """A run with a checkpoint for each stage, made once a module."""
    from tests.live_runs import make_run

    run = make_run(tmp_path_factory.mktemp("live") / "run", picture, shared_studio)
    run.save()
    yield run
    run.close()


@pytest.fixture
def run(live_run, tmp_path):
    """A copy of that run, which tests may damage."""
    shutil.copytree(live_run.path, tmp_path / "run", ignore=shutil.ignore_patterns("*.lock", ".*"))
    made = RunFolder.open(tmp_path / "run")
    yield made
    made.close()


@pytest.fixture
def scene(run):
    """An empty scene for that run, in a file that has the artist's own as well."""
    import bpy

    from seig_addon.addon import live, settings
    from tests.live_runs import artists_scene

    bpy.ops.wm.read_factory_settings()
    settings.register()
    artists_scene()
    yield live.create_scene("box", 96, 64, run.path / "reference.png")
    settings.unregister()


@pytest.fixture(scope="module")
def registered():
    """The add-on, as Blender enables it."""
    from seig_addon import addon

    addon.register()
    yield
    addon.unregister()


@pytest.fixture
def window(registered, tmp_path):
    """An empty file, the add-on's default preferences but for the run folder, and the session at rest afterwards."""
    import bpy

    from seig_addon.addon import preferences, session

    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.addons.new().module = preferences.PACKAGE
    preferences.get(bpy.context).run_folder = str(tmp_path / "runs")
    yield bpy.context.window_manager.seig
    session.current().stop_and_wait()
