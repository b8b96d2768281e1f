"""Programs tried in the studio: run from their stage's start, held to its permissions, looked at, and kept.

A program counts once it passed the guard, ran within its limits from the stage's starting checkpoint, kept to
the stage's permissions, and could be rendered. Knows nothing of models, budgets, or which round stays.
Never imports bpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from ..studio.client import NoCamera, RenderFailed, Studio
from ..studio.pixels import Ids
from ..studio.scene import summary
from . import picture, renders
from .events import Event, EventKind, Tell
from .factors import measure_factors
from .look import Look
from .records import Round
from .renders import CloseUp, Renders
from .run_folder import RunFolder, round_render
from .scene_graph import SceneGraph
from .scores import Scores, measure
from .stages import INITIALIZATION, Stage
from .views import windows
from .visible import Visible, visible


class Trials:
    """Tries the programs of one run, and looks at its scenes."""

    def __init__(self, run: RunFolder, studio: Studio, tell: Tell) -> None:
        """Put the collaborators together."""
        self.run, self.studio, self.reference = run, studio, run.reference()
        self._tell = tell
        self._looks: dict[Path, Look] = {}  # what was seen of each checkpoint
        self._shown: dict[tuple[Path, Stage], Look] = {}  # the same with what is shown of it in a stage's questions

    @property
    def graph(self) -> SceneGraph:
        """What the picture holds, as the marks are now."""
        graph = self.run.record.graph
        assert graph is not None, "the scene graph comes first"
        return graph

    # Trying

    def attempt(self, stage: Stage, number: int, program: str) -> tuple[str, str, Look | None]:
        """Run a program and look at what it made: what went wrong, what it changed, what there is to see."""
        self.open_start(stage)
        self.say("trying", "running the program", stage, number)
        result = self.studio.run(program, stage.name)
        if result.failure is not None:
            return result.failure.message, "", None
        leaves = {leaf.name for leaf in self.graph.leaves}
        breaches = stage.breaches(result.changes, leaves)
        if breaches and self.run.record.settings.method.permissions:
            return _breach(stage, breaches), "", None
        try:
            return "", summary(result.changes), self._look(stage, number)
        except NoCamera:
            return "The program ran, but the scene has no camera, so there is nothing to see. Set one.", "", None
        except RenderFailed as error:
            return f"The program ran, but its scene can't be rendered. {error}", "", None

    def keep(self, stage: Stage, played: Round, changed: str, seen: Look) -> Look:
        """Save the scene that a round's program left, and write down what it is like."""
        played.ran, played.changed = True, changed
        played.scores, played.faults = seen.scores, seen.faults
        return self._saved(stage, played.number, seen)

    def run_again(self, stage: Stage, number: int) -> tuple[str, Look | None]:
        """Run a round's program again from the stage's start, which may have changed; refresh its files."""
        problem, _, look = self.attempt(stage, number, self.run.round_program(stage, number))
        return problem, look and self._saved(stage, number, look)

    def preview(self, stage: Stage, program: str) -> Look | None:
        """See what a program does from the stage's start, without making a round of it."""
        _, _, look = self.attempt(stage, 0, program)
        return look and self._with_views(look, stage)  # now, as its scene is in no checkpoint

    # Looking

    def look_at_start(self, stage: Stage) -> Look:
        """See the scene as the stage finds it, unless the round that left it so was looked at already."""
        start = self.run.start_checkpoint(stage)
        if start is None:  # initialization's program no longer runs
            self.open_start(stage)
            return self._look(stage, 0)
        return self._look_into(start, stage, 0)

    def look_at(self, stage: Stage, number: int) -> Look:
        """See the scene as a round left it, unless it was looked at already."""
        return self._look_into(self.run.checkpoint(stage, number), stage, number)

    def shown(self, stage: Stage, look: Look) -> Look:
        """The same look with all that a stage's questions show; rendered only where something is asked."""
        if look.checkpoint is None:
            return look
        key = look.checkpoint, stage
        if key not in self._shown:
            self.studio.open(look.checkpoint)
            self._shown[key] = self._with_views(look, stage)
        known = self._shown[key]
        return replace(look, renders=known.renders, close_ups=known.close_ups)

    def measured_again(self, look: Look) -> Look:
        """The same look with the scores that it has by the scene graph's marks as they are now."""
        return replace(look, scores=self._scores(look.seen, look.render))

    def more_views(self, stage: Stage, number: int, look: Look, asked: Sequence[str]) -> tuple[list[CloseUp], Renders]:
        """Render what a verifier asked to see of the scene that a round left: things enlarged, and from other sides."""
        self.studio.open(self.run.checkpoint(stage, number))
        folder, wanted = self.run.round_folder(stage, number), windows.around(asked, self.graph, look, self.reference)
        closer = renders.close_ups(wanted, windows.CLOSER, self.studio, self.run.record, folder)
        return closer, renders.asked_for(asked, self.studio, self.graph, look.scene, folder)

    # The studio's scene

    def open_start(self, stage: Stage) -> None:
        """Open the scene that the stage starts from."""
        start = self.run.start_checkpoint(stage)
        if start is None:
            record = self.run.record
            self.studio.new(record.name, record.width, record.height)
        else:
            self.studio.open(start)

    def open_best(self, stage: Stage, best: int | None) -> None:
        """Open the scene that the stage's best round left, or that it started from."""
        if best is None:
            self.open_start(stage)
        else:
            self.studio.open(self.run.checkpoint(stage, best))

    def say(self, kind: EventKind, text: str, stage: Stage, number: int) -> None:
        """Tell what happens."""
        self._tell(Event(kind, text, stage.name, number))

    def _saved(self, stage: Stage, number: int, look: Look) -> Look:
        checkpoint = self.run.checkpoint(stage, number)
        self.studio.save(checkpoint)
        self._shown = {key: shown for key, shown in self._shown.items() if key[0] != checkpoint}
        self._looks[checkpoint] = replace(look, checkpoint=checkpoint)
        return self._looks[checkpoint]

    def _look_into(self, checkpoint: Path, stage: Stage, number: int) -> Look:
        if checkpoint not in self._looks:
            self.studio.open(checkpoint)
            self._looks[checkpoint] = replace(self._look(stage, number), checkpoint=checkpoint)
        return self._looks[checkpoint]

    def _look(self, stage: Stage, number: int) -> Look:
        self.say("rendering", "", stage, number)
        record = self.run.record
        path = round_render(self.run.path, stage, number)
        size = record.render_size(record.settings.working_size)
        self.studio.render(path, size=size, samples=record.settings.working_samples)
        render = picture.open_render(path)
        scene = self.studio.describe()
        seen = visible(self.graph, {each.name: each.parent for each in scene.objects}, self._ids(path, size))
        faults = self.studio.check([leaf.name for leaf in self.graph.leaves])
        return Look(render, seen, scene, self._scores(seen, render), faults)

    def _with_views(self, look: Look, stage: Stage) -> Look:
        """Add what only a stage's questions show of the scene that the studio holds."""
        folder = round_render(self.run.path, stage, 0).parent
        worst = windows.worst(stage, self.graph, look, self.reference)
        return replace(
            look,
            renders=renders.of_stage(stage, self.studio, self.graph, look.scene, folder),
            close_ups=renders.close_ups(worst, windows.CROP, self.studio, self.run.record, folder),
        )

    def _scores(self, seen: Visible, render: Image.Image) -> Scores:
        shown, reference = picture.pixels(render), picture.pixels(self.reference, render.size)
        factors = measure_factors(self.graph, seen, shown, reference)
        return measure(shown, reference).model_copy(update={"factors": factors})

    def _ids(self, render: Path, size: int) -> Ids:
        """Who is seen in each pixel of a render; large as a file, so it goes as soon as it is read."""
        path = render.with_name("ids.npz")
        try:
            return self.studio.ids(path, size)
        finally:
            path.unlink(missing_ok=True)


def _breach(stage: Stage, breaches: list[str]) -> str:
    lines = "\n".join(f"- {each}" for each in breaches[:12])
    more = f"\n- and {len(breaches) - 12} more" if len(breaches) > 12 else ""
    allowed = ", ".join(sorted(stage.may_change))
    kept = "" if stage is INITIALIZATION else " and may not remove an object of the scene graph"
    return (
        f"The program ran, but changed what the {stage.name} stage must leave alone, so it was refused:\n"
        f"{lines}{more}\nThis stage may change only: {allowed}{kept}. Leave the rest as it is."
    )
