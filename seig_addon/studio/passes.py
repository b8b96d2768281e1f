"""Renders what pixels are made of, as arrays: whose they are, and which light brings how much of them.

Leaves every setting as it found it. Runs inside Blender with nothing but numpy; the arrays are read
by pixels.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import tunable
from .exr import read_exr
from .render import NoCamera, at_size, can_denoise, temporarily

# Each depends on those before it. Versions before 5.0 have neither the first nor the last, without which
# newer ones write a part for each layer.
_EXR = {
    "media_type": "MULTI_LAYER_IMAGE",
    "file_format": "OPEN_EXR_MULTILAYER",
    "color_depth": "32",
    "exr_codec": "NONE",
    "use_exr_interleave": True,
}
# What passes were called before 5.0.
_NAMES = {
    "IndexOB": "Object Index",
    "IndexMA": "Material Index",
    "DiffDir": "Diffuse Direct",
    "DiffInd": "Diffuse Indirect",
    "DiffCol": "Diffuse Color",
    "GlossDir": "Glossy Direct",
    "GlossInd": "Glossy Indirect",
    "GlossCol": "Glossy Color",
}

_SURFACE_PASSES = (
    "use_pass_object_index",
    "use_pass_material_index",
    "use_pass_diffuse_direct",
    "use_pass_diffuse_indirect",
    "use_pass_diffuse_color",
    "use_pass_glossy_direct",
    "use_pass_glossy_indirect",
    "use_pass_glossy_color",
)
_DARK = 1e-5  # linear light: less has no share to speak of
_CENTRE = 0.01  # pixels: a filter this narrow looks through the middle of each

Planes = dict[str, np.ndarray]


def ids(scene: bpy.types.Scene, path: Path, size: int) -> None:
    """Write pixels.Ids of the camera's view, its longer side `size` pixels. Raises NoCamera."""
    objects, materials = list(bpy.data.objects), list(bpy.data.materials)
    with ExitStack() as settings:
        number(settings, objects)
        number(settings, materials)
        layer = {"use_pass_object_index": True, "use_pass_material_index": True}
        settings.enter_context(temporarily(scene.view_layers[0], layer))
        look = {"samples": 1, "max_bounces": 0, "pixel_filter_type": "BOX", "filter_width": _CENTRE}
        settings.enter_context(temporarily(scene.cycles, look))
        planes = rendered(scene, path.with_suffix(".exr"), size)
    with path.open("wb") as file:
        np.savez(
            file,
            objects=planes["Object Index.X"].round().astype(np.int32),
            materials=planes["Material Index.X"].round().astype(np.int32),
            object_names=names(objects),
            material_names=names(materials),
        )


def light_passes(scene: bpy.types.Scene, path: Path, size: int, samples: int) -> None:
    """Write pixels.LightPasses of the camera's view, its longer side `size` pixels. Raises NoCamera."""
    layer, sources, materials = scene.view_layers[0], tunable.emitters(scene), list(bpy.data.materials)
    objects = list(bpy.data.objects)
    with ExitStack() as settings:
        groups = _light_groups(settings, scene, sources)
        number(settings, objects)
        number(settings, materials)
        settings.enter_context(temporarily(layer, dict.fromkeys(_SURFACE_PASSES, True)))
        settings.enter_context(temporarily(scene.cycles, {"samples": samples}))
        planes = rendered(scene, path.with_suffix(".exr"), size, denoise=can_denoise())
    lights = np.stack([_rgb(planes, f"Combined_{group}") for group in groups])
    seen = planes["Material Index.X"].round().astype(np.int32)
    painted, albedo = _painted(planes, seen, materials, lights.sum(axis=0))
    facts = {
        "emitters": [source.facts() for source in sources],
        "paints": tunable.paints(scene),
        "view": tunable.view(scene),
    }
    with path.open("wb") as file:
        np.savez(
            file,
            combined=_rgb(planes, "Combined"),
            lights=lights,
            objects=planes["Object Index.X"].round().astype(np.int32),
            object_names=names(objects),
            materials=seen,
            painted=painted,
            albedo=albedo,
            facts=np.array(json.dumps(facts)),
        )


def rendered(scene: bpy.types.Scene, file: Path, size: int, denoise: bool = False) -> Planes:
    """Render the passes that are switched on; each channel by its name, such as "Combined.R". Raises NoCamera.

    `file` is written in between, and removed.
    """
    if scene.camera is None:
        raise NoCamera("the scene has no camera")
    layer = scene.view_layers[0]
    with ExitStack() as settings:
        at_size(settings, scene, size)
        settings.enter_context(temporarily(scene.render, {"engine": "CYCLES"}))
        steady = {"device": "CPU", "seed": 0, "use_animated_seed": False, "time_limit": 0.0}
        settings.enter_context(temporarily(scene.cycles, {**steady, "use_denoising": denoise}))
        for other in scene.view_layers:
            settings.enter_context(temporarily(other, {"use": other == layer}))
        settings.enter_context(_as_exr(scene.render.image_settings))
        bpy.ops.render.render()
        try:
            bpy.data.images["Render Result"].save_render(str(file), scene=scene)
            planes = read_exr(file)
        finally:
            file.unlink(missing_ok=True)
    return {_name(channel.removeprefix(f"{layer.name}.")): plane for channel, plane in planes.items()}


def _name(channel: str) -> str:
    """A channel's name as of Blender 5.0, such as "Object Index.X"."""
    name, _, part = channel.rpartition(".")
    return f"{_NAMES.get(name, name)}.{part}"


@contextmanager
def _as_exr(image: bpy.types.ImageFormatSettings) -> Iterator[None]:
    """Make pictures be saved with all their layers, as read_exr takes them."""
    values = {name: value for name, value in _EXR.items() if hasattr(image, name)}
    before = {name: getattr(image, name) for name in values}
    try:
        for name, value in values.items():
            setattr(image, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(image, name, value)


def _light_groups(settings: ExitStack, scene: bpy.types.Scene, sources: list[tunable.Emitter]) -> list[str]:
    """Make each emitter's light a pass of its own, and all other light one more; returns their names in order."""
    layer = scene.view_layers[0]
    groups = [f"seig_{index}" for index in range(len(sources) + 1)]
    for name in groups:
        group = layer.lightgroups.add(name=name)
        settings.callback(layer.lightgroups.remove, group)
    owner = {obj: name for name, source in zip(groups, sources, strict=False) for obj in source.objects}
    for obj in bpy.data.objects:
        settings.enter_context(temporarily(obj, {"lightgroup": owner.get(obj, groups[-1])}))
    if scene.world:
        of_world = (name for name, source in zip(groups, sources, strict=False) if source.kind == "world")
        settings.enter_context(temporarily(scene.world, {"lightgroup": next(of_world, groups[-1])}))
    return groups


def _painted(
    planes: Planes, seen: np.ndarray, materials: list[bpy.types.Material], total: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How much of each pixel's light took on the base colour of its material (0 to 1), and that colour.

    The rest is what coating and clear plastic reflect, or gives light itself.
    """
    metallic = np.array([0.0, *(tunable.metallic(material) for material in materials)], np.float32)[seen][..., None]
    diffuse, glossy = (
        (_rgb(planes, f"{kind} Direct") + _rgb(planes, f"{kind} Indirect")) * _rgb(planes, f"{kind} Color")
        for kind in ("Diffuse", "Glossy")
    )
    share = np.divide(diffuse + metallic * glossy, total, out=np.ones_like(total), where=total > _DARK)
    albedo = _rgb(planes, "Diffuse Color") + metallic * _rgb(planes, "Glossy Color")
    return np.clip(share, 0.0, 1.0), albedo


def _rgb(planes: Planes, name: str) -> np.ndarray:
    return np.stack([planes[f"{name}.{part}"] for part in "RGB"], axis=-1)


def number(settings: ExitStack, blocks: Iterable[Any]) -> None:
    """Number data-blocks from 1, for the passes of indices, until the settings are closed."""
    for index, block in enumerate(blocks, start=1):
        settings.enter_context(temporarily(block, {"pass_index": index}))


def names(blocks: Iterable[Any]) -> np.ndarray:
    """The names of numbered blocks, as an array that needs no pickle; 0 is none."""
    return np.array(["", *(block.name for block in blocks)])
