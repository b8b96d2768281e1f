"""Reading a model's reply: a program, edits of a program, or one JSON object.

Whatever is wrong with a reply becomes a BadReply whose message goes back to the model.
"""

from __future__ import annotations

import re
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ..models import Reply
from .scene_graph import Marks, SceneGraph

_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[ \t]*([\w+-]*)[^\n]*\n(.*?)^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL)
_EDIT = re.compile(
    r"^<{5,}[ \t]*SEARCH[ \t]*\n(.*?)^={5,}[ \t]*\n(.*?)^>{5,}[ \t]*REPLACE[ \t]*$", re.MULTILINE | re.DOTALL
)
_EDIT_MARK = re.compile(r"^(<{5,}[ \t]*SEARCH|>{5,}[ \t]*REPLACE)", re.MULTILINE)

Parsed = TypeVar("Parsed", bound=BaseModel)


class BadReply(Exception):
    """The reply can't be used; the message tells the model why and what to send instead."""


def read_program(reply: Reply, so_far: str) -> str:
    """Return the program that a reply proposes: a whole one, or the edits applied to `so_far`.

    Raises BadReply for a reply that is cut off, has no code, has two candidates, or whose edits
    don't match exactly one place of the program.
    """
    if reply.finish_reason == "length":
        raise BadReply("Your reply was cut off before it ended. Send a shorter program, or edits of the current one.")
    edits = _EDIT.findall(reply.text)
    if len(_EDIT_MARK.findall(reply.text)) != 2 * len(edits):
        raise BadReply("An edit is incomplete: each needs the lines <<<<<<< SEARCH, =======, and >>>>>>> REPLACE.")
    if edits:
        return apply_edits(so_far, edits)
    programs = [body for _, language, body in _FENCE.findall(reply.text) if language.lower() in ("python", "py", "")]
    if not programs:
        raise BadReply(
            "Your reply holds no program. Send the whole program in one ```python block, or search/replace edits."
        )
    if len(programs) > 1:
        raise BadReply(
            f"Your reply holds {len(programs)} code blocks, so it is unclear which one is meant. "
            "Send exactly one ```python block with the whole program."
        )
    return str(programs[0]).rstrip() + "\n"


def apply_edits(program: str, edits: list[tuple[str, str]]) -> str:
    """Apply search/replace edits in order; each search text must stand exactly once in the program."""
    if not program.strip():
        raise BadReply("There is no program to edit yet. Send the whole program in one ```python block.")
    for search, replace in edits:
        if not search.strip():
            raise BadReply("An edit's SEARCH text is empty. Quote the lines that it replaces.")
        if program.count(search) != 1:  # not whole lines: then a part of one line is meant
            search, replace = search.removesuffix("\n"), replace.removesuffix("\n")
        found = program.count(search)
        if found != 1:
            where = "is not in the program" if found == 0 else f"stands {found} times in the program"
            raise BadReply(
                f"An edit's SEARCH text {where}; it must match exactly one place, character by character:\n"
                f"{search.rstrip()}\nQuote the current lines with enough context, or send the whole program."
            )
        program = program.replace(search, replace)
    return program


def read_marks(reply: Reply, graph: SceneGraph) -> tuple[Marks | None, SceneGraph]:
    """Return what a program's reply corrects of the marks, in a ```json block, and the graph with it.

    Raises BadReply for a block that doesn't fit, or corrects what isn't there.
    """
    if not any(language.lower() == "json" for _, language, _ in _FENCE.findall(reply.text)):
        return None, graph
    beside = "\n".join(found.group(0) for found in _FENCE.finditer(reply.text) if found.group(2).lower() == "json")
    marks = read_json(Reply(beside), Marks)
    try:
        return marks, graph.corrected(marks)
    except ValueError as error:
        raise BadReply(f"The corrections in your ```json block can't be used: {_reason(error)}") from error


def read_json(reply: Reply, schema: type[Parsed]) -> Parsed:
    """Return the one JSON object of a reply as `schema`; raises BadReply with what doesn't fit."""
    if reply.finish_reason == "length":
        raise BadReply("Your reply was cut off before it ended. Send the JSON object alone, and shorter.")
    fenced = [body for _, language, body in _FENCE.findall(reply.text) if language.lower() in ("json", "")]
    if len(fenced) > 1:
        raise BadReply(f"Your reply holds {len(fenced)} JSON blocks. Send exactly one.")
    text = fenced[0] if fenced else reply.text[reply.text.find("{") : reply.text.rfind("}") + 1]
    if not text.strip():
        raise BadReply("Your reply holds no JSON object. Send exactly one, in a ```json block.")
    try:
        return schema.model_validate_json(text)
    except ValidationError as error:
        raise BadReply(f"Your JSON does not fit what was asked for:\n{_problems(error)}") from error


def _reason(error: ValueError) -> str:
    return _problems(error) if isinstance(error, ValidationError) else str(error)


def _problems(error: ValidationError) -> str:
    lines = [
        f"- {'.'.join(str(part) for part in problem['loc']) or 'the object'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)[:8]
    ]
    more = error.error_count() - len(lines)
    return "\n".join(lines + ([f"- and {more} more"] if more > 0 else []))
