"""The scene graph: what the picture holds, refined until every leaf can be built from primitives.

Written by the model in the first question, read by every later one. Each leaf's name is the name
of its Blender object through all stages.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_LEAVES = 200  # more than any reference needs; a runaway list is asked again instead of built

Fraction = Annotated[float, Field(ge=-0.5, le=1.5)]  # of the picture; things may reach beyond its edges
Box2D = tuple[Fraction, Fraction, Fraction, Fraction]
HexColor = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class Node(BaseModel):
    """One thing of the picture: a group of others, or a leaf that becomes one Blender object."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=60)]
    parent: str | None = None
    kind: Literal["group", "surface", "object"] = Field(
        default="object", description="surface: ground, wall, backdrop; object: a thing; group: its children only"
    )
    build: str = Field(default="", description="how to build it from primitives, one line; needed for leaves")
    size: tuple[float, float, float] | None = Field(default=None, description="width, depth, height in metres")
    box: Box2D | None = Field(
        default=None, description="left, top, right, bottom as fractions of the picture; needed for leaves"
    )
    rests_on: str | None = None
    base_color: HexColor | None = Field(default=None, description="as it would look under white light, sRGB")


class CameraGuess(BaseModel):
    """How the picture was taken."""

    model_config = ConfigDict(extra="forbid")

    projection: Literal["perspective", "orthographic"] = "perspective"
    horizon: float = Field(default=0.4, description="row of the horizon as a fraction, may lie outside 0 to 1")
    level: bool = Field(default=True, description="true: verticals are parallel, so level with vertical shift")
    lens_mm: float = Field(default=50.0, gt=0, le=2000, description="on a 36 mm wide sensor")
    height_m: float = Field(default=1.6, description="of the camera above the ground")


class Marks(BaseModel):
    """Corrections of what was marked by eye: boxes of leaves, how the picture was taken, where its light comes from."""

    model_config = ConfigDict(extra="forbid")

    boxes: dict[str, Box2D] = Field(default_factory=dict)
    horizon: float | None = None
    lens_mm: float | None = Field(default=None, gt=0, le=2000)
    light: str | None = None


class SceneGraph(BaseModel):
    """The whole picture as a tree of named things, with guesses of camera and light."""

    model_config = ConfigDict(extra="forbid")

    style: str = ""
    camera: CameraGuess = CameraGuess()
    light: str = Field(default="", description="where the light comes from, how hard it is, its colour")
    nodes: list[Node]

    @property
    def leaves(self) -> list[Node]:
        """The nodes that become Blender objects."""
        return [node for node in self.nodes if node.kind != "group"]

    def within(self, name: str) -> list[Node]:
        """The leaf of this name, or the leaves of the group; none if there is no such node."""
        parents = {node.name: node.parent for node in self.nodes}

        def is_within(node: str | None) -> bool:
            return node is not None and (node == name or is_within(parents[node]))

        return [leaf for leaf in self.leaves if is_within(leaf.name)]

    def corrected(self, marks: Marks) -> SceneGraph:
        """Return the graph with some marks corrected; raises ValueError for a box of no leaf, or that is empty."""
        unknown = sorted(set(marks.boxes) - {leaf.name for leaf in self.leaves})
        if unknown:
            raise ValueError(f"boxes: the scene graph has no leaf named {', '.join(unknown)}")
        camera = {name: value for name in ("horizon", "lens_mm") if (value := getattr(marks, name)) is not None}
        nodes = [
            node.model_copy(update={"box": marks.boxes[node.name]}) if node.name in marks.boxes else node
            for node in self.nodes
        ]
        light = self.light if marks.light is None else marks.light
        update = {"camera": self.camera.model_copy(update=camera), "light": light, "nodes": nodes}
        return SceneGraph.model_validate(self.model_copy(update=update).model_dump())

    @model_validator(mode="after")
    def _is_a_tree_of_buildable_leaves(self) -> SceneGraph:
        names = [node.name for node in self.nodes]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"each name may stand once; these stand more often: {', '.join(repeated)}")
        if not self.leaves:
            raise ValueError("there is no leaf: name at least one surface or object")
        if len(self.leaves) > MAX_LEAVES:
            raise ValueError(f"{len(self.leaves)} leaves are too many; join small things, {MAX_LEAVES} at most")
        parents = {node.name: node.parent for node in self.nodes}
        for node in self.nodes:
            for what, other in (("parent", node.parent), ("rests_on", node.rests_on)):
                if other is not None and other not in parents:
                    raise ValueError(f"{node.name}: its {what} {other!r} is not in the list")
            if node.kind != "group" and (not node.build or node.box is None):
                raise ValueError(f"{node.name}: a leaf needs `build` and `box`; refine it until it has both")
            if node.box is not None and (node.box[0] >= node.box[2] or node.box[1] >= node.box[3]):
                raise ValueError(f"{node.name}: box is left, top, right, bottom, with left < right and top < bottom")
            seen, above = {node.name}, node.parent
            while above is not None:
                if above in seen:
                    raise ValueError(f"{node.name}: it is its own parent")
                seen.add(above)
                above = parents[above]
        return self
