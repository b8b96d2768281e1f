"""One round: ask for a program, try it in the studio, and let the model mend what went wrong.

A program counts once it passed the guard, ran within its limits from the stage's starting
checkpoint, kept to the stage's permissions, and could be rendered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from ..models import Reply
from ..studio.client import NoCamera, RenderFailed, Studio
from ..studio.pixels import Ids
from ..studio.scene import summary
from . import picture, replies
from .conversation import Conversation, follow_up
from .events import Event, EventKind, Tell
from .factors import measure_factors
from .files import write_atomic
from .look import Look
from .questions import Questions
from .records import Round, StageRecord
from .run_folder import RunFolder, round_render
from .scores import measure
from .solving.placing import placing
from .solving.tuning import tune
from .stages import INITIALIZATION, Stage
from .visible import visible

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

    def place(self, stage: Stage, played: Round, best: int | None, so_far: str) -> Look | None:
        """Play a round without a model: after `so_far`, the best round's program, things are placed by their boxes.

        The look is None if their boxes can't be brought closer to the marked ones, or the program failed.
        """
        self._say("trying", "placing things by their marked boxes", stage, played.number)
        graph = self._run.record.graph
        assert graph is not None, "the scene graph comes first"
        if best is None:
            self._open_start(stage)
        else:
            self._studio.open(self._run.checkpoint(stage, best))
        solved = placing(self._studio, graph)
        if not solved:
            return None
        return self._try_solved(stage, played, f"{so_far.rstrip()}\n\n{solved}".lstrip())

    def solve(self, stage: Stage, played: Round) -> Look | None:
        """Play a round whose program is solved for; the look is None if there is none that could be better."""
        folder = self._run.round_folder(stage, played.number)
        self._say("trying", "solving for light and base colours", stage, played.number)
        try:
            program = tune(self._studio, partial(self._open_start, stage), self._reference, folder, stage.name).program
        except RenderFailed as error:
            played.problem = str(error)
            return None
        if not program:
            played.problem = "Nothing was found that comes closer to the picture."
            return None
        return self._try_solved(stage, played, program)

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
        if start in self._looks:
            return self._looks[start]
        self._open_start(stage)
        return self._look(stage, 0)

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
        path = round_render(self._run.path, stage, number)
        size = record.render_size(record.settings.working_size)
        self._studio.render(path, size=size, samples=record.settings.working_samples)
        render = picture.open_render(path)
        graph = record.graph
        assert graph is not None, "the scene graph comes first"
        scene = self._studio.describe()
        seen = visible(graph, {each.name: each.parent for each in scene.objects}, self._ids(path, size))
        shown, reference = picture.pixels(render), picture.pixels(self._reference, render.size)
        factors = measure_factors(graph, seen, shown, reference)
        return Look(
            render=render,
            seen=seen,
            scene=scene,
            scores=measure(shown, reference).model_copy(update={"factors": factors}),
            faults=self._studio.check([leaf.name for leaf in graph.leaves]),
        )

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
