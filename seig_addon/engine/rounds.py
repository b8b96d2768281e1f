"""One round: ask for a program, try it in the studio, and let the model mend what went wrong.

A program counts once it passed the guard, ran within its limits from the stage's starting
checkpoint, kept to the stage's permissions, and could be rendered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PIL import Image

from ..models import Reply
from ..studio.client import NoCamera, RenderFailed, Studio
from ..studio.pixels import Ids
from ..studio.scene import summary
from . import picture, renders, replies
from .conversation import Conversation, follow_up
from .events import Event, EventKind, Tell
from .factors import measure_factors
from .files import write_atomic
from .look import Look
from .questions import Questions
from .records import Round, StageRecord
from .renders import Renders
from .run_folder import RunFolder, round_render
from .scene_graph import SceneGraph
from .scores import Scores, measure
from .solving.light import ALL, LIGHT, What
from .solving.placing import placing, registering
from .solving.tuning import tune
from .stages import COMPOSITION, GEOMETRY, INITIALIZATION, Stage
from .visible import Visible, visible

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
        self._looks: dict[Path, Look] = {}  # what was seen of each checkpoint that a round left

    def ask_first(self, stage: Stage, record: StageRecord, rounds: Sequence[Round]) -> Iterator[tuple[Round, Reply]]:
        """Ask for the first program of rounds that start from an empty scene; give each round with its reply.

        As many are asked at once as the model takes; those are given before more are asked. Where an
        ask failed, that is raised after the replies that did come were given. None is asked for twice:
        a reply that came before a stop, and was not tried yet, is given again.
        """
        left = []
        for each in rounds:
            reply = self._untried(stage, each.number)
            if reply is None:
                left.append(each)
            else:
                yield each, reply
        while left:
            outcomes = self._ask_together(stage, record, left)
            for each, outcome in zip(left, outcomes, strict=False):
                if isinstance(outcome, Reply):
                    yield each, outcome
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
            left = left[len(outcomes) :]

    def _ask_together(self, stage: Stage, record: StageRecord, rounds: Sequence[Round]) -> list[Reply | BaseException]:
        """Ask for the programs of the first of these rounds, as many as there is room for; write down what comes."""
        questions = [self._questions.program(stage, each.number, None, "", [], []).messages() for each in rounds]
        count, number = self._conversation.room_for(questions), rounds[0].number
        self._say("asking", "generator" if count == 1 else f"generator, {count} at once", stage, number)
        asks = [(messages, (record, each)) for messages, each in zip(questions[:count], rounds, strict=False)]
        outcomes = self._conversation.ask_together(asks, partial(self._say, "replied", stage=stage, number=number))
        for each, outcome in zip(rounds, outcomes, strict=False):
            if isinstance(outcome, Reply):
                write_atomic(self._run.round_folder(stage, each.number) / "reply.md", outcome.text)
        return outcomes

    def play(
        self,
        stage: Stage,
        record: StageRecord,
        played: Round,
        look: Look | None,
        so_far: str,
        checklist: list[str],
        history: list[str],
        reply: Reply | None = None,
    ) -> Look | None:
        """Play one round and write down in it what came of it; the look is None if no program of it ran.

        `look` and `so_far` are the scene and program that the round starts from, as the model sees
        them; `so_far` is also what its edits apply to. With a `reply` its first question was asked already.
        """
        number = played.number
        folder = self._run.round_folder(stage, number)
        question = self._questions.program(stage, number, look, so_far, checklist, history)
        messages = question.messages()
        problems: list[str] = []
        while True:
            if reply is None:
                self._say("asking", f"repair {len(problems)}" if problems else "generator", stage, number)
                reply = self._conversation.ask(messages, (record, played))
            write_atomic(folder / f"reply{_suffix(problems)}.md", reply.text)
            self._correct(stage, played, reply)
            program, problem = _read(reply, so_far)
            if not problem:
                so_far = program
                write_atomic(folder / "program.py", program)
                problem, changed, seen = self._attempt(stage, number, program)
                if seen is not None:
                    self._keep(stage, played, changed, seen)
                    return seen
            problems.append(problem)
            write_atomic(folder / f"problem{_suffix(problems[1:])}.txt", problem)
            self._say("refused", problem.splitlines()[0], stage, number)
            stuck = [_kind(each) for each in problems[-_SAME_ERROR:]] == [_kind(problem)] * _SAME_ERROR
            if stuck or len(problems) > self._run.record.settings.repairs:
                played.problem = problem
                return None
            played.repairs += 1
            title = f"{question.title} · Repair: {len(problems)}"
            own = self._run.record.settings.prompts
            messages = question.messages() + follow_up(
                reply, title, "repair.md", own, problem=problem, edits_of=bool(so_far.strip())
            )
            reply = None

    def place(self, stage: Stage, played: Round, best: int | None, so_far: str, look: Look) -> Look | None:
        """Play a round without a model: after `so_far`, the best round's program, things are placed by their boxes.

        `look` is what that round left. The look that is returned is None if nothing is to be moved, or the
        program failed.
        """
        self._say("trying", "placing things by their marked boxes", stage, played.number)
        self._open_best(stage, best)
        solved = placing(self._studio, self._graph)
        return self._try_added(stage, played, so_far, solved)

    def register(self, stage: Stage, played: Round, best: int | None, so_far: str, look: Look) -> Look | None:
        """Play a round as `place` does, in which things are moved to where the reference shows their edges."""
        self._say("trying", "moving things to where the picture shows them", stage, played.number)
        shown, reference = picture.pixels(look.render), picture.pixels(self._reference, look.render.size)
        self._open_best(stage, best)
        solved = registering(self._studio, self._graph, look.seen, shown, reference)
        return self._try_added(stage, played, so_far, solved)

    def solve(self, stage: Stage, played: Round) -> Look | None:
        """Play a round whose program is solved for; the look is None if there is none that could be better."""
        self._say("trying", "solving for light and base colours", stage, played.number)
        solved = self._tuned(stage, played, partial(self._open_start, stage), ALL)
        return self._try_solved(stage, played, solved) if solved else None

    def light(self, stage: Stage, played: Round, best: int) -> Look | None:
        """Play a round without a model: after the best round's program, the light alone is solved for."""
        self._say("trying", "solving for the light", stage, played.number)
        solved = self._tuned(stage, played, partial(self._open_best, stage, best), LIGHT)
        return self._try_added(stage, played, self._run.round_program(stage, best), solved)

    def run_again(self, stage: Stage, number: int) -> tuple[str, Look | None]:
        """Run a round's program again from the stage's start, which may have changed; refresh its files."""
        problem, _, look = self._attempt(stage, number, self._run.round_program(stage, number))
        if look is not None:
            self._save(stage, number, look)
        return problem, look

    def preview(self, stage: Stage, program: str) -> Look | None:
        """See what a program does from the stage's start, without making a round of it."""
        _, _, look = self._attempt(stage, 0, program)
        return look

    def look_at_start(self, stage: Stage) -> Look:
        """See the scene as the stage finds it, unless the round that left it so was looked at already."""
        start = self._run.start_checkpoint(stage)
        known = self._looks.get(start) if start else None
        if known is not None and stage not in renders.STAGES:
            return known
        self._open_start(stage)
        if known is None:
            return self._look(stage, 0)
        folder = round_render(self._run.path, stage, 0).parent  # what was looked at for another stage
        return replace(known, renders=renders.of_stage(stage, self._studio, self._graph, folder))

    def more_views(self, stage: Stage, number: int, asked: Sequence[str]) -> Renders:
        """Render what a verifier asked to see of the scene that a round left."""
        self._studio.open(self._run.checkpoint(stage, number))
        return renders.asked_for(asked, self._studio, self._graph, self._run.round_folder(stage, number))

    def look_at(self, stage: Stage, number: int) -> Look:
        """See the scene as a round left it, unless it was looked at already."""
        checkpoint = self._run.checkpoint(stage, number)
        if checkpoint not in self._looks:
            self._studio.open(checkpoint)
            self._looks[checkpoint] = self._look(stage, number)
        return self._looks[checkpoint]

    def _tuned(self, stage: Stage, played: Round, start: Callable[[], None], what: What) -> str:
        """Solve for what may be tuned of a scene; "", with the reason in the round, if nothing comes closer."""
        folder = self._run.round_folder(stage, played.number)
        try:
            program = tune(self._studio, start, self._reference, folder, stage.name, what).program
        except RenderFailed as error:
            played.problem = str(error)
            return ""
        if not program:
            played.problem = "Nothing was found that comes closer to the picture."
        return program

    def _open_best(self, stage: Stage, best: int | None) -> None:
        """Open the scene that the stage's best round left, or that it started from."""
        if best is None:
            self._open_start(stage)
        else:
            self._studio.open(self._run.checkpoint(stage, best))

    def _try_added(self, stage: Stage, played: Round, so_far: str, solved: str) -> Look | None:
        """Try a program with what was solved for after it, if anything was."""
        return self._try_solved(stage, played, f"{so_far.rstrip()}\n\n{solved}".lstrip()) if solved else None

    def _try_solved(self, stage: Stage, played: Round, program: str) -> Look | None:
        """Try the program of a round that asks nobody, and write down what came of it."""
        write_atomic(self._run.round_folder(stage, played.number) / "program.py", program)
        played.problem, changed, seen = self._attempt(stage, played.number, program)
        if seen is not None:
            self._keep(stage, played, changed, seen)
        return seen

    def _keep(self, stage: Stage, played: Round, changed: str, seen: Look) -> None:
        """Save the scene that a round's program left, and write down what it is like."""
        self._save(stage, played.number, seen)
        played.ran, played.changed = True, changed
        played.scores, played.faults = seen.scores, seen.faults

    def _correct(self, stage: Stage, played: Round, reply: Reply) -> None:
        """Take over what a reply corrects of the scene graph's marks; what can't be used is not worth a repair."""
        graph = self._run.record.graph
        if stage not in (GEOMETRY, COMPOSITION) or graph is None:
            return
        try:
            marks, self._run.record.graph = replies.read_marks(reply, graph)
        except replies.BadReply as bad:
            self._say("refused", str(bad).splitlines()[-1], stage, played.number)
        else:
            played.marks = marks or played.marks

    def _save(self, stage: Stage, number: int, look: Look) -> None:
        checkpoint = self._run.checkpoint(stage, number)
        self._studio.save(checkpoint)
        self._looks[checkpoint] = look

    def _untried(self, stage: Stage, number: int) -> Reply | None:
        """Return the reply of a round that was stopped before it was known what it is worth."""
        folder = self._run.round_folder(stage, number)
        if (folder / "problem.txt").exists() or not (folder / "reply.md").exists():
            return None
        return Reply((folder / "reply.md").read_text(encoding="utf-8"))

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
        if breaches and self._run.record.settings.method.permissions:
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
        path = round_render(self._run.path, stage, number)
        size = record.render_size(record.settings.working_size)
        self._studio.render(path, size=size, samples=record.settings.working_samples)
        render = picture.open_render(path)
        graph = self._graph
        scene = self._studio.describe()
        seen = visible(graph, {each.name: each.parent for each in scene.objects}, self._ids(path, size))
        return Look(
            render=render,
            seen=seen,
            scene=scene,
            scores=self._scores(graph, seen, render),
            faults=self._studio.check([leaf.name for leaf in graph.leaves]),
            renders=renders.of_stage(stage, self._studio, graph, path.parent),
        )

    def measured_again(self, look: Look) -> Look:
        """The same look with the scores that it has by the scene graph's marks as they are now."""
        return replace(look, scores=self._scores(self._graph, look.seen, look.render))

    @property
    def _graph(self) -> SceneGraph:
        graph = self._run.record.graph
        assert graph is not None, "the scene graph comes first"
        return graph

    def _scores(self, graph: SceneGraph, seen: Visible, render: Image.Image) -> Scores:
        shown, reference = picture.pixels(render), picture.pixels(self._reference, render.size)
        factors = measure_factors(graph, seen, shown, reference)
        return measure(shown, reference).model_copy(update={"factors": factors})

    def _ids(self, render: Path, size: int) -> Ids:
        """Who is seen in each pixel of a render; large as a file, so it goes as soon as it is read."""
        path = render.with_name("ids.npz")
        try:
            return self._studio.ids(path, size)
        finally:
            path.unlink(missing_ok=True)

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
