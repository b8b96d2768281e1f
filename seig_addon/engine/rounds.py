"""One round: ask for a program, try it in the studio, and let the model mend what went wrong.

Knows nothing of budgets, verifiers or which round stays. Never imports bpy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from ..models import Reply
from . import replies
from .conversation import Conversation, follow_up
from .files import write_atomic
from .look import Look
from .questions import Questions
from .records import Round, StageRecord
from .stages import COMPOSITION, GEOMETRY, Stage
from .trials import Trials

_SAME_ERROR = 3  # times in a row: the model is stuck, and further repairs are money lost


class RoundPlayer:
    """Plays rounds of any stage."""

    def __init__(self, trials: Trials, conversation: Conversation, questions: Questions) -> None:
        """Put the collaborators together."""
        self._trials, self._conversation, self._questions = trials, conversation, questions
        self._run, self._say = trials.run, trials.say

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
        look = look and self._trials.shown(stage, look)
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
                problem, changed, seen = self._trials.attempt(stage, number, program)
                if seen is not None:
                    return self._trials.keep(stage, played, changed, seen)
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

    def _untried(self, stage: Stage, number: int) -> Reply | None:
        """Return the reply of a round that was stopped before it was known what it is worth."""
        folder = self._run.round_folder(stage, number)
        if (folder / "problem.txt").exists() or not (folder / "reply.md").exists():
            return None
        return Reply((folder / "reply.md").read_text(encoding="utf-8"))


def _read(reply: Reply, so_far: str) -> tuple[str, str]:
    try:
        return replies.read_program(reply, so_far), ""
    except replies.BadReply as bad:
        return "", str(bad)


def _kind(problem: str) -> str:
    """An error apart from its line numbers and figures, to see whether it is the same one again."""
    return re.sub(r"\d+", "#", problem.splitlines()[0])


def _suffix(problems: list[str]) -> str:
    return f"_{len(problems) + 1}" if problems else ""
