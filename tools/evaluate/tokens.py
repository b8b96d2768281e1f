"""What a run's asking took in output tokens: from its accounts, or estimated where its model counts none."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from seig_addon.engine import transcript
from seig_addon.engine.estimate import CHARACTERS
from seig_addon.engine.records import RunRecord
from seig_addon.engine.scores import Scores

from .rows import Point

_TITLE = re.compile(r"^# Stage: (\S+) · Task: [a-z ]*[a-z](?: · (?:Rollout|Round): (\d+))?", re.MULTILINE)
_OUTSIDE = 0  # what belongs to a stage and none of its rounds: the scene graph, and all from before a redo


@dataclass(frozen=True)
class Tokens:
    """Output tokens by (stage, round), and whether they are estimated from the replies' characters."""

    by_round: Counter[tuple[str, int]]
    estimated: bool

    @property
    def total(self) -> int:
        """All together."""
        return self.by_round.total()


def output_tokens(run: Path, record: RunRecord) -> Tokens:
    """Count a run's output tokens; thinking that a manual chat did and didn't show is not among an estimate's."""
    counted: Counter[tuple[str, int]] = Counter()
    if record.usage.output_tokens or not (run / "transcript.jsonl").is_file():
        for stage in record.stages:
            rounds = {each.number: each.usage.output_tokens for each in stage.rounds}
            counted[stage.name, _OUTSIDE] = stage.usage.output_tokens - sum(rounds.values())
            counted.update({(stage.name, number): count for number, count in rounds.items()})
        return Tokens(counted, estimated=False)
    for exchange in transcript.read(run):
        texts = "\n".join(part.get("text", "") for message in exchange.messages for part in message["parts"])
        titles = _TITLE.findall(texts)
        stage_name, number = titles[-1] if titles else ("", "")
        counted[stage_name, int(number or _OUTSIDE)] += round(len(exchange.text) / CHARACTERS)
    return Tokens(counted, estimated=True)


def points(record: RunRecord, tokens: Tokens) -> list[Point]:
    """How a run's scores went with its tokens: after each stage, or each round of the free loop."""
    found, spent = [], 0
    for stage in record.stages:
        rounds = {each.number: each for each in stage.rounds}
        if not record.settings.method.free:
            spent += sum(count for (name, _), count in tokens.by_round.items() if name == stage.name)
            if stage.scores is not None and stage.state != "pending":
                found.append(_point(stage.name, spent, stage.scores))
            continue
        spent += tokens.by_round[stage.name, _OUTSIDE]
        for number, played in rounds.items():
            spent += tokens.by_round[stage.name, number]
            if played.scores is not None:
                found.append(_point(f"round {number}", spent, played.scores))
    return found


def _point(label: str, spent: int, scores: Scores) -> Point:
    return Point(label=label, output_tokens=spent, psnr=scores.psnr, overall=scores.overall)
