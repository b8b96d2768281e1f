"""Measures how long the session holds up Blender's main thread: a small run, pumped by hand as a timer would.

For `doctor` and the benchmark, which end afterwards: the run's scene stays in the open file. Panels are drawn in
windows only; what drawing took there is in the runs' own FILE (see ticks).
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import bpy
from PIL import Image, ImageDraw

from .. import addon
from ..engine.records import Settings
from ..engine.run_folder import RunFolder
from ..engine.stages import BY_NAME
from ..errors import SeigError
from ..models import Model
from . import preferences, session
from .ticks import FILE, Ticks, in_words

_INTERVAL = 0.02  # seconds between ticks: less than the timer's, to measure more of them
_SMALL = {"working_size": 64, "working_samples": 1, "final_size": 64, "final_samples": 1}


def measure(model: Model | None = None, rounds: int = 1) -> Ticks:
    """Rebuild a small picture with this model, or offline, so many rounds a stage. Raises SeigError if that fails."""
    _ready()
    settings = Settings(rounds=dict.fromkeys(BY_NAME, rounds), **_SMALL)
    measured = session.Session()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        run = RunFolder.create(Path(folder) / "run", "measure", _picture(), settings)
        session.new_scene(run)
        measured.start(run, model=model)
        while measured.busy:
            measured.pump()
            time.sleep(_INTERVAL)
    if measured.state != "finished":
        raise SeigError(f"the run that is measured ended early: {measured.message}")
    return measured.ticks


def last_run() -> str:
    """Say what the add-on's last run in a window measured; empty where there was none."""
    _ready()
    files = sorted(preferences.runs(bpy.context).glob(f"*/{FILE}"), key=lambda path: path.stat().st_mtime)
    for file in reversed(files):
        try:
            return f"{file.parent.name}:\n{in_words(file.read_text(encoding='utf-8'))}"
        except (OSError, ValueError, KeyError):
            continue  # cut off by a crash: the one before tells as much
    return ""


def _ready() -> None:
    """Register the add-on where Blender has not, as with the bpy package."""
    if not hasattr(bpy.types.Scene, "seig"):
        addon.register()
    if preferences.PACKAGE not in bpy.context.preferences.addons:
        bpy.context.preferences.addons.new().module = preferences.PACKAGE


def _picture() -> Image.Image:
    """A box on a floor."""
    image = Image.new("RGB", (96, 64), (190, 200, 210))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 20, 96, 64), fill=(128, 128, 128))
    draw.rectangle((36, 20, 60, 44), fill=(170, 60, 45))
    return image
