"""Rows for the lists of stages and of the picture's objects, and the checklist of the stage in view.

Blender's lists show collections, and nothing may be written while a panel is drawn. So drawing calls
`keep_up`, and where rows no longer fit the run a timer fills them right after.
"""

from __future__ import annotations

import time
from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, IntProperty, StringProperty

from ...engine.scene_graph import SceneGraph
from ...engine.stages import STAGES
from .. import ticks
from ..background import redraw
from . import shown

_filled: dict[str, Any] = {}  # what each list was filled from, to see whether it is still that


class SeigStageRow(bpy.types.PropertyGroup):
    """One stage; `name` is Blender's own property."""


class SeigLeafRow(bpy.types.PropertyGroup):
    """One thing of the picture; `name` is Blender's own property."""

    depth: IntProperty()
    group: BoolProperty()
    build: StringProperty()


class SeigLists(bpy.types.PropertyGroup):
    """The rows, never saved."""

    stages: CollectionProperty(type=SeigStageRow)
    leaves: CollectionProperty(type=SeigLeafRow)
    leaf_index: IntProperty(name="Object", description="An object of the picture")


def keep_up(context: bpy.types.Context) -> None:
    """Have the lists filled again, after drawing, if they no longer fit the scene's run."""
    if _wanted(context) != _filled and not bpy.app.timers.is_registered(_fill):
        bpy.app.timers.register(_fill, first_interval=0.0)


def _wanted(context: bpy.types.Context) -> dict[str, Any]:
    record = shown.record(context.scene)
    stage = shown.stage_in_view(context)
    of_stage = record.stage(stage) if record else None
    return {
        "manager": context.window_manager.as_pointer(),  # loading a file brings another, with empty lists
        "graph": tuple((node.name, node.parent) for node in record.graph.nodes) if record and record.graph else (),
        "checklist": (context.scene.seig.run, stage.name, of_stage.best, of_stage.redo) if of_stage else None,
    }


def _fill() -> None:
    began = time.perf_counter()
    _fill_all()
    ticks.current().add(time.perf_counter() - began)


def _fill_all() -> None:
    wanted = _wanted(bpy.context)
    record = shown.record(bpy.context.scene)
    lists = bpy.context.window_manager.seig_lists
    if len(lists.stages) != len(STAGES):
        lists.stages.clear()
        for stage in STAGES:
            lists.stages.add().name = stage.name.capitalize()
    if wanted["graph"] != _filled.get("graph") or not lists.leaves:
        lists.leaves.clear()
        for name, depth, group, build in _tree(record.graph if record else None):
            row = lists.leaves.add()
            row.name, row.depth, row.group, row.build = name, depth, group, build
    if wanted["checklist"] != _filled.get("checklist"):
        _fill_checklist()
    _filled.clear()
    _filled.update(wanted)
    redraw()


def _fill_checklist() -> None:
    context = bpy.context
    checklist = context.window_manager.seig.checklist
    checklist.clear()
    record = shown.record(context.scene)
    if record is None:
        return
    of_stage = record.stage(shown.stage_in_view(context))
    review = of_stage.round(of_stage.best).review if of_stage.best is not None else None
    for text in review.checklist if review else of_stage.checklist:
        checklist.add().text = text


def _tree(graph: SceneGraph | None) -> list[tuple[str, int, bool, str]]:
    """The nodes depth first, each below its parent."""
    nodes = graph.nodes if graph else []

    def below(parent: str | None, depth: int) -> list[tuple[str, int, bool, str]]:
        rows = []
        for node in nodes:
            if node.parent == parent:
                rows.append((node.name, depth, node.kind == "group", node.build))
                rows += below(node.name, depth + 1)
        return rows

    return below(None, 0)


_CLASSES = (SeigStageRow, SeigLeafRow, SeigLists)


def register() -> None:
    """Add the lists to the window."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.WindowManager.seig_lists = bpy.props.PointerProperty(type=SeigLists)


def unregister() -> None:
    """Take them away again."""
    if bpy.app.timers.is_registered(_fill):
        bpy.app.timers.unregister(_fill)
    _filled.clear()
    del bpy.types.WindowManager.seig_lists
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
