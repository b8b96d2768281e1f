"""What is said about a Blender scene outside of Blender: pure data, and a sentence about changes.

The modules that look at a scene (state, compare, describe) build plain dicts of these shapes inside
Blender, where pydantic may be missing; the studio's client turns them into these models. Never imports bpy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

Vec3 = tuple[float, float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in fractions of the picture; (0, 0) is its top left corner."""

ChangeKind = Literal[
    "object added",
    "object removed",
    "object transform",
    "object structure",
    "mesh",
    "uv",
    "material assignment",
    "material added",
    "material removed",
    "material",
    "light added",
    "light removed",
    "light",
    "camera",
    "world",
    "exposure",
    "view settings",
    "render settings",
]


class Change(BaseModel):
    """One thing that differs between two states of a scene, with a few lines that say how."""

    kind: ChangeKind
    name: str
    details: list[str] = []


class ObjectInfo(BaseModel):
    """An object that is neither light nor camera. Location in the world, dimensions in metres.

    `type` is Blender's (MESH, CURVE, EMPTY, …). An empty stands for its children: dimensions and box are
    theirs. `box` is cut at the picture's edges, and None where nothing of the object is in view. `visible`:
    in view and rendered, whatever may stand in front. `hidden`: switched off for rendering.
    `vertices` counts the evaluated mesh. `bounds` are the lower and upper corner of its box in the world,
    `corners` the eight of its box that is turned as the object is (by `rotation`, in degrees); none without a shape.
    """

    name: str
    type: str
    parent: str | None
    location: Vec3
    rotation: Vec3 = (0.0, 0.0, 0.0)
    dimensions: Vec3
    box: Box | None
    visible: bool
    hidden: bool
    materials: list[str]
    vertices: int
    modifiers: list[str]
    bounds: tuple[Vec3, Vec3] | None = None
    corners: list[Vec3] = []


class MaterialInfo(BaseModel):
    """A material in use. `base_color` is sRGB "#rrggbb", None where a texture or several shaders make it.

    `kind` says what its look comes from: one plain base color, a pattern of nodes, what it mirrors, its
    own light, what is behind it, or a mix of shaders. `look` says in words what it looks like.
    """

    name: str
    base_color: str | None
    users: list[str]
    kind: Literal["plain", "pattern", "metal", "glows", "clear", "mixed"] = "plain"
    look: str = ""


class LightInfo(BaseModel):
    """A light. `power` is in watts (a sun's in W/m²), `color` sRGB "#rrggbb".

    `falls` says in words where it falls from and how it spreads.
    """

    name: str
    type: str
    power: float
    color: str
    hidden: bool
    falls: str


class CameraInfo(BaseModel):
    """The scene's camera. `rotation` in degrees, `lens` in mm (None for an orthographic camera)."""

    name: str
    location: Vec3
    rotation: Vec3
    lens: float | None
    ortho_scale: float | None
    shift: tuple[float, float]


class WorldInfo(BaseModel):
    """The world's light. `color` is sRGB "#rrggbb", None where a texture or sky makes it."""

    name: str
    color: str | None
    strength: float


class SceneDescription(BaseModel):
    """A whole scene in data, and as `text` (about 6 kB at most) for a question to a model."""

    objects: list[ObjectInfo]
    materials: list[MaterialInfo]
    lights: list[LightInfo]
    camera: CameraInfo | None
    world: WorldInfo | None
    text: str
    blender_version: str


class CameraPlace(BaseModel):
    """The scene's camera as a projection. `rotation`: XYZ Euler angles in the world, radians.

    `frame`: left, right, bottom, top of the picture at depth 1 (perspective) or any depth (orthographic)
    in the camera's space, shift included; `shifts_high`: its height in the units of `shift_y`.
    """

    location: Vec3
    rotation: Vec3
    frame: tuple[float, float, float, float]
    lens: float | None
    ortho_scale: float | None
    shift_y: float
    shifts_high: float
    movable: bool


class Place(BaseModel):
    """A rendered object, and where it stands. `movable`: its location and scale alone say where.

    `space` (4×4) takes the space of `location` to the world; `origin` is location with its delta, there.
    `points` are the outermost ones of its own shape, in the world; empties have none.
    """

    name: str
    parent: str | None
    movable: bool
    space: tuple[tuple[float, ...], ...]
    origin: Vec3
    location: Vec3
    scale: Vec3
    points: list[Vec3]


class Places(BaseModel):
    """Where a scene's camera and objects stand; without a camera where there is none that can be fitted."""

    camera: CameraPlace | None
    objects: list[Place]


class Gap(BaseModel):
    """How far a thing is from its support, in metres; less than 0 where it is sunk into it.

    `size` is the thing's largest extent. As seen along the direction of the gap: `breadth` is its
    smaller extent, and `foot` that of what it stands on, its outermost points on the support's side.
    """

    distance: float
    size: float
    foot: float
    breadth: float


_SENTENCES: dict[ChangeKind, str] = {
    "object added": "added {n} object{s}",
    "object removed": "removed {n} object{s}",
    "mesh": "reshaped {n} object{s}",
    "object structure": "restructured {n} object{s}",
    "object transform": "moved {n} object{s}",
    "material added": "added {n} material{s}",
    "material removed": "removed {n} material{s}",
    "material": "changed {n} material{s}",
    "material assignment": "reassigned materials of {n} object{s}",
    "uv": "changed UVs of {n} object{s}",
    "light added": "added {n} light{s}",
    "light removed": "removed {n} light{s}",
    "light": "changed {n} light{s}",
    "camera": "changed the camera",
    "world": "changed the world",
    "exposure": "changed the exposure",
    "view settings": "changed view settings",
    "render settings": "changed render settings",
}


def summary(changes: Sequence[Change]) -> str:
    """Say in one line for people what changed: "added 3 objects, changed 2 materials", or "no changes"."""
    counts = Counter(change.kind for change in changes)
    parts = [
        sentence.format(n=counts[kind], s="" if counts[kind] == 1 else "s")
        for kind, sentence in _SENTENCES.items()
        if counts[kind]
    ]
    return ", ".join(parts) or "no changes"
