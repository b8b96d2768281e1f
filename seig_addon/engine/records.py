"""What a run remembers of itself: settings, stages, rounds, scores, usage. This is run.json."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from .. import __version__
from ..models import Reply, Usage
from .review import Review
from .scene_graph import Marks, SceneGraph
from .scores import Scores
from .stages import BY_NAME, STAGES, Stage

FORMAT = 3  # raised when an older SEIG could misread a newer run.json

StageState = Literal["pending", "running", "approved", "budget spent", "unchanged", "stale", "broken"]


class Method(BaseModel):
    """What of the method a run does without, to measure what each part is worth; all of it is the default.

    `free`: the rounds of the first stage are no rollouts; each rewrites the program before, freely, and the
    last stays. Without `verifier`, rounds are measured only; without `solving`, nothing is solved for;
    without `permissions`, every stage may change everything.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    free: bool = False
    verifier: bool = True
    solving: bool = True
    permissions: bool = True

    @property
    def left_out(self) -> list[str]:
        """What a run does without, in words."""
        parts = {"stages": not self.free, **self.model_dump(exclude={"free"})}
        return [name for name, used in parts.items() if not used]


class Settings(BaseModel):
    """What a person chose for a run."""

    model_config = ConfigDict(extra="forbid")

    model: str = "offline"
    verifier: str = ""  # the model that reviews; empty: the same one
    limit: float | None = Field(default=None, ge=0)  # US dollars that all questions of the run may cost together
    stages: list[str] = [stage.name for stage in STAGES]
    rounds: dict[str, int] = Field(default_factory=dict)
    note: str = ""
    prompts: str = ""  # a folder with prompts of the artist's own, which come before those of prompts/
    working_size: int = 384  # px, longest side: at 256 models could not make out small parts; renders take 2 s
    working_samples: int = 16
    final_size: int = 512
    final_samples: int = 64
    repairs: int = 3
    method: Method = Method()

    @field_validator("stages")
    @classmethod
    def _known_stages(cls, names: list[str]) -> list[str]:
        unknown = [name for name in names if name not in BY_NAME]
        if unknown:
            raise ValueError(f"unknown stage {unknown[0]!r}; the stages are {', '.join(BY_NAME)}")
        if STAGES[0].name not in names:
            raise ValueError(f"a run begins with {STAGES[0].name}, so it must be among the stages")
        return [name for name in BY_NAME if name in names]  # in the method's order

    @field_validator("rounds")
    @classmethod
    def _sane_budgets(cls, rounds: dict[str, int]) -> dict[str, int]:
        for name, budget in rounds.items():
            if name not in BY_NAME:
                raise ValueError(f"unknown stage {name!r}; the stages are {', '.join(BY_NAME)}")
            if not 1 <= budget <= 50:
                raise ValueError(f"{name}={budget}: a stage takes 1 to 50 rounds")
        return rounds

    @property
    def asked(self) -> list[Stage]:
        """The chosen stages for which a model is asked."""
        return [BY_NAME[name] for name in self.stages if not BY_NAME[name].solved]

    @property
    def models(self) -> list[str]:
        """Who is asked: who writes, and who reviews if that is another one."""
        return [name for name in (self.model, self.verifier) if name]

    def budget(self, stage: Stage) -> int:
        """How many rounds (rollouts, for initialization) a stage may take."""
        return self.rounds.get(stage.name, stage.rounds)

    def count(self, stage: Stage, number: int) -> str:
        """Word which round of how many, "2/4"; one that is solved for comes on top of the budget."""
        return f"{number}/{max(number, self.budget(stage))}"


class Account(BaseModel):
    """What asking took, in questions, tokens and US dollars; the cost is None where no price is known."""

    asks: int = 0
    usage: Usage = Usage()
    cost: float | None = None

    def add(self, reply: Reply) -> None:
        """Count a reply, whatever becomes of it."""
        self.asks += 1
        self.usage += reply.usage
        if reply.cost is not None:
            self.cost = (self.cost or 0.0) + reply.cost


BY_HAND = "written by hand"
"""What a round changed whose program a person wrote."""


class Round(Account):
    """One try at a stage: a program, what it did, how it scored, and what asking for it and its review took."""

    number: int
    ran: bool = False
    problem: str = ""  # why no program of this round ran
    repairs: int = 0
    changed: str = ""  # "added 3 objects, changed 2 materials"
    scores: Scores | None = None
    coverage: float | None = None  # initialization: share of the picture's objects that are there, 0 to 1
    faults: list[str] = []
    review: Review | None = None
    marks: Marks | None = None  # what its reply corrected of the scene graph's marks
    solved: bool = False  # nobody was asked: the program, or what it adds to another round's, was solved for


class StageRecord(Account):
    """Where a stage stands. `best` is the number of the round whose program stays; None keeps the scene.

    Its account is that of its rounds, and of what belongs to none: the scene graph, rounds that were
    stopped, and all from before a redo.
    """

    name: str
    state: StageState = "pending"
    rounds: list[Round] = []
    best: int | None = None
    start: Scores | None = None  # of the scene as the stage found it
    note: str = ""
    checklist: list[str] = []  # what a person asks of a redo
    seed: str = ""  # the program before a redo: where its first round starts from
    redo: int = 0  # how often the stage was redone; earlier tries lie in history/

    def round(self, number: int) -> Round:
        """The round of that number."""
        return next(each for each in self.rounds if each.number == number)

    @property
    def review(self) -> Review | None:
        """What was said of the round that stays."""
        return self.round(self.best).review if self.best is not None else None

    @property
    def is_approved(self) -> bool:
        """Whether the round that stays left nothing to do."""
        return self.review is not None and self.review.approved

    @property
    def to_do(self) -> list[str]:
        """The checklist for the next round."""
        return self.review.checklist if self.review else self.checklist

    @property
    def is_by_hand(self) -> bool:
        """Whether a person wrote the program that stays."""
        return self.best is not None and self.round(self.best).changed == BY_HAND

    @property
    def asked_nobody(self) -> bool:
        """Whether all that was tried was solved for."""
        return all(each.solved for each in self.rounds)

    @property
    def scores(self) -> Scores | None:
        """How the scene scores after this stage."""
        return self.start if self.best is None else self.round(self.best).scores


class RunRecord(BaseModel):
    """The whole of run.json."""

    format: int = FORMAT
    seig: str = __version__
    prompts: str = ""
    blender: str = ""
    created: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    name: str
    width: int
    height: int
    settings: Settings
    graph: SceneGraph | None = None
    stages: list[StageRecord] = Field(default_factory=lambda: [StageRecord(name=stage.name) for stage in STAGES])
    final: Scores | None = None
    seconds: float = 0.0

    @field_validator("stages")
    @classmethod
    def _with_later_stages(cls, stages: list[StageRecord]) -> list[StageRecord]:
        """Runs from before there was a stage don't know it."""
        return stages + [StageRecord(name=stage.name) for stage in STAGES[len(stages) :]]

    def stage(self, stage: Stage) -> StageRecord:
        """The record of a stage."""
        return self.stages[stage.number - 1]

    @property
    def left(self) -> list[Stage]:
        """The chosen stages that still have something to do, in their order."""
        chosen = [BY_NAME[name] for name in self.settings.stages]
        return [stage for stage in chosen if self.stage(stage).state in ("pending", "running", "stale")]

    def asked_for(self, stages: Iterable[Stage]) -> list[str]:
        """The models that doing these stages asks; none where programs are only run again or solved for."""
        if all(stage.solved or self.stage(stage).state == "stale" for stage in stages):
            return []
        return self.settings.models

    def render_size(self, wanted: int) -> int:
        """The longest side of a render, px: never more than the reference has to compare it with."""
        return min(wanted, max(self.width, self.height))

    @property
    def asks(self) -> int:
        """Questions of all stages together."""
        return sum(stage.asks for stage in self.stages)

    @property
    def usage(self) -> Usage:
        """Tokens of all stages together."""
        return sum((stage.usage for stage in self.stages), Usage())

    @property
    def cost(self) -> float | None:
        """US dollars of all stages together; None where no price is known."""
        known = [stage.cost for stage in self.stages if stage.cost is not None]
        return sum(known) if known else None
