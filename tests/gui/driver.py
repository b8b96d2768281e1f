"""Runs inside a windowed Blender: plays scenarios, takes screenshots, and writes what came of it.

    blender --enable-event-simulate --python tests/gui/driver.py -- OUTPUT SCENARIO

A scenario is a generator. A timer steps it: it yields seconds to wait, or a condition to wait for. So Blender
goes on drawing and handling events in between, as it does for an artist.
"""

import json
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gui import hands, scenarios

_TICK = 0.05


@dataclass
class _State:
    output: Path
    name: str
    wait: hands.Until | None = None
    since: float = 0.0


def _play(state: _State, steps) -> float | None:
    """Step the scenario; Blender's timer calls it until it returns None."""
    try:
        if state.wait is not None:
            if not state.wait.condition():
                if time.monotonic() - state.since > state.wait.seconds:
                    raise AssertionError(f"waited {state.wait.seconds:g} s in vain until {state.wait.what}")
                return _TICK
            state.wait = None
        following = next(steps)
        if isinstance(following, hands.Until):
            state.wait, state.since = following, time.monotonic()
            return _TICK
        return following
    except StopIteration:
        _end(state, "")
    except Exception:  # noqa: BLE001 the timer's boundary: whatever it was, the test failed by it
        hands.shot("failed")
        _end(state, traceback.format_exc())
    return None


def _end(state: _State, problem: str) -> None:
    ticks = str(hands.session().ticks)
    result = {"scenario": state.name, "problem": problem, "ticks": ticks, "notes": hands.NOTES}
    (state.output / "result.json").write_text(json.dumps(result, indent=1), "utf-8")
    bpy.ops.wm.quit_blender()


def main() -> None:
    """Begin as soon as the window is there."""
    output, name = sys.argv[sys.argv.index("--") + 1 :]
    state = _State(Path(output), name)
    hands.OUTPUT = state.output
    bpy.context.preferences.view.show_splash = False
    steps = getattr(scenarios, name)()
    bpy.app.timers.register(lambda: _play(state, steps), first_interval=1.0, persistent=True)


main()
