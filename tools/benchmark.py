"""Print what a round costs beside rendering, and against a fresh Blender process for every round.

    [BLENDER=/path/to/blender] python tools/benchmark.py

In the studio alone, a round opens a checkpoint, runs a program of one object, lists what it changed
and saves. A fresh process for each round does exactly the same and pays for the start each time, as
systems without a studio do. Then the whole engine plays rounds with a model that answers at once. At last
the add-on measures how long it holds up Blender's main thread: over a run here, pumped by hand, and, where a
Blender is named, over one in its window, with what drawing each panel takes.
"""

import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from PIL import Image
from pydantic import BaseModel

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from seig_addon.addon.measure import measure
from seig_addon.engine import events
from seig_addon.engine.reconstruction import Reconstruction
from seig_addon.engine.records import Settings
from seig_addon.engine.run_folder import RunFolder
from seig_addon.models import Costless, Message, Reply, title_of
from seig_addon.studio.client import Studio

ROOT = Path(__file__).resolve().parents[1]
WARM_ROUNDS = 20
FRESH_ROUNDS = 5
MEASURED_ROUNDS = 3
PROGRAM = "from seig_kit import box\nbox('Box', (1, 1, 1))\n"


def play(studio: Studio, folder: Path) -> None:
    """Play one round."""
    studio.open(folder / "start.blend")
    result = studio.run(PROGRAM)
    assert result.failure is None, result.failure
    assert [change.kind for change in result.changes] == ["object added"]
    studio.save(folder / "round.blend")


def play_fresh(folder: Path) -> None:
    """Play one round in a process of its own."""
    with Studio() as studio:
        play(studio, folder)


def seconds(action: Callable[[], object], times: int) -> float:
    """Return the median time of the action."""
    taken = []
    for _ in range(times):
        since = time.perf_counter()
        action()
        taken.append(time.perf_counter() - since)
    return statistics.median(taken)


class TimedStudio(Studio):
    """A studio that adds up the seconds it renders."""

    rendering = 0.0

    def render(self, *arguments: Any, **options: Any) -> None:
        """Render, and count the time."""
        since = time.perf_counter()
        super().render(*arguments, **options)
        self.rendering += time.perf_counter() - since


class ReadyModel(Costless):
    """Answers at once: a scene graph, a scaffold, and then the same box in every round, never content."""

    name = "ready"

    def ask(
        self,
        messages: Sequence[Message],
        schema: type[BaseModel] | None = None,
        cancel: Event | None = None,
        at_most: float | None = None,
    ) -> Reply:
        """Answer by what is asked."""
        title = title_of(messages)
        if "scene graph" in title:
            return Reply('{"nodes": [{"name": "Box", "build": "box", "box": [0.4, 0.4, 0.6, 0.6]}]}')
        if "review" in title:
            return Reply('{"approved": false, "checklist": ["more"]}')
        camera = "from seig_kit import level_camera\nlevel_camera()\n" if "initialization" in title else ""
        return Reply(f"```python\n{camera}{PROGRAM}```")


def engine_overhead(folder: Path) -> float:
    """Return the seconds that engine and studio take for a round of a run, without its render."""
    ended: list[tuple[float, float]] = []
    settings = Settings(
        stages=["initialization", "geometry"],
        rounds={"initialization": 1, "geometry": WARM_ROUNDS},
        working_size=64,
        working_samples=1,
    )
    run = RunFolder.create(folder / "run", "benchmark", Image.new("RGB", (320, 240), "white"), settings)
    with TimedStudio() as studio:

        def tell(event: events.Event) -> None:
            if event.kind == "round ended" and event.stage == "geometry":
                ended.append((time.perf_counter(), studio.rendering))

        Reconstruction(run, ReadyModel(), studio, tell, Event()).reconstruct()
    run.close()
    return statistics.median(
        (later[0] - earlier[0]) - (later[1] - earlier[1]) for earlier, later in itertools.pairwise(ended)
    )


def in_a_window() -> str:
    """Return what the add-on measured over a run in a window of $BLENDER, all of its panels open."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, ROOT / "tests" / "gui" / "run.py", "--output", folder, "times"]
        played = subprocess.run(command, capture_output=True, text=True, check=False)
        if played.returncode != 0:
            return f"not measured: {played.stdout.strip()[-500:]}"
        return str(json.loads(Path(folder, "times", "result.json").read_text("utf-8"))["ticks"])


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Studio() as studio:
            start = seconds(lambda: studio.blender_version, 1)
            studio.new("benchmark", 320, 240)
            studio.save(folder / "start.blend")
            play(studio, folder)
            warm = seconds(lambda: play(studio, folder), WARM_ROUNDS)
            version = studio.blender_version
        fresh = seconds(lambda: play_fresh(folder), FRESH_ROUNDS)
        engine = engine_overhead(folder)
    print(f"Blender {version}")
    print(f"start of the studio           {start * 1000:7.0f} ms, once a run")
    print(f"round in the studio           {warm * 1000:7.1f} ms, median of {WARM_ROUNDS}")
    print(f"round in a fresh process      {fresh * 1000:7.1f} ms, median of {FRESH_ROUNDS}")
    print(f"the studio is faster by a factor of {fresh / warm:.0f}")
    print(f"engine and studio             {engine * 1000:7.1f} ms a round beside rendering (goal: under 100)")
    print("Blender's main thread, without a window (goal: ticks within 5 ms in 99 of 100, and 30 ms at most)")
    print(measure(ReadyModel(), MEASURED_ROUNDS))
    if os.environ.get("BLENDER"):
        print("Blender's main thread, in a window (goal: as above, and 2 ms to draw a panel)")
        print(in_a_window())


if __name__ == "__main__":
    main()
