"""Rounds that ask nobody, or end so: their programs are solved for from the picture, and written like any other.

    initialization   ends lit like the picture
    composition      ends with things placed by their marked boxes, then moved to their edges in the picture
    lighting         a round that measures worse is judged by where its lights stand, not by their powers
    fine-tuning      is one such round: light and base colours together

Each stays only by the rules of choosing.py. Never imports bpy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..studio.client import RenderFailed
from . import picture
from .choosing import is_closer, is_no_worse, is_registered
from .files import write_atomic
from .look import Look
from .records import Round, StageRecord
from .solving.light import ALL, LIGHT, What
from .solving.placing import placing, registering
from .solving.tuning import tune
from .stages import Stage
from .trials import Trials

EndRound = Callable[[Stage, StageRecord, Round], None]
"""Writes a round down in its stage's record, and says how it ended."""


class SolvedRounds:
    """Plays the solved rounds of one run."""

    def __init__(self, trials: Trials, end_round: EndRound) -> None:
        """Put the collaborators together."""
        self._trials, self._end_round = trials, end_round

    def light(self, stage: Stage, record: StageRecord) -> None:
        """After the best scaffold's program, solve for its light; it stays if the picture comes closer.

        Not for its base colours: while shapes are off, they would take on what lies beside them.
        """
        assert record.best is not None, "a scaffold ran"
        start, scaffold = self._trials.look_at(stage, record.best), record.round(record.best)
        played = Round(number=max(each.number for each in record.rounds) + 1, solved=True)
        self._trials.say("trying", "solving for the light", stage, played.number)
        solved = self._tuned(stage, played, partial(self._trials.open_best, stage, record.best), LIGHT)
        seen = self._try(stage, played, self._trials.run.round_program(stage, record.best), solved)
        if seen is not None:
            played.coverage = scaffold.coverage
            if is_closer(seen, start):
                record.best = played.number
        self._end_round(stage, record, played)

    def powers(self, stage: Stage, played: Round, seen: Look) -> Look:
        """Solve for the light after a round's own program; returns what the round then left.

        That is `seen`, what its program made, where nothing comes closer.
        """
        trials, program = self._trials, self._trials.run.round_program(stage, played.number)
        trials.say("trying", "solving for the light", stage, played.number)
        checkpoint = trials.run.checkpoint(stage, played.number)
        solved = self._tuned(stage, played, partial(trials.studio.open, checkpoint), LIGHT)
        lit = self._try(stage, played, program, solved)
        played.problem = ""  # of the solving, not of the round
        if lit is not None and is_closer(lit, seen):
            return lit
        if solved:
            write_atomic(trials.run.round_folder(stage, played.number) / "program.py", program)
            _, changed, again = trials.attempt(stage, played.number, program)
            assert again is not None, "it ran a moment ago"
            trials.keep(stage, played, changed, again)
        return seen

    def place(self, stage: Stage, record: StageRecord, program: str, best: Look) -> None:
        """Place things by their boxes, then by their edges in the picture, after the stage's program so far.

        `best` is what that left. The first stays if nothing gets worse by it, the second if the picture gets closer.
        """
        for solve, stays in ((self._placed, is_no_worse), (self._registered, is_registered)):
            played = Round(number=len(record.rounds) + 1, solved=True)
            seen = self._try(stage, played, program, solve(stage, record, played, best))
            if seen is not None and stays(seen, best):
                played.review = record.review
                record.best, best = played.number, seen
                program = self._trials.run.round_program(stage, played.number)
            if played.ran or played.problem:  # else there was nothing to move
                self._end_round(stage, record, played)

    def tune(self, stage: Stage, record: StageRecord, start: Look) -> None:
        """Solve for light and base colours of the scene that the stage starts from; they stay if it comes closer."""
        played = Round(number=max((each.number for each in record.rounds), default=0) + 1, solved=True)
        self._trials.say("trying", "solving for light and base colours", stage, played.number)
        seen = self._try(stage, played, "", self._tuned(stage, played, partial(self._trials.open_start, stage), ALL))
        if seen is not None and is_closer(seen, start):
            record.best = played.number
        self._end_round(stage, record, played)

    # Each gives the program that it solved for, "" if there is nothing to change.

    def _placed(self, stage: Stage, record: StageRecord, played: Round, best: Look) -> str:
        self._trials.say("trying", "placing things by their marked boxes", stage, played.number)
        self._trials.open_best(stage, record.best)
        return placing(self._trials.studio, self._trials.graph)

    def _registered(self, stage: Stage, record: StageRecord, played: Round, best: Look) -> str:
        self._trials.say("trying", "moving things to where the picture shows them", stage, played.number)
        shown = picture.pixels(best.render)
        reference = picture.pixels(self._trials.reference, best.render.size)
        self._trials.open_best(stage, record.best)
        return registering(self._trials.studio, self._trials.graph, best.seen, shown, reference)

    def _tuned(self, stage: Stage, played: Round, start: Callable[[], None], what: What) -> str:
        trials = self._trials
        folder = trials.run.round_folder(stage, played.number)
        try:
            program = tune(trials.studio, start, trials.reference, folder, stage.name, what).program
        except RenderFailed as error:
            played.problem = str(error)
            return ""
        if not program:
            played.problem = "Nothing was found that comes closer to the picture."
        return program

    def _try(self, stage: Stage, played: Round, so_far: str, solved: str) -> Look | None:
        """Try a program with what was solved for after it, if anything was; write down what came of it."""
        if not solved:
            return None
        program = f"{so_far.rstrip()}\n\n{solved}".lstrip()
        write_atomic(self._trials.run.round_folder(stage, played.number) / "program.py", program)
        played.problem, changed, seen = self._trials.attempt(stage, played.number, program)
        return seen and self._trials.keep(stage, played, changed, seen)
