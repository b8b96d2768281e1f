"""A stage's checkpoint, brought into the live file beside what is there, to be merged or thrown away.

Appending makes new data-blocks under names of their own ("Cup.001" where there is a "Cup") and changes none
that exist. What each was called in the checkpoint is remembered here, because that is what programs call it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import bpy

from ..errors import RunFolderError
from ..studio.state import scene_state

# Interface and files of others; all else can be part of a scene.
_NOT_OF_SCENES = {"brushes", "libraries", "palettes", "paint_curves", "screens", "texts", "version", "workspaces"}

_TAGS = ("linear", "srgb", "degrees")
_COPY = re.compile(r"\.\d{3,}(?=$| \()")

Values = dict[str, Any]


class Checkpoint:
    """The blocks of a checkpoint. A context manager: at the end, whatever of it found no use is removed.

    `objects` and `materials` are by the names that programs call them; `state` is scene_state in those names.
    """

    def __init__(self, scene: bpy.types.Scene, blocks: dict[str, dict[str, bpy.types.ID]]) -> None:
        """Use `of_file` or `of_scene`. The blocks are by their kind in bpy.data and by their names there."""
        self.scene = scene
        self.loaded = [(block, name) for named in blocks.values() for name, block in named.items()]
        self.objects: dict[str, Any] = blocks.get("objects", {})
        self.materials: dict[str, Any] = blocks.get("materials", {})
        self.collections = {block.name: name for name, block in blocks.get("collections", {}).items()}
        objects = {obj.name: name for name, obj in self.objects.items()}
        materials = {material.name: name for name, material in self.materials.items()}
        self.state = canonical(read_state(scene), objects, materials)

    @classmethod
    def of_scene(cls, scene: bpy.types.Scene) -> Checkpoint:
        """Take an empty scene of this file for one; it goes at the end."""
        return cls(scene, {"scenes": {scene.name: scene}, "worlds": {"World": scene.world}})

    @classmethod
    def of_file(cls, path: Path, scene_name: str) -> Checkpoint:
        """Append all that a checkpoint holds.

        Raises RunFolderError where it is missing or can't be read; the live file is then as before.
        """
        if not path.is_file():
            raise RunFolderError(
                f"{path} is missing, so this stage can't be shown; the scene was left as it is. "
                "Put the run folder back where it was, or redo the stage."
            )
        libraries = set(bpy.data.libraries)
        names: dict[str, list[str]] = {}
        try:
            with bpy.data.libraries.load(str(path), link=False) as (source, target):
                if not source.scenes:
                    raise OSError("it holds no scene")
                for kind in dir(source):
                    if not kind.startswith("_") and kind not in _NOT_OF_SCENES:
                        names[kind] = list(getattr(source, kind))
                        setattr(target, kind, list(names[kind]))
        except OSError as error:
            raise RunFolderError(
                f"{path} can't be read ({error}); the scene was left as it is. Redo the stage."
            ) from error
        finally:
            for library in set(bpy.data.libraries) - libraries:
                bpy.data.libraries.remove(library)  # it only says where the blocks came from
        blocks = {
            kind: {name: block for name, block in zip(listed, getattr(target, kind), strict=True) if block}
            for kind, listed in names.items()
        }
        scenes = blocks["scenes"]
        return cls(scenes.get(scene_name) or next(iter(scenes.values())), blocks)

    def __enter__(self) -> Checkpoint:
        """Give the checkpoint."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Clean up, if that hasn't been done."""
        self.settle()

    def settle(self) -> None:
        """Remove its scenes, and what nothing in the live file came to use; the rest gets its own names."""
        blocks = [block for block, _ in self.loaded]
        uids = {block.session_uid: name for block, name in self.loaded}
        self.loaded = []
        drop_unused(blocks, [block for block in blocks if isinstance(block, bpy.types.Scene)])
        for block in _everything():
            if block.session_uid in uids and not isinstance(block, bpy.types.Object | bpy.types.Material):
                block.name = uids[block.session_uid]


def drop_unused(blocks: Iterable[bpy.types.ID], at_once: Iterable[bpy.types.ID]) -> None:
    """Remove the blocks of `at_once`, then those of `blocks` that have no user left, again and again."""
    first = {block.session_uid for block in at_once}
    candidates = {block.session_uid for block in blocks}
    bpy.data.batch_remove([block for block in _everything() if block.session_uid in first])
    while going := [block for block in _everything() if block.session_uid in candidates and not block.users]:
        bpy.data.batch_remove(going)


def _everything() -> Iterator[bpy.types.ID]:
    """Give all data-blocks. Python's references to removed ones must not be touched, so look here first."""
    for prop in bpy.types.BlendData.bl_rna.properties:
        if prop.type == "COLLECTION":
            yield from getattr(bpy.data, prop.identifier)


def read_state(scene: bpy.types.Scene) -> Values:
    """Read a scene's state, of which no window may have shown anything yet."""
    for layer in scene.view_layers:
        layer.update()  # Blender 5.2 knows no collections of a view layer before
    return scene_state(scene)


def canonical(state: Values, objects: dict[str, str], materials: dict[str, str]) -> Values:
    """Word a scene's state in the names that programs use, so that states of different files can be compared.

    `objects` and `materials` give for names in the file those of the programs. Materials of nobody here are
    left out, as are names of other data-blocks, whose content counts.
    """

    def words(value: Any) -> Any:
        if isinstance(value, str):
            return objects.get(value) or materials.get(value) or _COPY.sub("", value)
        if isinstance(value, list):
            return value if value and value[0] in _TAGS else [words(each) for each in value]
        if isinstance(value, dict) and "hash" in value and "name" in value:
            return {"hash": value["hash"]}
        if isinstance(value, dict):
            return {key: words(each) for key, each in value.items()}
        return value

    def named(section: Values) -> Values:
        return {objects.get(name, name): words(each) for name, each in section.items()}

    new = {key: words(value) for key, value in state.items() if key not in ("materials", "unused materials")}
    new |= {kind: named(state[kind]) for kind in ("objects", "lights", "cameras")}
    new["world"]["name"] = "World" if state["world"]["name"] else None
    found = state["materials"].items()
    new["materials"] = {materials[name]: words(values) for name, values in found if name in materials}
    new["unused materials"] = []
    # What is switched off may differ by chance, and these engines only draw viewports.
    off = [name for name in ("curve_mapping", "white_balance") if not state["view"].get(f"use_{name}")]
    new["view"] = {key: value for key, value in new["view"].items() if not key.startswith(tuple(off))}
    unused = ("workbench / ", *(() if "EEVEE" in state["render"]["engine"] else ("eevee / ",)))
    new["render"] = {key: value for key, value in new["render"].items() if not key.startswith(unused)}
    return new
