"""A model for tests: a queue of replies. It records what it was asked, and fails when the queue is empty."""

from __future__ import annotations

import json
from collections.abc import Callable

from seig_addon.errors import Cancelled
from seig_addon.models import Costless, Reply, Usage, title_of

USAGE = Usage(input_tokens=100, output_tokens=10)


class ScriptedModel(Costless):
    """Answers with the replies in order: a string, a Reply, or a function of the messages."""

    def __init__(self, replies: list[str | Reply | Callable], name="scripted", at_once=1, price=0.01) -> None:
        self.replies = list(replies)
        self.name, self.at_once, self.price = name, at_once, price
        self.questions: list = []

    def most(self, messages) -> float | None:
        return self.price

    def ask(self, messages, schema=None, cancel=None, at_most=None) -> Reply:
        if cancel is not None and cancel.is_set():
            raise Cancelled("Stopped.")
        self.questions.append(messages)
        assert self.replies, f"nothing is left to answer {title_of(messages)}"
        reply = self.replies.pop(0)
        if callable(reply):
            reply = reply(messages)
        return reply if isinstance(reply, Reply) else Reply(reply, USAGE, self.price)

    @property
    def titles(self) -> list[str]:
        return [title_of(messages) for messages in self.questions]

    def text(self, index: int) -> str:
        """All text of a question."""
        return "\n".join(part for m in self.questions[index] for part in m.parts if isinstance(part, str))


def program(code: str) -> str:
    return f"Here it is.\n\n```python\n{code.strip()}\n```\n"


def edit(search: str, replace: str) -> str:
    return f"<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE\n"


def as_json(value: dict) -> str:
    return f"```json\n{json.dumps(value)}\n```"


def approve() -> str:
    return as_json({"approved": True, "checklist": []})


def demand(*items: str) -> str:
    return as_json({"approved": False, "checklist": list(items)})


GRAPH = as_json(
    {
        "nodes": [
            {"name": "Ground", "kind": "surface", "build": "plane", "box": [0, 0.5, 1, 1]},
            {"name": "Cube", "build": "box", "box": [0.35, 0.3, 0.65, 0.7], "rests_on": "Ground"},
        ]
    }
)

SCAFFOLD = """
from seig_kit import box, level_camera, material, plane, sun, world
level_camera(height=1.5, horizon=0.3, lens=50, location=(0, -5))
plane("Ground", (20, 20), material=material("Grey", "#808080"))
box("Cube", (1, 1, 1), location=(0, 0, 0), material=material("Red", "#c04030"))
sun("Sun", elevation=50, azimuth=200, strength=2.0)
world("#ffffff", 0.5)
"""
