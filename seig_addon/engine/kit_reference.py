"""The kit's reference for prompts, read from its source so that the two can't differ.

Never imports bpy, nor the kit itself.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

KIT = Path(__file__).resolve().parent.parent / "kit"
CHAPTERS = ("placement", "shapes", "freeform", "materials", "lights")


@cache
def kit_reference() -> str:
    """Return Markdown with every public function of the kit: signature and docstring, by module."""
    return "\n\n".join(_chapter(name) for name in CHAPTERS) + "\n"


def _chapter(name: str) -> str:
    """Return one module's introduction and functions."""
    tree = ast.parse((KIT / f"{name}.py").read_text(encoding="utf-8"))
    # start_scene and start_stage are called for the programs, not by them.
    functions = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith(("_", "start_"))
    ]
    lines = [f"### {name}", "", _text(tree), ""]
    lines += [f"* `{_signature(function)}` {_text(function)}" for function in functions]
    return "\n".join(lines)


def _signature(function: ast.FunctionDef) -> str:
    """Return the function's name and parameters as a call shows them: with defaults, without types."""
    arguments = function.args
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        argument.annotation = None
    return f"{function.name}({ast.unparse(arguments)})"


def _text(node: ast.Module | ast.FunctionDef) -> str:
    """Return a docstring as one paragraph."""
    return " ".join((ast.get_docstring(node) or "").split())
