"""One round: ask for a program, try it in the studio, and let the model mend what went wrong.

A program counts once it passed the guard, ran within its limits from the stage's starting
checkpoint, kept to the stage's permissions, and could be rendered.
"""

from __future__ import annotations

import re

from PIL import Image

from ..models import Reply
from ..studio.client import NoCamera, RenderFailed, Studio
from ..studio.scene import summary
from . import picture, replies
from .conversation import Conversation, follow_up
from .events import Event, EventKind, Tell
from .files import write_atomic
from .questions import Look, Questions
from .records import Round, StageRecord
from .run_folder import RunFolder
from .scores import Pixels, measure
from .stages import INITIALIZATION, Stage

_SAME_ERROR = 3  # times in a row: the model is stuck, and further repairs are money lost


class RoundPlayer:
    """Plays rounds of any stage; knows nothing of budgets, verifiers or which round stays."""

    def __init__(
        self, run: RunFolder, conversation: Conversation, questions: Questions, studio: Studio, tell: Tell
    ) -> None:
        """Put the collaborators together."""
        self._run, self._conversation, self._questions = run, conversation, questions
        self._studio, self._tell = studio, tell
        self._reference = run.reference()

    def play(
        self,
        stage: Stage,
        record: StageRecord,
        number: int,
        look: Look | None,
        so_far: str,
        checklist: list[str],
        history: list[str],
    ) -> tuple[Round, Look | None]:
        """Play one round; the look is None if no program of it ran.

        `look` and `so_far` are the scene and program that the round starts from, as the model sees
        them; `so_far` is also what its edits apply to.
        """
        folder = self._run.round_folder(stage, number)
        question = self._questions.program(stage, number, look, so_far, checklist, history)
        messages = question.messages()
        problems: list[str] = []
        while True:
            self._say("asking", f"repair {len(problems)}" if problems else "generator", stage, number)
            reply = self._conversation.ask(messages, record)
            write_atomic(folder / f"reply{_suffix(problems)}.md", reply.text)
            program, problem = _read(reply, so_far)
            if not problem:
                so_far = program
                write_atomic(folder / "program.py", program)
                problem, changed, seen = self._attempt(stage, number, program)
                if seen is not None:
                    self._studio.save(self._run.checkpoint(stage, number))
                    return Round(
                        number=number,
                        ran=True,
                        repairs=len(problems),
                        changed=changed,
                        scores=seen.scores,
                        faults=seen.faults,
                    ), seen
            problems.append(problem)
            write_atomic(folder / f"problem{_suffix(problems[1:])}.txt", problem)
            self._say("refused", problem.splitlines()[0], stage, number)
            stuck = [_kind(each) for each in problems[-_SAME_ERROR:]] == [_kind(problem)] * _SAME_ERROR
            if stuck or len(problems) > self._run.record.settings.repairs:
                return Round(number=number, ran=False, repairs=len(problems) - 1, problem=problem), None
            title = f"{question.title} · Repair: {len(problems)}"
            messages = question.messages() + follow_up(
                reply, title, "repair.md", problem=problem, edits_of=bool(so_far.strip())
            )

    def run_again(self, stage: Stage, number: int) -> tuple[str, Look | None]:
        """Run a round's program again from the stage's start, which may have changed; refresh its files."""
        problem, _, look = self._attempt(stage, number, self._run.round_program(stage, number))
        if look is not None:
            self._studio.save(self._run.checkpoint(stage, number))
        return problem, look

    def preview(self, stage: Stage, program: str) -> Look | None:
        """See what a program does from the stage's start, without making a round of it."""
        _, _, look = self._attempt(stage, 0, program)
        return look

    def look_at_start(self, stage: Stage) -> Look:
        """See the scene as the stage finds it."""
        self._open_start(stage)
        return self._look(stage, 0)

    def _attempt(self, stage: Stage, number: int, program: str) -> tuple[str, str, Look | None]:
        """Run a program and look at what it made: what went wrong, what it changed, what there is to see."""
        self._open_start(stage)
        self._say("trying", "running the program", stage, number)
        result = self._studio.run(program, stage.name)
        if result.failure is not None:
            return result.failure.message, "", None
        graph = self._run.record.graph
        leaves = {leaf.name for leaf in graph.leaves} if graph else set()
        breaches = stage.breaches(result.changes, leaves)
        if breaches:
            return _breach(stage, breaches), "", None
        try:
            return "", summary(result.changes), self._look(stage, number)
        except NoCamera:
            return "The program ran, but the scene has no camera, so there is nothing to see. Set one.", "", None
        except RenderFailed as error:
            return f"The program ran, but its scene can't be rendered. {error}", "", None

    def _look(self, stage: Stage, number: int) -> Look:
        self._say("rendering", "", stage, number)
        record = self._run.record
        path = self._run.round_folder(stage, number) / "render.png"
        size = record.render_size(record.settings.working_size)
        self._studio.render(path, size=size, samples=record.settings.working_samples)
        render = picture.open_render(path)
        graph = record.graph
        return Look(
            render=render,
            scene=self._studio.describe(),
            scores=measure(picture.pixels(render), self._reference_pixels(render)),
            faults=self._studio.check([leaf.name for leaf in graph.leaves] if graph else []),
        )

    def _reference_pixels(self, render: Image.Image) -> Pixels:
        return picture.pixels(self._reference, render.size)

    def _open_start(self, stage: Stage) -> None:
        start = self._run.start_checkpoint(stage)
        if start is None:
            record = self._run.record
            self._studio.new(record.name, record.width, record.height)
        else:
            self._studio.open(start)

    def _say(self, kind: EventKind, text: str, stage: Stage, number: int) -> None:
        self._tell(Event(kind, text, stage.name, number))


def _read(reply: Reply, so_far: str) -> tuple[str, str]:
    try:
        return replies.read_program(reply, so_far), ""
    except replies.BadReply as bad:
        return "", str(bad)


def _breach(stage: Stage, breaches: list[str]) -> str:
    lines = "\n".join(f"- {each}" for each in breaches[:12])
    more = f"\n- and {len(breaches) - 12} more" if len(breaches) > 12 else ""
    allowed = ", ".join(sorted(stage.may_change))
    kept = "" if stage is INITIALIZATION else " and may not remove an object of the scene graph"
    return (
        f"The program ran, but changed what the {stage.name} stage must leave alone, so it was refused:\n"
        f"{lines}{more}\nThis stage may change only: {allowed}{kept}. Leave the rest as it is."
    )


def _kind(problem: str) -> str:
    """An error apart from its line numbers and figures, to see whether it is the same one again."""
    return re.sub(r"\d+", "#", problem.splitlines()[0])


def _suffix(problems: list[str]) -> str:
    return f"_{len(problems) + 1}" if problems else ""
