"""What went wrong with a program, worded for the model that wrote it.

Made inside Blender where the program failed, and outside where the process did not survive it; so
plain dicts of the shape of client.Failure. Pure text, never imports bpy.
"""

import re
from typing import Any, Literal

Kind = Literal["refused", "error", "time", "memory", "crash", "output", "vertices"]

_CONTEXT_LINES = 2

_ADVICE: dict[Kind, str] = {
    "time": "Make sure that every loop ends, and make heavy work smaller: fewer vertices, fewer steps, no huge ranges.",
    "memory": "Make it smaller: fewer vertices and subdivision levels, no huge lists, arrays or texts.",
    "crash": "This happens when something is used after it was removed or replaced (a vertex after "
    "mesh.clear_geometry() or bm.free(), an object after its removal), when a bmesh is not kept in a variable, or "
    "when mesh indices point to nothing. Look things up again after such calls, and keep to plain ways of building.",
    "output": "Print only a few short lines, if any.",
    "vertices": "Use fewer subdivision levels, array copies and segments.",
}


def failure(kind: Kind, what: str, program: str = "", line: int | None = None) -> dict[str, Any]:
    """Word a failure: what happened (one sentence without its full stop), where, and what to do."""
    where = f", in line {line}:\n{excerpt(program, line)}" if line else "."
    advice = _ADVICE.get(kind, "")
    return {"kind": kind, "message": f"{what}{where}\n{advice}".rstrip(), "line": line}


def source_lines(program: str) -> list[str]:
    """Split a program into lines as Python counts them; str.splitlines also splits at form feeds and others."""
    return re.split(r"\r\n?|\n", program)


def excerpt(program: str, line: int) -> str:
    """Show a line of the program, marked, with its number and two lines around it."""
    lines = source_lines(program)
    first, last = max(1, line - _CONTEXT_LINES), min(len(lines), line + _CONTEXT_LINES)
    return "\n".join(f"{'>' if n == line else ' '} {n:3} | {lines[n - 1][:200]}" for n in range(first, last + 1))
