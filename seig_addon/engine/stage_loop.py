"""How each stage of a run is played: tries, looks, reviews, and which of them stays.

    initialization   several scaffolds are written; the one that covers the most objects stays, and ends
                     lit like the picture where that came closer, so that later pictures can be read
    geometry …       each stage: write a program, try it, look, verify; its checklist goes into the next
    lighting         round; an empty checklist or a spent budget ends the stage; the best round stays
    composition      ends with things placed by their marked boxes, settled, and moved to where the picture
                     shows their edges, each where nothing is worse for it
    fine-tuning      asks nobody: light and base colours are solved for, and stay if that came closer

Each round's program runs from the stage's starting checkpoint, never on top of an earlier try. All
that a round leaves is in the run folder before the next one begins, so a stopped run goes on from
there. Never imports bpy; Blender is the studio's business. Several rollouts may be asked for at once,
but they are tried one after the other.
"""

from __future__ import annotations

from PIL import Image

from ..errors import ModelError
from ..models import Model
from ..studio.client import Studio
from . import prompts
from .choosing import best_scaffold, is_better, overall
from .conversation import Conversation, UnreadableReply
from .coverage import coverage
from .look import Look
from .progress import Progress
from .questions import Questions
from .records import Method, Round, StageRecord, StageState
from .reviewer import Reviewer
from .rounds import RoundPlayer
from .run_folder import RunFolder
from .scene_graph import SceneGraph
from .solved_rounds import SolvedRounds
from .stages import COMPOSITION, INITIALIZATION, LIGHTING, Stage
from .tolerance import nothing_to_mend
from .trials import Trials


class StageLoop:
    """Plays the stages of one run."""

    def __init__(
        self, run: RunFolder, model: Model, verifier: Model | None, studio: Studio, progress: Progress
    ) -> None:
        """Put the collaborators together; nothing is asked or started yet. No verifier: the model reviews itself."""
        self._run, self._studio, self._model = run, studio, model
        self._save, self._say = progress.save, progress.say
        self._trials = Trials(run, studio, progress.tell)
        self._solved = SolvedRounds(self._trials, self._end_round)
        self._generator = Conversation(run, model, progress.cancel)
        judge = self._generator if verifier is None else Conversation(run, verifier, progress.cancel)
        self._questions = Questions(run, studio.limits)
        self._player = RoundPlayer(self._trials, self._generator, self._questions)
        self._reviewer = Reviewer(self._trials, judge, self._questions)

    def play(self, stage: Stage, record: StageRecord, viewport: Image.Image | None) -> None:
        """Do all that is left of a stage; `viewport` is the live scene as an artist sees it now, for the questions."""
        if stage.solved and not record.is_by_hand:
            self._solve(stage, record)
        elif record.state == "stale":
            self._rerun(stage, record)
        else:
            self._ask_for(stage, record, viewport)

    def _ask_for(self, stage: Stage, record: StageRecord, viewport: Image.Image | None) -> None:
        self._run.record.blender = self._studio.blender_version
        self._run.record.prompts = prompts.version(self._run.record.settings.prompts)
        self._questions.viewport = viewport
        if stage is not INITIALIZATION:
            self._refine(stage, record)
        elif self._method.free:
            self._rewrite(stage, record)
        else:
            self._initialize(stage, record)

    # The kinds of stages

    def _initialize(self, stage: Stage, record: StageRecord) -> None:
        """Write down what the picture holds, try several scaffolds, keep the one that covers most of it."""
        record.state = "running"
        graph = self._scene_graph(record)
        if not any(each.ran for each in record.rounds) and len(record.rounds) >= self._budget(stage):
            record.rounds.clear()  # none ran last time; a resumed run tries afresh
        numbers = set(range(1, self._budget(stage) + 1)) - {each.number for each in record.rounds}
        left = [Round(number=number) for number in sorted(numbers)]
        for played, reply in self._player.ask_first(stage, record, left):
            look = self._player.play(stage, record, played, None, "", [], [], reply)
            if look is not None:
                played.coverage = coverage(graph, look.scene)
            self._end_round(stage, record, played)
        ran = [each for each in record.rounds if each.ran and not each.solved]
        if not ran:
            raise ModelError(
                f"None of the {len(record.rounds)} scaffolds by {self._model.name} ran "
                f"(the last: {record.rounds[-1].problem.splitlines()[0]}); the run is kept. Resume it to try again."
            )
        if not any(each.solved for each in record.rounds):  # else it was, before a stop
            record.best = best_scaffold(ran)
            if self._method.solving:
                self._solved.light(stage, record)
        record.state = self._state_of(stage, record)

    def _rewrite(self, stage: Stage, record: StageRecord) -> None:
        """Look and rewrite the whole program, round by round: what the stages are measured against."""
        record.state = "running"
        self._scene_graph(record)
        program, look = "", None
        if record.best is not None:  # a stopped run goes on
            program, look = self._run.program(stage), self._trials.look_at(stage, record.best)
        while len(record.rounds) < self._budget(stage):
            played = Round(number=len(record.rounds) + 1)
            seen = self._player.play(stage, record, played, look, program, [], [])
            if seen is not None:
                look, program, record.best = seen, self._run.round_program(stage, played.number), played.number
            self._end_round(stage, record, played)
        if record.best is None:
            record.rounds.clear()  # a resumed run tries afresh
            raise ModelError(f"No program by {self._model.name} ran; the run is kept. Resume it to try again.")
        record.state = self._state_of(stage, record)

    def _refine(self, stage: Stage, record: StageRecord) -> None:
        """Write, try, look, verify, until the checklist is empty or the budget is spent; keep the best."""
        record.state = "running"
        program, look = self._where_it_stands(stage, record)
        checklist = record.to_do
        settled = self._is_settled(stage, record, look)
        if settled:
            self._say("reviewed", "nothing to mend: its measures are within tolerance", stage)
        while not (settled or record.is_approved) and len(record.rounds) < self._budget(stage):
            number = len(record.rounds) + 1
            played = Round(number=number)
            history = [_why_dropped(each) for each in record.rounds if each.number != record.best]
            seen = self._player.play(stage, record, played, look, program, checklist, history)
            if played.marks is not None:  # what was measured by the old ones can't be compared with what comes
                look = self._trials.measured_again(look)
            if seen is not None and self._is_powers_only(stage, record, seen, look):
                seen = self._solved.powers(stage, played, seen)
            if seen is not None and is_better(record, seen, look):
                try:
                    if self._method.verifier and number < self._budget(stage):  # of the last, nobody would act on it
                        played.review = self._reviewer.review(stage, record, played, seen)
                except UnreadableReply as error:
                    played.ran, played.problem = False, str(error)
                else:
                    record.best, look = number, seen
                    checklist = played.review.checklist if played.review else []
                    program = self._run.round_program(stage, number)
            self._end_round(stage, record, played)
        # A redo is for what the artist wishes, not for the boxes.
        if stage is COMPOSITION and not record.redo and self._method.solving:
            self._solved.place(stage, record, program, look)
        record.state = self._state_of(stage, record)

    def _solve(self, stage: Stage, record: StageRecord) -> None:
        """Solve for what the stage changes, anew where the scene before it changed; keep it if it is better."""
        record.state, record.best = "running", None
        start = self._trials.look_at_start(stage)
        record.start = start.scores
        if not self._method.solving:
            record.state = "unchanged"
            return
        self._solved.tune(stage, record, start)
        record.state = self._state_of(stage, record)

    def _rerun(self, stage: Stage, record: StageRecord) -> None:
        """Run a stage's program again on a changed start, without asking; mark it if it no longer runs."""
        assert record.best is not None, "only a stage with a program becomes stale"
        best = record.round(record.best)
        if stage is not INITIALIZATION:  # which starts where there is nothing to see
            record.start = self._trials.look_at_start(stage).scores
        problem, look = self._trials.run_again(stage, record.best)
        if look is None:
            record.state, best.problem = "broken", problem
            self._say("refused", f"its program no longer runs: {problem.splitlines()[0]}", stage, record.best)
        else:
            record.state, best.problem, best.scores = self._state_of(stage, record), "", look.scores

    # Their parts

    def _scene_graph(self, record: StageRecord) -> SceneGraph:
        if self._run.record.graph is None:
            self._say("asking", "what is in the picture", INITIALIZATION)
            self._run.record.graph = self._generator.ask_json(self._questions.scene_graph(), (record,), SceneGraph)
            self._save()
            self._say("replied", f"{len(self._run.record.graph.leaves)} objects", INITIALIZATION)
        return self._run.record.graph

    def _where_it_stands(self, stage: Stage, record: StageRecord) -> tuple[str, Look]:
        """The stage's program so far and what it shows: its best round, the one before a redo, or none."""
        start = self._trials.look_at_start(stage)
        record.start = start.scores
        if record.best is not None:
            _, look = self._trials.run_again(stage, record.best)
            if look is not None:
                return self._run.program(stage), look
        if record.seed:
            look = self._trials.preview(stage, record.seed)
            if look is not None:
                return record.seed, look
        return "", start

    def _state_of(self, stage: Stage, record: StageRecord) -> StageState:
        if record.best is None:
            return "unchanged"
        good = stage is INITIALIZATION or stage.solved or record.asked_nobody or record.is_approved
        return "approved" if good else "budget spent"

    def _is_settled(self, stage: Stage, record: StageRecord, look: Look) -> bool:
        """Whether asking would be for nothing: all measures are good already, and nobody wished for more."""
        open_to_more = not record.asked_nobody or self._is_wished_for(record)
        graph = self._run.record.graph
        return not open_to_more and graph is not None and nothing_to_mend(stage, graph, look, self._run.reference())

    def _is_powers_only(self, stage: Stage, record: StageRecord, seen: Look, look: Look) -> bool:
        """Whether a round that is about to be dropped may have its lights in the right places, at wrong powers.

        What an artist wishes is not solved for.
        """
        solvable = stage is LIGHTING and self._method.solving and not self._is_wished_for(record)
        return solvable and not is_better(record, seen, look)

    def _is_wished_for(self, record: StageRecord) -> bool:
        """Whether an artist said what the stage should be like."""
        return bool(record.redo or record.note or self._run.record.settings.note)

    def _end_round(self, stage: Stage, record: StageRecord, played: Round) -> None:
        record.rounds.append(played)
        record.rounds.sort(key=lambda each: each.number)
        self._save()
        kept = played.number == record.best or (stage is INITIALIZATION and not played.solved)
        what = "solved for, asking nobody" if played.solved and not stage.solved else played.changed
        words = [what] if played.ran else ["nothing better was found" if played.solved else "no program ran"]
        words += [f"PSNR {played.scores.psnr:.1f} dB"] if played.scores else []
        words += [f"{played.coverage:.0%} of the objects"] if played.coverage is not None else []
        words += [] if kept or not played.ran else ["worse than before, dropped"]
        self._say("round ended", ", ".join(words), stage, played.number)

    @property
    def _method(self) -> Method:
        return self._run.record.settings.method

    def _budget(self, stage: Stage) -> int:
        return self._run.record.settings.budget(stage)


def _why_dropped(played: Round) -> str:
    if not played.ran:
        return f"round {played.number} was dropped: it did not run ({played.problem.splitlines()[0]})"
    what = played.changed or "changed nothing"
    return f"round {played.number} was dropped: it {what} and scored {overall(played):.3f}, which was worse"
