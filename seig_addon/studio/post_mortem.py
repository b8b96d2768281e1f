"""Why a studio's process ended, read from its exit and its log, in words for the model or the person."""

import re
import sys
from typing import Any

from ..process import Gone
from .failures import failure
from .watch import MEMORY_EXIT

_OUT_OF_MEMORY = re.compile(r"lloc returns null|MemoryError|bad_alloc|[Oo]ut of memory")
_TIMED_OUT = re.compile(r"^Timeout \(", re.MULTILINE)  # as faulthandler writes at the deadline


def failed(gone: Gone, program: str, name: str, seconds: float, memory_mib: int) -> dict[str, Any]:
    """Word the failure of a program that ended the process; its line is in the traceback in the log."""
    found = re.search(rf'File "<{re.escape(name)}>", line (\d+)', gone.log)
    line = int(found.group(1)) if found else None
    if _is_time(gone):
        what = f"Stopped after {seconds:g} s, the most a program may take; one call alone took too long"
        return failure("time", what, program, line)
    killed = gone.code == -9 and sys.platform == "linux"  # not by us: the system ran out of memory
    if gone.code == MEMORY_EXIT or killed or _OUT_OF_MEMORY.search(gone.log):
        what = f"Stopped because it needed more than {memory_mib:,} MiB of memory"
        return failure("memory", what, program, line)
    return failure("crash", "The program crashed Blender" + ("" if line else " after it had run"), program, line)


def no_render(gone: Gone, seconds: float) -> str:
    """Say why there is no picture."""
    if _is_time(gone):
        return f"Rendering took longer than {seconds:g} s: use fewer vertices and simpler materials."
    return f"Rendering crashed Blender ({_last_line(gone)}): use a simpler scene."


def no_start(gone: Gone, program: str) -> str:
    """Say why Blender can't be started."""
    if gone.timed_out:
        return f"{program} did not answer in time; is it a Blender?"
    if "No module named 'bpy'" in gone.log:
        return f"{program} has no bpy; install the bpy package for it, or name a Blender executable."
    return f"Blender ({program}) can't be started: {_last_line(gone)}. The log's end:\n{gone.log[-2000:]}"


def died(gone: Gone) -> str:
    """Say that Blender ended where no program was to blame."""
    what = "did not answer in time" if _is_time(gone) else f"stopped ({_last_line(gone)})"
    return f"The background Blender {what}; everything saved before is kept."


def _is_time(gone: Gone) -> bool:
    return gone.timed_out or bool(_TIMED_OUT.search(gone.log))


def _last_line(gone: Gone) -> str:
    lines = [line.strip() for line in gone.log.splitlines() if line.strip()]
    return lines[-1] if lines else "without a message"
