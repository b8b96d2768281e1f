"""The stages of the method: their order, their budgets, and what each may change.

The table is the paper's (SEIG, arXiv 2606.02580); the permissions are enforced by comparing the
scene before and after a program, never just asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ..studio.scene import Change, ChangeKind

_OBJECTS: frozenset[ChangeKind] = frozenset(
    {"object added", "object removed", "object transform", "object structure", "mesh", "uv"}
)
_LIGHT: frozenset[ChangeKind] = frozenset({"light added", "light removed", "light", "world", "exposure"})


@dataclass(frozen=True)
class Stage:
    """One scene factor, solved on its own.

    `rounds` is the default budget: rollouts for initialization, rounds for the others. A stage that is
    `solved` asks no model: its one round's program is solved for.
    """

    number: int
    name: str
    rounds: int
    may_change: frozenset[ChangeKind]
    task: str
    solved: bool = False

    @property
    def folder(self) -> str:
        """The stage's folder name inside a run, such as 2_geometry."""
        return f"{self.number}_{self.name}"

    def breaches(self, changes: Iterable[Change], leaves: Collection[str]) -> list[str]:
        """Say what a program changed that this stage must leave alone, one line a change.

        Scene graph leaves keep their names through all stages, so no stage after the first may
        remove one.
        """
        refused = []
        for change in changes:
            lost_leaf = change.kind == "object removed" and change.name in leaves and self.number > 1
            if change.kind not in self.may_change or lost_leaf:
                what = f"{change.kind} ({change.name})" if change.name else change.kind
                refused.append(f"{what}: {'; '.join(change.details)}" if change.details else what)
        return refused


INITIALIZATION = Stage(
    1,
    "initialization",
    4,
    _OBJECTS
    | _LIGHT
    | {"material added", "material removed", "material", "material assignment", "camera", "view settings"},
    "build the coarse scaffold: every leaf as a named object, camera, light and first colours",
)
GEOMETRY = Stage(
    2,
    "geometry",
    5,
    # New parts need a material to be seen, so assigning and adding are open; existing looks are not. Whose
    # last wearer was given another one goes out of use, which counts as removed.
    _OBJECTS | {"material added", "material removed", "material assignment"},
    "refine shapes: meshes, modifiers, parts, transforms and structure of the objects",
)
MATERIALS = Stage(
    3,
    "materials",
    3,
    frozenset({"material added", "material removed", "material", "material assignment", "uv"}),
    "make each material look right: base color, roughness, pattern, and what it is assigned to",
)
COMPOSITION = Stage(
    4,
    "composition",
    3,
    frozenset({"object transform", "camera"}),
    "place things right in the picture: transforms of objects, and the camera",
)
LIGHTING = Stage(
    5,
    "lighting",
    2,
    _LIGHT,
    "light it right: lights, world and exposure",
)
FINE_TUNING = Stage(
    6,
    "fine-tuning",
    1,
    # A material that objects share may turn out to be two, for which one of them gets a copy.
    frozenset({"light", "world", "material", "material added", "material assignment"}),
    "solve for light powers and colours, the world and base colours, all together",
    solved=True,
)

STAGES = (INITIALIZATION, GEOMETRY, MATERIALS, COMPOSITION, LIGHTING, FINE_TUNING)
BY_NAME = {stage.name: stage for stage in STAGES}
