"""Runs recorded with a real vision-language model still play: prompts may change, what replies mean may not."""

import dataclasses
import io
import threading
from collections import defaultdict
from pathlib import Path

import pytest
from PIL import Image

from seig_addon.engine.estimate import CHARACTERS, TYPICAL
from seig_addon.engine.picture import load_reference
from seig_addon.engine.reconstruction import Reconstruction
from seig_addon.engine.run_folder import RunFolder, read_record
from seig_addon.engine.stages import BY_NAME
from seig_addon.models import title_of
from seig_addon.models.remote.prices import picture_tokens
from seig_addon.models.replay import ReplayModel

RUNS = Path(__file__).parent / "runs"


class MeasuringReplay(ReplayModel):
    """Replays a run, and measures its questions and replies by kind, in tokens."""

    def __init__(self, run):
        super().__init__(run)
        self.questions, self.replies = defaultdict(list), defaultdict(list)

    def ask(self, messages, schema=None, cancel=None, at_most=None):
        reply = super().ask(messages, schema, cancel)
        title = title_of(messages)
        kind = "scaffold" if "Rollout" in title else title.split(" · ")[1].removeprefix("Task: ")
        self.questions[kind].append(sum(_tokens(part) for message in messages for part in message.parts))
        self.replies[kind].append(_tokens(reply.text))
        return reply


def _tokens(part):
    if isinstance(part, str):
        return len(part) / CHARACTERS
    with Image.open(io.BytesIO(part.data)) as image:
        return picture_tokens(*image.size)


@pytest.fixture(scope="module", params=sorted(path.name for path in RUNS.iterdir()))
def replayed(request, tmp_path_factory, shared_studio):
    """A recorded run, what it became when it was played again, and the model that played it."""
    folder = RUNS / request.param
    recorded = read_record(folder)
    small = {"working_size": 256, "working_samples": 4, "final_size": 64, "final_samples": 1}
    settings = recorded.settings.model_copy(update=small)
    path = tmp_path_factory.mktemp("replayed") / "run"
    run = RunFolder.create(path, recorded.name, load_reference(folder / "reference.png"), settings)
    model = MeasuringReplay(folder)
    try:
        Reconstruction(run, model, shared_studio, lambda event: None, threading.Event()).reconstruct()
    finally:
        run.close()
    return recorded, run.record, model


@pytest.mark.slow
def test_a_recorded_run_ends_no_worse_than_it_did(replayed):
    """Rounds that ask nobody have come to it since, after which another of the recorded rounds may be the best."""
    recorded, again, _ = replayed
    for name in recorded.settings.stages:
        before, now = (record.stage(BY_NAME[name]) for record in (recorded, again))
        asked = now.rounds[: len(before.rounds)]
        assert [each.ran for each in asked] == [each.ran for each in before.rounds]
        assert now.scores.psnr > before.scores.psnr - 0.3, before.name


@pytest.mark.slow
def test_its_questions_and_replies_are_as_long_as_the_estimate_takes_them_to_be(replayed):
    _, _, model = replayed
    mean = {
        kind: (round(sum(asked) / len(asked)), round(sum(model.replies[kind]) / len(asked)))
        for kind, asked in model.questions.items()
    }
    for kind, measured in mean.items():
        close = tuple(pytest.approx(tokens, rel=0.25) for tokens in measured)
        assert dataclasses.astuple(TYPICAL[kind]) == close, f"the table in engine/estimate.py should hold {mean}"
