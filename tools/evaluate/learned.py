"""Learned measures: LPIPS, DreamSim, DINO and CLIP, where their packages and weights are at hand.

Nothing is downloaded unless it was asked for: a measure whose package or weights are missing says so in its
column. Weights are looked for where their packages keep them: torch.hub's folder, the Hugging Face cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from seig_addon.engine.picture import open_render

from .pixels import NOT_INSTALLED
from .rows import Row

NO_WEIGHTS = "no weights"
_LPIPS_TRUNK = "alexnet-owt-7be5be79.pth"  # what torchvision calls the weights that LPIPS stands on
_DINO = "facebook/dino-vits16"
_CLIP = "openai/clip-vit-base-patch32"
_SIDE = 512  # px: renders and references of different sizes are compared at one

Compare = Callable[[Image.Image, Image.Image], float]
"""Measures a render against the reference, both of the same size."""


class NoWeights(Exception):
    """A measure's weights aren't there, and were not to be downloaded."""


def measure(rows: Iterable[Row], download: bool) -> None:
    """Fill in the learned measures of all rows that have a result; each model is loaded once."""
    results = [row for row in rows if row.render and row.reference]
    for name, (packages, load) in _LOADERS.items():
        missing = [package for package in packages if find_spec(package) is None]
        compare: Compare | None = None
        reason = NOT_INSTALLED
        if not missing and results:
            try:
                compare = load(download)
            except NoWeights:
                reason = NO_WEIGHTS
        for row in results:
            row.values[name] = compare(*_pair(row)) if compare else reason


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
    for name in ("dino_vitb16_pretrain.pth", "clip_vitb16_pretrain.pth.tar", "open_clip_vitb16_pretrain.pth.tar"):
        _need(folder / name, download)
    _need(folder / "ensemble_lora", download)
    _need(folder / "facebookresearch_dino_main", download)  # the code that its DINO is built by
    from dreamsim import dreamsim

    folder.mkdir(parents=True, exist_ok=True)
    hub = torch.hub.get_dir()
    try:
        model, prepare = dreamsim(pretrained=True, device="cpu", cache_dir=str(folder))
    finally:
        torch.hub.set_dir(hub)  # DreamSim moves it

    def compare(render: Image.Image, reference: Image.Image) -> float:
        with torch.no_grad():
            return float(model(prepare(render), prepare(reference)))

    return compare


def _dino(download: bool) -> Compare:
    """Cosine of DINO ViT-S/16's class tokens, as DreamBooth (Ruiz et al. 2023) measures likeness."""
    from transformers import AutoImageProcessor, AutoModel

    with _weights():
        prepare = AutoImageProcessor.from_pretrained(_DINO, local_files_only=not download)
        model = AutoModel.from_pretrained(_DINO, local_files_only=not download).eval()
    return _cosine(prepare, lambda inputs: model(**inputs).last_hidden_state[:, 0])


def _clip(download: bool) -> Compare:
    """Cosine of CLIP ViT-B/32's picture embeddings."""
    from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

    with _weights():
        prepare = CLIPImageProcessor.from_pretrained(_CLIP, local_files_only=not download)
        model = CLIPVisionModelWithProjection.from_pretrained(_CLIP, local_files_only=not download).eval()
    return _cosine(prepare, lambda inputs: model(**inputs).image_embeds)


def _cosine(prepare: Any, embed: Callable[[Any], Any]) -> Compare:
    import torch

    def compare(render: Image.Image, reference: Image.Image) -> float:
        with torch.no_grad():
            found = embed(prepare(images=[render, reference], return_tensors="pt"))
        return float(torch.nn.functional.cosine_similarity(found[0], found[1], dim=0))

    return compare


def _need(path: Path, download: bool) -> None:
    if not download and not path.exists():
        raise NoWeights(path)


@contextmanager
def _weights() -> Iterator[None]:
    """Hugging Face's way to say that files are neither here nor to be fetched."""
    try:
        yield
    except OSError as error:
        raise NoWeights(str(error)) from error


_LOADERS: dict[str, tuple[tuple[str, ...], Callable[[bool], Compare]]] = {
    "lpips": (("torch", "torchvision", "lpips"), _lpips),
    "dreamsim": (("torch", "dreamsim"), _dreamsim),
    "dino": (("torch", "transformers"), _dino),
    "clip": (("torch", "transformers"), _clip),
}
