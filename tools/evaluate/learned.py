"""Learned measures: LPIPS, DreamSim, DINO and CLIP, where their packages and weights are at hand.

Nothing is downloaded unless it was asked for: a measure whose package or weights are missing says so in its
column, and so does one whose package is broken. Weights are looked for where their packages keep them:
torch.hub's folder, the Hugging Face cache.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from seig_addon.engine.picture import open_render

from .pixels import NOT_INSTALLED
from .rows import METRICS, Row

NO_WEIGHTS = "no weights"
BROKEN = "does not load"
_LPIPS_TRUNK = "alexnet-owt-7be5be79.pth"  # what torchvision calls the weights that LPIPS stands on
_DREAMSIM = (
    "dino_vitb16_pretrain.pth",
    "clip_vitb16_pretrain.pth.tar",
    "open_clip_vitb16_pretrain.pth.tar",
    "ensemble_lora",
    "facebookresearch_dino_main",  # the code that its DINO is built by, and the weights that this code loads
    "checkpoints/dino_vitbase16_pretrain.pth",
)
_DINO = "facebook/dino-vits16"
_CLIP = "openai/clip-vit-base-patch32"
_SIDE = 512  # px: renders and references of different sizes are compared at one

Compare = Callable[[Image.Image, Image.Image], float]
"""Measures a render against the reference, both of the same size."""


class NoWeights(Exception):
    """A measure's weights aren't there, and were not to be downloaded or could not be."""


def measure(rows: Iterable[Row], download: bool) -> None:
    """Fill in the learned measures of all rows that have a result; each model is loaded once."""
    results = [row for row in rows if row.render and row.reference]
    if not download:
        os.environ["HF_HUB_OFFLINE"] = "1"  # local_files_only keeps it from fetching files, but not from asking
    for name in _LOADERS if results else ():
        compare = _loaded(name, download)
        for row in results:
            row.values[name] = compare if isinstance(compare, str) else compare(*_pair(row))


def _loaded(name: str, download: bool) -> Compare | str:
    """The measure, or why there is none, for its column; what needs doing is told as well."""
    packages, load = _LOADERS[name]
    if any(find_spec(package) is None for package in packages):
        return NOT_INSTALLED
    try:
        return load(download)
    except NoWeights as error:
        if download:
            _tell(f"{METRICS[name].title}: its weights could not be fetched; go online, then try again", error)
        return NO_WEIGHTS
    except Exception as error:  # noqa: BLE001 packages that don't fit together must not cost the whole table
        what = f"{METRICS[name].title} does not load; torch, torchvision and {packages[-1]} must be versions that fit"
        _tell(what, error)
        return BROKEN


def _tell(what: str, error: Exception) -> None:
    sentence = str(error).partition("\n")[0].partition(". ")[0].rstrip(".")
    print(f"{what} ({sentence}).", file=sys.stderr)


def _pair(row: Row) -> tuple[Image.Image, Image.Image]:
    assert row.render
    assert row.reference
    reference = open_render(row.reference)
    render = open_render(row.render)
    scale = _SIDE / max(reference.size)
    size = (max(1, round(reference.width * scale)), max(1, round(reference.height * scale)))
    return tuple(each.resize(size, Image.Resampling.LANCZOS) for each in (render, reference))  # type: ignore[return-value]


def _lpips(download: bool) -> Compare:
    """Zhang et al. 2018, on AlexNet, as its authors recommend for comparing."""
    import lpips
    import numpy as np
    import torch

    _need(Path(torch.hub.get_dir()) / "checkpoints" / _LPIPS_TRUNK, download)
    with _weights():
        model = lpips.LPIPS(net="alex", verbose=False).eval()

    def compare(render: Image.Image, reference: Image.Image) -> float:
        a, b = (
            torch.from_numpy(np.asarray(each, np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
            for each in (render, reference)
        )
        with torch.no_grad():
            return float(model(a, b))

    return compare


def _dreamsim(download: bool) -> Compare:
    """Fu et al. 2023, the ensemble; its weights lie in torch.hub's folder, below dreamsim."""
    import torch

    folder = Path(torch.hub.get_dir()) / "dreamsim"
    for name in _DREAMSIM:
        _need(folder / name, download)
    from dreamsim import dreamsim

    folder.mkdir(parents=True, exist_ok=True)
    hub = torch.hub.get_dir()
    try:
        with _weights():
            model, prepare = dreamsim(pretrained=True, device="cpu", cache_dir=str(folder))
    finally:
        torch.hub.set_dir(hub)  # DreamSim moves it

    def compare(render: Image.Image, reference: Image.Image) -> float:
        with torch.no_grad():
            return float(model(prepare(render), prepare(reference)))

    return compare


def _dino(download: bool) -> Compare:
    """Cosine of DINO ViT-S/16's class tokens, as DreamBooth (Ruiz et al. 2023) measures likeness."""
    from transformers import AutoImageProcessor, ViTModel

    _quiet()
    with _weights():
        prepare = AutoImageProcessor.from_pretrained(_DINO, local_files_only=not download)
        # Not AutoModel: where peft is installed, that goes online to look for an adapter, allowed or not.
        model = ViTModel.from_pretrained(_DINO, add_pooling_layer=False, local_files_only=not download).eval()
    return _cosine(prepare, lambda inputs: model(**inputs).last_hidden_state[:, 0])


def _clip(download: bool) -> Compare:
    """Cosine of CLIP ViT-B/32's picture embeddings."""
    from transformers import AutoImageProcessor, CLIPVisionModelWithProjection

    _quiet()
    with _weights():
        prepare = AutoImageProcessor.from_pretrained(_CLIP, local_files_only=not download)
        model = CLIPVisionModelWithProjection.from_pretrained(_CLIP, local_files_only=not download).eval()
    return _cosine(prepare, lambda inputs: model(**inputs).image_embeds)


def _cosine(prepare: Any, embed: Callable[[Any], Any]) -> Compare:
    import torch

    def compare(render: Image.Image, reference: Image.Image) -> float:
        with torch.no_grad():
            found = embed(prepare(images=[render, reference], return_tensors="pt"))
        return float(torch.nn.functional.cosine_similarity(found[0], found[1], dim=0))

    return compare


def _quiet() -> None:
    """Keep transformers from listing all weights that a file holds beside those that are needed."""
    from transformers.utils import logging

    logging.set_verbosity_error()


def _need(path: Path, download: bool) -> None:
    if not download and not path.exists():
        raise NoWeights(path)


@contextmanager
def _weights() -> Iterator[None]:
    """The packages' way to say that files are neither here nor to be fetched."""
    try:
        yield
    except OSError as error:
        raise NoWeights(str(error)) from error


_LOADERS: dict[str, tuple[tuple[str, ...], Callable[[bool], Compare]]] = {
    "lpips": (("torch", "torchvision", "lpips"), _lpips),
    "dreamsim": (("torch", "torchvision", "dreamsim"), _dreamsim),
    "dino": (("torch", "transformers"), _dino),
    "clip": (("torch", "transformers"), _clip),
}
