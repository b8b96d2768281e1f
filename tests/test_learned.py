"""tools/evaluate: learned measures load what is on disk and ask nobody for more; what is missing costs one column.

The weights are made up, so their numbers tell no more than whether two pictures are the same.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools.evaluate.learned import _CLIP, _DINO, _LPIPS_TRUNK, BROKEN, NO_WEIGHTS
from tools.evaluate.pixels import NOT_INSTALLED

ROOT = Path(__file__).resolve().parents[1]
MEASURE = """
import json, sys
from pathlib import Path
from tools.evaluate import learned
from tools.evaluate.rows import Row

folder, download = Path(sys.argv[1]), sys.argv[2] == "True"
learned._LOADERS = {name: learned._LOADERS[name] for name in sys.argv[3:] or learned._LOADERS}
asked = []
sys.addaudithook(lambda event, about: asked.append(about[0]) if event == "socket.getaddrinfo" else None)
common = {"model": "m", "variant": "v", "reference": folder / "same.png"}
rows = [Row(picture=name, render=folder / f"{name}.png", **common) for name in ("same", "other")]
learned.measure(rows, download)
print(json.dumps([asked, *(row.values for row in rows)]))
"""


def measured(folder, *names, download=False, **environment):
    """Measure two pictures in a process of its own: packages read where weights lie while they are imported.

    Returns the servers that were asked for, the measures of both pictures, and what was said.
    """
    random = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    Image.fromarray(random).save(folder / "same.png")
    Image.new("RGB", (64, 48), (200, 60, 40)).save(folder / "other.png")
    homes = {"HF_HOME": str(folder), "HF_HUB_CACHE": str(folder / "hub"), "TORCH_HOME": str(folder)}
    process = subprocess.run(
        [sys.executable, "-c", MEASURE, str(folder), str(download), *names],
        cwd=ROOT,
        env=os.environ | homes | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return *json.loads(process.stdout.splitlines()[-1]), process.stderr


def test_a_measure_without_its_package_or_weights_says_so(tmp_path):
    asked, same, other, _ = measured(tmp_path)
    assert set(same) == {"lpips", "dreamsim", "dino", "clip"}
    assert same == other
    assert set(same.values()) <= {NOT_INSTALLED, NO_WEIGHTS}
    assert asked == []


def test_packages_that_do_not_fit_cost_their_columns_and_are_named(tmp_path):
    for name in ("torch", "transformers"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('made for another version. Reinstall it.')")
    _, same, _, said = measured(tmp_path, "dino", PYTHONPATH=str(tmp_path))
    assert same == {"dino": BROKEN}
    assert "transformers must be versions that fit (made for another version)." in said


def test_weights_that_can_not_be_fetched_cost_their_column(tmp_path):
    pytest.importorskip("lpips", reason="lpips is not installed (group evaluate-learned)")
    nowhere = "http://127.0.0.1:9"
    _, same, _, said = measured(tmp_path, "lpips", download=True, https_proxy=nowhere, HTTPS_PROXY=nowhere, no_proxy="")
    assert same == {"lpips": NO_WEIGHTS}
    assert "LPIPS: its weights could not be fetched; go online, then try again (<urlopen error" in said


def test_dino_and_clip_load_from_the_cache_and_tell_pictures_apart(tmp_path):
    transformers = pytest.importorskip("transformers", reason="transformers is not installed (group evaluate-learned)")
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    vit = transformers.ViTModel(transformers.ViTConfig(**sizes), add_pooling_layer=False)
    sees = {**sizes, "patch_size": 32, "projection_dim": 16}
    both = transformers.CLIPConfig(text_config={**sizes, "vocab_size": 99}, vision_config=sees, projection_dim=16)
    for name, model, kind in ((_DINO, vit, "ViT"), (_CLIP, transformers.CLIPModel(both), "CLIP")):
        place = tmp_path / "hub" / f"models--{name.replace('/', '--')}"
        (place / "refs").mkdir(parents=True)
        (place / "refs" / "main").write_text("0" * 40)
        model.save_pretrained(place / "snapshots" / ("0" * 40))
        prepared = {"feature_extractor_type": f"{kind}FeatureExtractor", "size": 224}
        (place / "snapshots" / ("0" * 40) / "preprocessor_config.json").write_text(json.dumps(prepared))
    asked, same, other, said = measured(tmp_path, "dino", "clip")
    assert same == {"dino": pytest.approx(1, abs=1e-5), "clip": pytest.approx(1, abs=1e-5)}
    assert max(other.values()) < 0.99
    assert asked == []
    assert "UNEXPECTED" not in said


def test_lpips_loads_from_the_torch_hub_and_tells_pictures_apart(tmp_path):
    pytest.importorskip("lpips", reason="lpips is not installed (group evaluate-learned)")
    from torchvision.models import alexnet

    save(made_up(alexnet()), tmp_path / "hub" / "checkpoints" / _LPIPS_TRUNK)
    asked, same, other, _ = measured(tmp_path, "lpips")
    assert same == {"lpips": 0}
    assert other["lpips"] > 0.01
    assert asked == []


@pytest.mark.slow
def test_dreamsim_needs_all_its_files_and_no_others(tmp_path):
    pytest.importorskip("dreamsim", reason="dreamsim is not installed (group evaluate-learned)")
    from dreamsim.feature_extraction import vision_transformer
    from torch import nn

    folder = tmp_path / "hub" / "dreamsim"
    code = folder / "facebookresearch_dino_main"
    code.mkdir(parents=True)
    shutil.copy(vision_transformer.__file__, code)
    (code / "hubconf.py").write_text(HUBCONF)
    save(made_up(vision_transformer.vit_base()), folder / "checkpoints" / "dino_vitbase16_pretrain.pth")
    head = {f"module.head.{name}": value for name, value in made_up(vision_transformer.DINOHead(768, 2048)).items()}
    head["module.head.last_layer.weight"] = noise(2048, 256)
    save({"student": head}, folder / "dino_vitb16_pretrain.pth")
    clip = vision_transformer.vit_base()
    clip.pos_drop = nn.LayerNorm(768)
    for name in ("clip_vitb16_pretrain.pth.tar", "open_clip_vitb16_pretrain.pth.tar"):
        save({"state_dict": {**made_up(clip), "proj": noise(768, 512)}}, folder / name)
    (folder / "ensemble_lora").mkdir()
    tuned = {"peft_type": "LORA", "r": 1, "lora_alpha": 1, "lora_dropout": 0, "bias": "none", "target_modules": ["qkv"]}
    (folder / "ensemble_lora" / "adapter_config.json").write_text(json.dumps(tuned))
    save({}, folder / "ensemble_lora" / "adapter_model.bin")

    asked, same, other, _ = measured(tmp_path, "dreamsim")
    assert same == {"dreamsim": pytest.approx(0, abs=1e-6)}
    assert other["dreamsim"] > 1e-4
    assert asked == []
    for needed in [*folder.rglob("*.pth*"), folder / "ensemble_lora", code]:
        away = needed.rename(folder / "away")
        asked, same, _, _ = measured(tmp_path, "dreamsim")
        assert (same, asked) == ({"dreamsim": NO_WEIGHTS}, []), needed
        away.rename(needed)


HUBCONF = """
import torch
import vision_transformer

def dino_vitb16():
    model = vision_transformer.vit_base()
    url = "https://dl.fbaipublicfiles.com/dino/dino_vitbase16_pretrain/dino_vitbase16_pretrain.pth"
    model.load_state_dict(torch.hub.load_state_dict_from_url(url))
    return model
"""


def made_up(model):
    """Weights for a network of full size, which cannot be built smaller."""
    return {name: noise(*value.shape) for name, value in model.state_dict().items()}


def noise(*shape):
    """Random weights that hardly take room on disk: neighbours in all directions share their numbers."""
    import torch

    return torch.randn(sum(shape), generator=torch.manual_seed(0)).mul(0.05).as_strided(shape, [1] * len(shape))


def save(weights, path):
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(weights, path)
