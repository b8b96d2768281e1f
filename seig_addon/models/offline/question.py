"""Reading a question: its title, its sections and its pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...engine import colors
from ...errors import ModelError
from .. import Message, Picture, title_of
from .raster import Floats
from .things import Box2D
from .view import View

_NUMBER = r"(-?[\d.]+(?:e-?\d+)?)"
_VECTOR = rf"\({_NUMBER}, {_NUMBER}(?:, {_NUMBER})?\)"


@dataclass(frozen=True)
class Question:
    """What is asked, about which stage, in which round, and with what to look at."""

    stage: str
    task: str
    round: int
    text: str
    reference: bytes
    render: bytes | None

    def section(self, heading: str) -> str:
        """The text below a heading up to the next one, without its fence; empty if it isn't there."""
        found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", self.text, re.MULTILINE | re.DOTALL)
        if found is None:
            return ""
        fenced = re.search(r"^```\w*\n(.*?)^```", found.group(1), re.MULTILINE | re.DOTALL)
        return (fenced.group(1) if fenced else found.group(1)).strip()


def read_question(messages: Sequence[Message]) -> Question:
    """Take a question apart; raises ModelError if it is none that can be answered here."""
    title = title_of(messages)
    fields = dict(part.split(": ", 1) for part in title.split(" · ") if ": " in part)
    texts: list[str] = []
    pictures: dict[str, bytes] = {}
    for message in messages:
        if message.role != "user":
            continue
        for part in message.parts:
            if isinstance(part, Picture):
                pictures[part.caption] = part.data
            else:
                texts.append(part)
    if "Stage" not in fields or "Task" not in fields or "Reference" not in pictures:
        raise ModelError(
            f"The offline model can't answer a question titled {title!r}: "
            "it needs a stage, a task and the reference picture."
        )
    number = fields.get("Rollout", fields.get("Round", "1"))
    return Question(
        fields["Stage"],
        fields["Task"],
        int(number) if number.isdigit() else 1,
        "\n".join(texts),
        pictures["Reference"],
        pictures.get("Current render"),
    )


def camera_in(scene: str, aspect: float) -> View | None:
    """The camera of a scene's description, if it is a level perspective one that looks along +Y."""
    found = re.search(
        rf"^Camera .*?: at {_VECTOR}, rotation \(90, 0, 0\)°, lens {_NUMBER} mm, shift {_VECTOR}", scene, re.MULTILINE
    )
    if found is None:
        return None
    y, z, lens, shift = (float(found.group(n)) for n in (2, 3, 4, 6))
    return View(0.5 + shift * max(1.0, 1.0 / aspect), lens, z, y, aspect)


def boxes_in(scene: str) -> dict[str, Box2D]:
    """Each object's box in the picture, from a scene's description."""
    found = re.findall(rf"^- (.+?): [a-z]+, at .*?box {_NUMBER} {_NUMBER} {_NUMBER} {_NUMBER}", scene, re.MULTILINE)
    return {name: (float(left), float(top), float(right), float(bottom)) for name, left, top, right, bottom in found}


def base_colors_in(text: str) -> dict[str, Floats]:
    """Base colors (sRGB) by material, from a scene's description or a program that sets them."""
    described = re.findall(r"^- (.+?): (#[0-9a-f]{6}) on ", text, re.MULTILINE)
    written = re.findall(r'material\("([^"]+)", "(#[0-9a-f]{6})"', text)
    return {name: colors.from_hex(color) for name, color in [*described, *written]}


def lights_in(scene: str) -> tuple[float, float] | None:
    """The world's strength and the power of the lamp named Key, from a scene's description."""
    world = re.search(rf"^World: .*?, strength {_NUMBER}", scene, re.MULTILINE)
    key = re.search(rf"^- Key: [a-z]+, {_NUMBER} W", scene, re.MULTILINE)
    return (float(world.group(1)), float(key.group(1))) if world and key else None
