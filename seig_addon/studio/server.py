"""The inside of the studio: answers the client's requests, one at a time, in Blender's main thread.

A request is one line of JSON with the verb, its deadline in seconds and its arguments; a reply is one
line with either a value or an error. Nothing a program does may end this loop except ending the
process, which the client notices. Needs only what Blender brings along: bpy, numpy and the standard
library.
"""

from __future__ import annotations

import faulthandler
import json
import os
import threading
import traceback
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TextIO

import bpy

from ..kit import start_scene
from . import execute, passes
from .compare import compare
from .describe import describe
from .faults import faults
from .gaps import gaps
from .neutral import neutral
from .places import places
from .render import NoCamera, render
from .state import scene_state
from .watch import deadline


def serve(requests: TextIO, replies: TextIO) -> None:
    """Say hello with Blender's version, then answer requests until the client closes them."""
    faulthandler.enable()  # a crash leaves the program's line in the log
    lines: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_read, args=(requests, lines), daemon=True).start()
    inside = _Inside()
    _send(replies, {"ready": bpy.app.version_string})
    while True:
        request = json.loads(lines.get())
        with deadline(request.pop("seconds")):
            reply = inside.answer(**request)
        _send(replies, reply)


def _read(requests: TextIO, lines: SimpleQueue[str]) -> None:
    """Queue the requests. When the client is gone, for whatever reason, there is nothing left to do here."""
    for line in requests:
        lines.put(line)
    os._exit(0)


def _send(replies: TextIO, reply: dict[str, Any]) -> None:
    """Write one line. It starts with a line break because Blender may have left half a line there."""
    replies.write(f"\n{json.dumps(reply)}\n")
    replies.flush()


class _Inside:
    """The verbs, and the scene's state as the last new or open left it."""

    def __init__(self) -> None:
        self._before: dict[str, Any] = {}

    def answer(self, verb: str, **arguments: Any) -> dict[str, Any]:
        """Answer one request; an error is an answer too."""
        try:
            return {"value": getattr(self, verb)(**arguments)}
        except NoCamera as error:
            return {"error": "no camera", "message": str(error)}
        except Exception as error:  # noqa: BLE001 the boundary of the process: the client decides what follows
            traceback.print_exc()
            return {"error": "error", "message": str(error).strip() or type(error).__name__}

    def new(self, name: str, width: int, height: int) -> None:
        """Start an empty scene."""
        bpy.ops.wm.read_factory_settings(use_empty=True)
        start_scene(name, width, height)
        self._before = scene_state(bpy.context.scene)

    def open(self, path: str) -> None:
        """Open a checkpoint, without the interface and scripts that it may carry."""
        bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=False)
        self._before = scene_state(bpy.context.scene)

    def save(self, path: str) -> None:
        """Save the file as it is to another path, which the scene does not move to."""
        bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, compress=True, relative_remap=False)

    def run(self, program: str, name: str, limits: dict[str, Any]) -> dict[str, Any]:
        """Run a program; with what it changed, if it succeeded."""
        result = execute.run(program, name, limits)
        result["changes"] = [] if result["failure"] else self.changes()
        return result

    def changes(self) -> list[dict[str, Any]]:
        """List what differs from the scene that was opened."""
        return compare(self._before, scene_state(bpy.context.scene))

    def render(self, path: str, view: str, size: int, samples: int, window: list[float] | None) -> None:
        """Render a picture."""
        render(bpy.context.scene, Path(path), view, size, samples, window)

    def neutral(self, path: str, size: int, samples: int, view: str, objects: list[str]) -> float:
        """Render in white even light."""
        return neutral(bpy.context.scene, Path(path), size, samples, view, objects)

    def ids(self, path: str, size: int) -> None:
        """Write whose each pixel is."""
        passes.ids(bpy.context.scene, Path(path), size)

    def light_passes(self, path: str, size: int, samples: int) -> None:
        """Write which light brings how much to each pixel."""
        passes.light_passes(bpy.context.scene, Path(path), size, samples)

    def describe(self) -> dict[str, Any]:
        """Describe the scene."""
        return describe(bpy.context.scene)

    def places(self) -> dict[str, Any]:
        """Read where things stand."""
        return places(bpy.context.scene)

    def gaps(self, rests: list[dict[str, Any]]) -> list[dict[str, float] | None]:
        """Measure how far things are from what they rest on."""
        return gaps(bpy.context.scene, rests)

    def check(self, expected: list[str]) -> list[str]:
        """Find faults."""
        return faults(bpy.context.scene, expected)
