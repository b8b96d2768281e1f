"""What several tests share: a small picture, a run folder of it, and one studio for a whole module."""

import threading

import pytest
from PIL import Image, ImageDraw

from seig_addon.engine.records import Settings
from seig_addon.engine.run_folder import RunFolder
from seig_addon.studio.client import Studio


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
    for run in made:
        run.close()


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
