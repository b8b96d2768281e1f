"""Reads files in a thread for things that are drawn again and again: pictures of panels and of the viewport.

Drawing asks for a file and gets what is there, or None until it was read; it never waits, and never touches
the disk. Values are kept until their files change. The thread must never touch bpy.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import bpy

from ..errors import SeigError
from . import ticks

_RECHECK = 1.0  # seconds: a render that was written anew shows within this, at one os.stat a drawn file
_TICK = 0.05  # seconds between looks at what the thread has read; only while it reads

Files = tuple[Path, ...]
Stamp = tuple[tuple[int, int], ...]
Value = TypeVar("Value")


@dataclass
class _Kept(Generic[Value]):
    value: Value | None
    stamp: Stamp | None
    checked: float


class Loader(Generic[Value]):
    """Makes values of files. `read` runs in the thread, `arrived` then on the main one."""

    def __init__(self, read: Callable[[Files], Value], arrived: Callable[[Files, Value], None] | None = None) -> None:
        """Nothing is read yet."""
        self._read, self._arrived = read, arrived
        self._kept: dict[Files, _Kept[Value]] = {}
        self._wanted: set[Files] = set()
        self._done: queue.SimpleQueue[tuple[Files, Stamp | None, Value | None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._timer = self.pump  # one and the same object, by which Blender knows its timers

    def get(self, *files: Path) -> Value | None:
        """What was made of these files; None while they are read, and where they can't be."""
        kept = self._kept.get(files)
        if kept is None or time.monotonic() - kept.checked > _RECHECK:
            self._wanted.add(files)
            if not bpy.app.timers.is_registered(self._timer):
                bpy.app.timers.register(self._timer, first_interval=0.0, persistent=True)
        return kept.value if kept else None

    def pump(self) -> float | None:
        """Take what the thread has read, and let it read what else is wanted. Blender's timer calls this."""
        began = time.perf_counter()
        self._take()
        again = self._go_on()
        ticks.current().add(time.perf_counter() - began)
        return again

    def _take(self) -> None:
        """Take what the thread has read."""
        changed = False
        while not self._done.empty():
            files, stamp, value = self._done.get()
            kept = self._kept.get(files)
            if kept is not None and kept.stamp == stamp:
                kept.checked = time.monotonic()
                continue
            self._kept[files] = _Kept(value, stamp, time.monotonic())
            if value is not None and self._arrived is not None:
                self._arrived(files, value)
            changed = True
        if changed:
            redraw()

    def _go_on(self) -> float | None:
        """Let the thread read what is wanted; gives the time until the next look, None where there is nothing."""
        if self._thread is not None and self._thread.is_alive():
            return _TICK
        if self._wanted:
            jobs = [(files, self._kept[files].stamp if files in self._kept else None) for files in self._wanted]
            self._wanted.clear()
            self._thread = threading.Thread(target=self._work, args=(jobs,), name="SEIG pictures", daemon=True)
            self._thread.start()
            return _TICK
        return None if self._done.empty() else _TICK

    def clear(self) -> None:
        """Forget everything and stop the timer."""
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)
        self._kept.clear()
        self._wanted.clear()

    def _work(self, jobs: list[tuple[Files, Stamp | None]]) -> None:
        for files, known in jobs:
            value, stamp = None, None
            try:
                stamp = tuple((stat.st_mtime_ns, stat.st_size) for stat in (file.stat() for file in files))
                if stamp != known:
                    value = self._read(files)
            except (OSError, SyntaxError, ValueError, SeigError):  # Pillow says "damaged" in three ways
                value = None  # missing, half written or no picture: there is nothing to show until it changes
            self._done.put((files, stamp, value))


def redraw() -> None:
    """Have the sidebars and the status bar drawn again; not the views, which may take long in a large scene."""
    for window in bpy.context.window_manager.windows:
        if not window.modal_operators:
            # The status bar is in no list of areas; that there is no text for it has Blender draw it again.
            # Without the override Blender crashes in timers right after a file was loaded: no window is current then.
            with bpy.context.temp_override(window=window):
                window.workspace.status_text_set_internal(None)
        for region in _regions(window, "UI"):
            region.tag_redraw()


def redraw_views() -> None:
    """Have what the 3D views show drawn again."""
    for window in bpy.context.window_manager.windows:
        for region in _regions(window, "WINDOW"):
            region.tag_redraw()


def _regions(window: bpy.types.Window, kind: str) -> list[bpy.types.Region]:
    areas = [area for area in window.screen.areas if area.type == "VIEW_3D"]
    return [region for area in areas for region in area.regions if region.type == kind]
