"""What the model gets to see, stage by stage: text from prompts/, and pictures of the scene as it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import cached_property, partial

from PIL import Image

from ..models import Picture
from ..studio.client import Limits
from . import picture, prompts
from .conversation import Question
from .kit_reference import kit_reference
from .look import Look
from .measured import measured
from .records import Round, StageRecord
from .renders import CloseUp, Renders
from .review import FirstReview, Review
from .run_folder import RunFolder
from .scene_graph import SceneGraph
from .scores import Scores
from .seen_colors import seen_colors
from .stages import COMPOSITION, INITIALIZATION, LIGHTING, MATERIALS, Stage
from .views import views
from .views.side_by_side import crops, gridded, titled
from .views.windows import CLOSER

_REFERENCE_SIDE = 768  # px: about what providers scale pictures down to anyway

# What of the scene graph a stage has no use for; boxes, names and what rests on what stay in all.
_LEFT_OUT = {
    MATERIALS: {"build", "size"},
    COMPOSITION: {"build", "base_color"},
    LIGHTING: {"build", "size", "base_color"},
}
_NOT_JUDGED = {"build", "size"}  # a review compares pictures, not plans


class Questions:
    """Words each question of one run. Pure: it neither asks nor writes."""

    def __init__(self, run: RunFolder, limits: Limits) -> None:
        """Prepare what all questions of the run share; `limits` are those that programs are held to."""
        self._run, self._limits = run, limits
        self._render = partial(prompts.render, own=run.record.settings.prompts)
        self.viewport: Image.Image | None = None  # the live scene in the artist's window, as of the last stage
        self._picture = run.reference()
        self._reference = picture.shown("Reference", picture.fit(self._picture, _REFERENCE_SIDE))
        self._grid = picture.shown("Reference with grid", gridded(self._picture, _REFERENCE_SIDE))

    @cached_property
    def _generator(self) -> str:
        return self._system(kit_reference())

    @cached_property
    def _looker(self) -> str:
        """Told to who names and judges, and writes no code."""
        return self._system(kit="")

    def _system(self, kit: str) -> str:
        return self._render(
            "system.md",
            blender=self._run.record.blender,
            kit=kit,
            seconds=f"{self._limits.seconds:g}",
            vertices=self._limits.vertices,
        )

    def scene_graph(self) -> Question:
        """Ask what is in the picture."""
        title = "# Stage: initialization · Task: scene graph"
        text = self._render("scene_graph.md", title=title, note=self._note(INITIALIZATION), schema=_schema(SceneGraph))
        return Question(title, self._looker, text, (self._reference, self._grid))

    def program(
        self, stage: Stage, number: int, look: Look | None, so_far: str, checklist: list[str], history: list[str]
    ) -> Question:
        """Ask for a stage's program; `history` says how earlier rounds of the stage fared."""
        if self._run.record.settings.method.free and look is not None:
            return self._rewriting(stage, number, look, so_far)
        rollout = number if stage is INITIALIZATION else 0
        title = f"# Stage: {stage.name} · Task: program · {'Rollout' if rollout else 'Round'}: {number}"
        text = self._render(
            "program.md",
            title=title,
            stage=stage.name,
            rollout=rollout,
            may_change=", ".join(sorted(stage.may_change)) if self._run.record.settings.method.permissions else "",
            solving=self._run.record.settings.method.solving,
            graph=self._graph_text(stage),
            scene=look.scene.text if look else "",
            program=so_far.rstrip(),
            checklist=checklist,
            measured=self._measured(stage, look),
            history=[*_scores_so_far(self._run.record.stage(stage)), *history],
            budget=self._run.record.settings.budget(stage),
            number=number,
            note=self._note(stage),
        )
        return Question(title, self._generator, text, self._pictures(stage, look))

    def _rewriting(self, stage: Stage, number: int, look: Look, so_far: str) -> Question:
        """Ask for a better program of the whole scene with what a plain loop has: two pictures and the program."""
        title = f"# Stage: {stage.name} · Task: program · Round: {number}"
        budget = self._run.record.settings.budget(stage)
        text = self._render("rewrite.md", title=title, number=number, budget=budget, program=so_far.rstrip())
        return Question(title, self._generator, text, (self._reference, picture.shown("Current render", look.render)))

    def review(
        self,
        stage: Stage,
        number: int,
        look: Look,
        closer: Sequence[str] = (),
        close_ups: Sequence[CloseUp] = (),
        more: Renders | None = None,
    ) -> Question:
        """Ask the verifier to judge a round; a second time with the views that it asked for in `closer`."""
        title = f"# Stage: {stage.name} · Task: review · Round: {number}{' · Closer: 1' if closer else ''}"
        text = self._render(
            "review.md",
            title=title,
            stage=stage.name,
            task=stage.task,
            closer=closer,
            graph=self._graph_text(stage, _NOT_JUDGED),
            scene=look.scene.text,
            measured=self._measured(stage, look),
            history=_scores_so_far(self._run.record.stage(stage)),
            note=self._note(stage),
            schema=_schema(Review if closer else FirstReview),
        )
        pictures = self._pictures(stage, look)
        if close_ups:
            pictures += (picture.shown("Closer", crops(self._picture, close_ups, CLOSER)),)
        if more:
            pictures += (picture.shown("More views", titled(more)),)
        return Question(title, self._looker, text, pictures)

    def _measured(self, stage: Stage, look: Look | None) -> list[str]:
        if look is None:
            return seen_colors(self._graph, picture.pixels(self._picture))
        return measured(stage, self._graph, look, self._picture)

    def _pictures(self, stage: Stage, look: Look | None) -> tuple[Picture, ...]:
        if look is None:
            return (self._reference, self._grid)
        shown = [("Current render", look.render), *views(stage, self._graph, look, self._picture)]
        if self.viewport is not None:
            shown.append(("Viewport", self.viewport))
        return (self._reference, *(picture.shown(caption, each) for caption, each in shown))

    @property
    def _graph(self) -> SceneGraph:
        graph = self._run.record.graph
        assert graph is not None, "the scene graph comes first"
        return graph

    def _graph_text(self, stage: Stage, unused: Collection[str] = ()) -> str:
        """The scene graph as JSON, a line a node, with what the stage has a use for.

        Once there is a scene, its own camera is told; the guess would stand beside it, and grow stale.
        """
        left_out = _LEFT_OUT.get(stage, set()) | set(unused)
        nodes = [node.model_dump(exclude_defaults=True, exclude=left_out) for node in self._graph.nodes]
        head = self._graph.model_dump(exclude={"nodes"} if stage is INITIALIZATION else {"nodes", "camera"})
        lines = ",\n  ".join(json.dumps(node, ensure_ascii=False) for node in nodes)
        return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "nodes": [\n  {lines}\n]}}'

    def _note(self, stage: Stage) -> str:
        notes = [self._run.record.settings.note, self._run.record.stage(stage).note]
        return "\n".join(note for note in notes if note)


def _scores_so_far(record: StageRecord) -> list[str]:
    """A line for the scene as the stage found it, and one for each of its rounds that ran."""
    lines = [f"as the stage found it: {_in_words(record.start)}"] if record.start else []
    return lines + [
        f"round {each.number}: {_in_words(each.scores)}{_kept(each, record)}" for each in record.rounds if each.scores
    ]


def _kept(played: Round, record: StageRecord) -> str:
    return " (the best so far)" if played.number == record.best else ""


def _in_words(scores: Scores | None) -> str:
    if scores is None:
        return "not measured"
    parts = {"overall": scores.overall, **(scores.factors.model_dump(exclude_none=True) if scores.factors else {})}
    return f"PSNR {scores.psnr:.2f} dB, SSIM {scores.ssim:.3f}, " + ", ".join(
        f"{name} {value:.2f}" if name != "overall" else f"overall {value:.3f}" for name, value in parts.items()
    )


def _schema(model: type[SceneGraph] | type[Review]) -> str:
    return "```json\n" + json.dumps(model.model_json_schema()) + "\n```"
