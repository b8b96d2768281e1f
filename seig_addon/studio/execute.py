"""Runs a program of a model in this Blender: guarded, watched, within limits.

Whatever the program does comes back as data. What can't be caught in here (a crash, a call into C
that never ends) ends the process, and the client words it.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from types import FrameType, TracebackType
from typing import Any

import bpy

from ..kit import start_stage
from .failures import failure, source_lines
from .guard import Refused, as_function, builtins_for_programs, check
from .hints import hints
from .watch import OutOfMemory, OutOfTime, Stopped, TooMuchOutput, Watch

_CLEARLY_TOO_MUCH = 2  # times the limit: estimates of modifiers err, so only then nothing is evaluated

_KIT = __package__.rpartition(".")[0] + ".kit"

# How many times as many vertices a modifier makes; of those that multiply without bounds.
_FACTORS: dict[str, Callable[[Any], float]] = {
    "SUBSURF": lambda modifier: 4.0 ** max(modifier.levels, modifier.render_levels),
    "MULTIRES": lambda modifier: 4.0 ** max(modifier.levels, modifier.render_levels),
    "ARRAY": lambda modifier: modifier.count if modifier.fit_type == "FIXED_COUNT" else 1,
    "MIRROR": lambda modifier: 2 ** sum(modifier.use_axis),
    "SCREW": lambda modifier: max(modifier.steps, modifier.render_steps),
}


def run(program: str, name: str, limits: dict[str, Any]) -> dict[str, Any]:
    """Run the program on the current scene; gives its failure or None, its output, and its seconds.

    `limits` has the seconds, memory_mib, output_kib and vertices of client.Limits; `name` is the file
    name that tracebacks show.
    """
    since = time.monotonic()
    output = _Output(limits["output_kib"] * 1024)
    watch = Watch(limits["seconds"], limits["memory_mib"])
    filename = f"<{name}>"
    failed: dict[str, Any] | None = None
    try:
        function = _function(program, filename)
        watch.start()
        try:
            with redirect_stdout(output), redirect_stderr(output):
                failed = _call(function, program, filename) or _too_many_vertices(limits["vertices"])
        finally:
            watch.stop()
    except Refused as refused:
        failed = failure("refused", refused.message.rstrip("."))
        failed["line"] = refused.line
    except Stopped as stopped:
        watch.stop()  # again, in case the exception came while stopping
        failed = _stopped(stopped, limits, program, _place(stopped.__traceback__, filename)[0])
    except MemoryError as error:
        failed = _stopped(OutOfMemory(), limits, program, _place(error.__traceback__, filename)[0])
    return {"failure": failed, "output": output.getvalue(), "seconds": time.monotonic() - since}


class _Output(io.StringIO):
    """What the program prints, up to a size."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def write(self, text: str) -> int:
        """Keep the text; raises TooMuchOutput once it no longer fits."""
        room = self._size - self.tell()
        super().write(text[:room])
        if len(text) > room:
            raise TooMuchOutput
        return len(text)


def _function(program: str, filename: str) -> Callable[[], None]:
    """Make the program the body of a function, as the export does. Raises Refused."""
    code = compile(as_function(check(program)), filename, "exec")
    namespace: dict[str, Any] = {"__builtins__": builtins_for_programs()}
    exec(code, namespace)
    return namespace["program"]


def _call(function: Callable[[], None], program: str, filename: str) -> dict[str, Any] | None:
    """Call the program; what it raises, other than at a limit, becomes a failure."""
    start_stage()
    try:
        function()
    except (Stopped, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001 the program may raise anything, SystemExit too, and it must come back
        return _raised(error, program, filename)
    if bpy.context.object and bpy.context.object.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")  # the next program expects it, and an edit mode hides its mesh
    return None


def _raised(error: BaseException, program: str, filename: str) -> dict[str, Any]:
    """Word an exception for the model: type, message, line, and what the program should have used."""
    try:
        text = str(error).strip() or "no message"
    except Exception:  # noqa: BLE001 an exception class of the program's own may fail in its __str__
        text = "its message can't be read"
    if isinstance(error, SystemExit | KeyboardInterrupt):
        text = "programs run to their end and don't exit"
    line, frame = _place(error.__traceback__, filename)
    source = source_lines(program)[line - 1] if line else ""
    what = f"{type(error).__name__}: {text}"
    by = f" (raised by seig_kit.{kit})" if (kit := _kit_function(error.__traceback__)) else ""
    kind = "refused" if isinstance(error, Refused) else "error"
    failed = failure(kind, what[:2000].rstrip(".") + by, program, line)
    with suppress(Exception):  # hints look at values of the program, whose own classes may raise anything
        failed["message"] = "\n".join([failed["message"], *hints(what, source, frame)])
    return failed


def _stopped(stopped: Stopped, limits: dict[str, Any], program: str, line: int | None) -> dict[str, Any]:
    if isinstance(stopped, OutOfTime):
        return failure("time", f"Stopped after {limits['seconds']:g} s, the most a program may take", program, line)
    if isinstance(stopped, OutOfMemory):
        most = f"{limits['memory_mib']:,} MiB"
        return failure("memory", f"Stopped because it needed more than {most} of memory", program, line)
    return failure("output", f"Stopped because it printed more than {limits['output_kib']} KiB", program, line)


def _place(traceback: TracebackType | None, filename: str) -> tuple[int | None, FrameType | None]:
    """Find the program's innermost line, and its frame, that a traceback went through."""
    line, frame = None, None
    while traceback:
        if traceback.tb_frame.f_code.co_filename == filename:
            line, frame = traceback.tb_lineno, traceback.tb_frame
        traceback = traceback.tb_next
    return line, frame


def _kit_function(traceback: TracebackType | None) -> str:
    """Name the kit's function that the program called and that raised; "" if it was another's."""
    while traceback:
        frame = traceback.tb_frame
        if frame.f_globals.get("__name__", "").startswith(_KIT):
            return frame.f_code.co_name
        traceback = traceback.tb_next
    return ""


def _too_many_vertices(most: int) -> dict[str, Any] | None:
    """Count the scene's vertices with modifiers applied; a failure where there are too many."""
    counts = _estimates()
    if sum(counts.values()) <= most * _CLEARLY_TOO_MUCH:
        counts = _evaluated()
    total = sum(counts.values())
    if total <= most:
        return None
    largest = sorted(counts, key=counts.__getitem__, reverse=True)[:3]
    named = ", ".join(f"{name!r} ({counts[name]:,.0f})" for name in largest)
    what = f"The scene has {total:,.0f} vertices with its modifiers, of {most:,} at most; the largest: {named}"
    return failure("vertices", what)


def _estimates() -> dict[str, float]:
    """Estimate the vertices that each object's modifiers will make, without making them."""
    counts = {}
    for obj in bpy.context.scene.objects:
        if obj.type == "MESH":
            counts[obj.name] = float(len(obj.data.vertices))
            for modifier in obj.modifiers:
                if modifier.show_viewport or modifier.show_render:
                    counts[obj.name] *= max(1.0, _FACTORS.get(modifier.type, lambda _: 1)(modifier))
    return counts


def _evaluated() -> dict[str, float]:
    """Count the vertices of each object as it is evaluated for the viewport."""
    counts = {}
    for obj in bpy.context.evaluated_depsgraph_get().objects:
        if obj.type in {"MESH", "CURVE", "SURFACE", "FONT", "META"}:
            counts[obj.name] = float(len(obj.to_mesh().vertices))
            obj.to_mesh_clear()
    return counts
