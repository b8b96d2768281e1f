"""What the model gets to see, stage by stage: text from prompts/, and pictures of the scene as it is."""

from __future__ import annotations

import json
from dataclasses import dataclass

from PIL import Image

from ..models import Picture
from ..studio.client import Limits
from ..studio.scene import SceneDescription
from . import measures, picture, prompts
from .conversation import Question
from .kit_reference import kit_reference
from .review import Review
from .run_folder import RunFolder
from .scene_graph import SceneGraph
from .scores import Scores
from .stages import COMPOSITION, GEOMETRY, INITIALIZATION, LIGHTING, MATERIALS, Stage

_REFERENCE_SIDE = 768  # px: about what providers scale pictures down to anyway


@dataclass(frozen=True)
class Look:
    """The scene at one moment: its render, description, scores and faults."""

    render: Image.Image
    scene: SceneDescription
    scores: Scores
    faults: list[str]


class Questions:
    """Words each question of one run. Pure: it neither asks nor writes."""

    def __init__(self, run: RunFolder, blender: str, limits: Limits) -> None:
        """Prepare what all questions of the run share."""
        self._run = run
        self.viewport: Image.Image | None = None  # the live scene in the artist's window, as of the last stage
        self._picture = run.reference()
        self._reference = picture.shown("Reference", picture.fit(self._picture, _REFERENCE_SIDE))
        self._generator = prompts.render(
            "system.md",
            blender=blender,
            kit=kit_reference(),
            seconds=f"{limits.seconds:g}",
            vertices=limits.vertices,
        )
        self._looker = prompts.render("system.md", blender=blender, kit="")  # names and judges, writes no code

    def scene_graph(self) -> Question:
        """Ask what is in the picture."""
        title = "# Stage: initialization · Task: scene graph"
        text = prompts.render(
            "scene_graph.md", title=title, note=self._note(INITIALIZATION), schema=_schema(SceneGraph)
        )
        return Question(title, self._looker, text, (self._reference,))

    def program(
        self, stage: Stage, number: int, look: Look | None, so_far: str, checklist: list[str], history: list[str]
    ) -> Question:
        """Ask for a stage's program; `history` says how earlier rounds of the stage fared."""
        rollout = number if stage is INITIALIZATION else 0
        title = f"# Stage: {stage.name} · Task: program · {'Rollout' if rollout else 'Round'}: {number}"
        text = prompts.render(
            "program.md",
            title=title,
            stage=stage.name,
            rollout=rollout,
            may_change=", ".join(sorted(stage.may_change)),
            graph=self._graph(),
            scene=look.scene.text if look else "",
            program=so_far.rstrip(),
            checklist=checklist,
            measured=[*self._measured(stage, look), *history],
            budget=self._run.record.settings.budget(stage),
            number=number,
            note=self._note(stage),
        )
        return Question(title, self._generator, text, self._pictures(look))

    def review(self, stage: Stage, number: int, look: Look) -> Question:
        """Ask the verifier to judge a round."""
        title = f"# Stage: {stage.name} · Task: review · Round: {number}"
        text = prompts.render(
            "review.md",
            title=title,
            stage=stage.name,
            task=stage.task,
            graph=self._graph(),
            scene=look.scene.text,
            measured=self._measured(stage, look),
            note=self._note(stage),
            schema=_schema(Review),
        )
        return Question(title, self._looker, text, self._pictures(look))

    def _measured(self, stage: Stage, look: Look | None) -> list[str]:
        """The scene's scores and faults, and what is measured of this stage's factor."""
        graph = self._run.record.graph
        assert graph is not None, "the scene graph comes first"
        if look is None:
            return measures.seen_colors(graph, picture.pixels(self._picture))
        lines = [f"PSNR {look.scores.psnr:.2f} dB, SSIM {look.scores.ssim:.3f}", *look.faults]
        render = picture.pixels(look.render)
        reference = picture.pixels(self._picture, look.render.size)
        if stage in (GEOMETRY, COMPOSITION):
            lines += measures.box_offsets(graph, look.scene)
        if stage is MATERIALS:
            lines += measures.colors(graph, render, reference)
        if stage in (MATERIALS, LIGHTING):
            lines += measures.brightness(render, reference)
        return lines

    def _pictures(self, look: Look | None) -> tuple[Picture, ...]:
        if look is None:
            return (self._reference,)
        pictures = [self._reference, picture.shown("Current render", look.render)]
        if self.viewport is not None:
            pictures.append(picture.shown("Viewport", self.viewport))
        return tuple(pictures)

    def _graph(self) -> str:
        graph = self._run.record.graph
        assert graph is not None, "the scene graph comes first"
        nodes = [node.model_dump(exclude_defaults=True) for node in graph.nodes]
        head = graph.model_dump(exclude={"nodes"})
        lines = ",\n  ".join(json.dumps(node, ensure_ascii=False) for node in nodes)
        return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "nodes": [\n  {lines}\n]}}'

    def _note(self, stage: Stage) -> str:
        notes = [self._run.record.settings.note, self._run.record.stage(stage).note]
        return "\n".join(note for note in notes if note)


def _schema(model: type[SceneGraph] | type[Review]) -> str:
    return "```json\n" + json.dumps(model.model_json_schema()) + "\n```"
