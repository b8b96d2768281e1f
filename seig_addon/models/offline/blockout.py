"""All that is found in one picture: surfaces, things, groups, and the readings of its camera and light."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ...engine.scene_graph import CameraGuess, Node, SceneGraph
from . import light as lights
from .light import Light
from .placement import Layout, lay_out
from .programs import first_color
from .raster import Floats, Mask, decode
from .regions import segment
from .surfaces import Surfaces, find_surfaces
from .things import Thing, color_of, find_things, parts_that_touch
from .view import View, far_row, find_view

SIDE = 256  # px: the longest side that is looked at; finer regions than that make no block-out
_READINGS = ((1.0, True), (1.0, False), (0.75, True), (1.3, True), (0.75, False), (1.3, False))
"""Rollouts: factor on how far the camera looks down, and whether the light is sought in the shading."""

_MOST_GROUPS = 10  # with the surfaces and the most things, 62 objects

_BUILD = {
    "box": "box with slightly rounded edges",
    "ball": "ellipsoid",
    "turned": "lathe of the silhouette's half widths",
    "outline": "extruded outline",
    "flat": "extruded outline, lying",
}


@dataclass(frozen=True)
class Blockout:
    """A picture, understood as far as this method goes."""

    picture: Floats
    surfaces: Surfaces
    things: tuple[Thing, ...]

    @classmethod
    def of(cls, data: bytes) -> Blockout:
        """Look at an encoded picture."""
        picture = decode(data, SIDE)
        surfaces = find_surfaces(segment(picture), picture)
        return cls(picture, surfaces, tuple(find_things(surfaces, picture)))

    def reading(self, rollout: int) -> tuple[Layout, Light]:
        """How a rollout (1, 2, …) reads the picture: the first most likely, the others differ in camera or light."""
        tilt, shading = _READINGS[(rollout - 1) % len(_READINGS)]
        layout = self.layout(find_view(self.surfaces, self.things, tilt))
        return layout, lights.find_light(self.surfaces, self.picture, layout) if shading else lights.PLAIN

    def views(self) -> list[View]:
        """The cameras of all rollouts."""
        return [find_view(self.surfaces, self.things, tilt) for tilt in dict.fromkeys(each[0] for each in _READINGS)]

    def layout(self, view: View) -> Layout:
        """Everything in depth, as a camera sees it."""
        return lay_out(view, self.surfaces, self.things)

    def masks(self) -> dict[str, Mask]:
        """What is seen of each object, by name: of ground and backdrop too."""
        row = round(far_row(self.surfaces, self.things) * len(self.picture))
        upper = np.zeros(self.surfaces.labels.shape, dtype=bool)
        upper[:row] = True
        surface = ~np.isin(self.surfaces.labels, self.surfaces.things)
        masks = {"Ground": surface & ~upper, "Backdrop": surface & upper}
        masks |= {thing.name: thing.visible for thing in self.things}
        return {name: mask for name, mask in masks.items() if mask.any()}

    def surface_colors(self) -> tuple[Floats, Floats]:
        """Median sRGB colours of ground and backdrop."""
        masks, whole = self.masks(), np.ones(self.surfaces.labels.shape, dtype=bool)
        ground, backdrop = (masks.get(name) for name in ("Ground", "Backdrop"))
        either = ground if ground is not None else backdrop if backdrop is not None else whole
        colors = [color_of(self.picture, either if mask is None else mask) for mask in (ground, backdrop)]
        return colors[0], colors[1]

    def groups(self) -> dict[str, list[str]]:
        """Names of things that touch each other, by the name of their group."""
        clusters: dict[int, list[Thing]] = {}
        numbers = parts_that_touch(self.things, self.surfaces.labels.shape)
        for thing in self.things:
            clusters.setdefault(numbers[thing.number], []).append(thing)
        large = [members for members in clusters.values() if len(members) > 1]
        seen = Counter[str]()
        groups = {}
        for members in sorted(large, key=lambda each: -len(each))[:_MOST_GROUPS]:
            middle = (min(each.box[0] for each in members) + max(each.box[2] for each in members)) / 2.0
            name = f"{'Left' if middle < 0.36 else 'Right' if middle > 0.64 else 'Middle'} group"
            seen[name] += 1
            groups[name if seen[name] == 1 else f"{name} {seen[name]}"] = [each.name for each in members]
        return groups

    def graph(self) -> SceneGraph:
        """The scene graph, with sizes as the first reading has them."""
        layout, light = self.reading(1)
        ground, backdrop = self.surface_colors()
        far = far_row(self.surfaces, self.things)
        nodes = [
            Node(
                name="Ground",
                kind="surface",
                build="plane",
                box=(0.0, round(far, 4), 1.0, 1.0),
                base_color=first_color(ground, 1.0),
            ),
            Node(
                name="Backdrop",
                kind="surface",
                build="upright plane",
                box=(0.0, 0.0, 1.0, round(far, 4)),
                rests_on="Ground",
                base_color=first_color(backdrop, 1.0),
            ),
        ]
        groups = self.groups()
        nodes += [Node(name=name, kind="group") for name in groups]
        parent = {member: name for name, members in groups.items() for member in members}
        names = {thing.number: thing.name for thing in self.things}
        for solid in layout.solids:
            thing, (x, y, z) = solid.thing, solid.size
            nodes.append(
                Node(
                    name=thing.name,
                    parent=parent.get(thing.name),
                    build=_BUILD[solid.kind],
                    size=(round(x, 3), round(y, 3), round(z, 3)),
                    box=thing.box,
                    rests_on=names.get(thing.support, "Ground"),
                    base_color=first_color(thing.color, lights.on_solid(light, solid)),
                )
            )
        view = layout.view
        return SceneGraph(
            style="a block-out without AI: plain solids by classical image analysis",
            camera=CameraGuess(horizon=view.horizon, lens_mm=view.lens, height_m=view.height),
            light=light.in_words(),
            nodes=nodes,
        )
