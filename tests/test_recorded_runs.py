"""Runs recorded with a real vision-language model still play: prompts may change, what replies mean may not."""

import threading
from pathlib import Path

import pytest

from seig_addon.engine.picture import load_reference
from seig_addon.engine.reconstruction import Reconstruction
from seig_addon.engine.run_folder import RunFolder, read_record
from seig_addon.models.replay import ReplayModel

RUNS = Path(__file__).parent / "runs"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.name for path in RUNS.iterdir()))
def test_a_recorded_run_ends_in_the_same_scene(tmp_path, studio, name):
    recorded = read_record(RUNS / name)
    settings = recorded.settings.model_copy(update={"final_size": 64, "final_samples": 1})
    run = RunFolder.create(tmp_path / "run", name, load_reference(RUNS / name / "reference.png"), settings)
    model = ReplayModel(RUNS / name)
    try:
        Reconstruction(run, model, studio, lambda event: None, threading.Event()).reconstruct()
    finally:
        run.close()
    for before, now in zip(recorded.stages, run.record.stages, strict=True):
        assert now.best == before.best
        assert [each.ran for each in now.rounds] == [each.ran for each in before.rounds]
        assert now.scores.psnr == pytest.approx(before.scores.psnr, abs=0.3), before.name
