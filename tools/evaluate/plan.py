"""The cells of an evaluation: one for each picture, model and variant, and one for each run that is only measured."""

from __future__ import annotations

import hashlib
import re
from argparse import Namespace
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from seig_addon.engine.files import write_atomic
from seig_addon.engine.records import Settings
from seig_addon.engine.run_folder import read_record
from seig_addon.errors import SeigError

from .rows import Row
from .variants import VARIANTS, settings_of, variant_of

_PICTURES = (".png", ".jpg", ".jpeg", ".webp")


class Cell(BaseModel):
    """What one process does in `folder`: make a run of `picture_file` there, or measure the `given` one."""

    folder: Path
    picture: str
    variant: str
    settings: Settings
    picture_file: Path | None = None
    given: Path | None = None
    truth: Path | None = None
    agreed: list[str] = []
    blender: Path | None = None

    @property
    def run(self) -> Path:
        """The run folder that is measured."""
        return self.given or self.folder / "run"

    @property
    def title(self) -> str:
        """What a person calls it."""
        return f"{self.picture} · {model_name(self.settings.model)} · {self.variant}"

    def row(self, **known: Any) -> Row:
        """A row of this cell."""
        named = {"picture": self.picture, "model": model_name(self.settings.model), "variant": self.variant}
        return Row(**{**named, "run": self.run, **known})


class Done(BaseModel):
    """A cell's done-mark: its rows, and of which state of the run they are."""

    state: str
    rows: list[Row]


def cells(options: Namespace) -> list[Cell]:
    """All cells that were asked for, each with its folder below `options.output`."""
    truths = {path.stem: path for path in sorted(options.known.glob("*.json"))} if options.known else {}
    shared = {"agreed": options.agree, "blender": options.blender}
    root = options.output.resolve() / "cells"
    found = []
    # Picture by picture, so that what a stopped evaluation has done can be compared.
    for picture, model, variant in product(pictures(options.pictures), options.models, options.variants):
        settings = settings_of(
            variant,
            options.free_rounds,
            model=_whole(model),
            verifier=_whole(options.verifier),
            limit=options.limit,
            working_size=options.working_size,
            final_size=options.final_size,
        )
        cell = Cell(
            folder=root / picture.stem / _slug(model) / variant,
            picture=picture.stem,
            variant=variant,
            settings=settings,
            picture_file=picture.resolve(),
            truth=truths.get(picture.stem),
            **shared,
        )
        found.append(cell)
    for given in options.runs:
        variant, _, place = given.rpartition("=")
        run = Path(place).resolve()
        record = read_record(run)
        variant = variant or variant_of(record.settings)
        cell = Cell(
            folder=root / record.name / _slug(record.settings.model) / f"{variant}-{_short(str(run))}",
            picture=record.name,
            variant=variant,
            # Measured at one size, whatever it was rendered at.
            settings=record.settings.model_copy(update={"final_size": options.final_size}),
            given=run,
            truth=truths.get(record.name),
            **shared,
        )
        found.append(cell)
    _check_unique(found)
    return found


def pictures(given: list[Path]) -> list[Path]:
    """The pictures that were named, and those in the folders that were."""
    found = [each for path in given for each in (sorted(path.iterdir()) if path.is_dir() else [path])]
    return [path for path in found if path.suffix.lower() in _PICTURES]


def model_name(model: str) -> str:
    """A model's name for tables: a replay is called by its run folder's name alone."""
    kind, _, run = model.partition(":")
    return f"replay:{Path(run).name}" if kind == "replay" else model


def state_of(run: Path) -> str:
    """Identify the state that a run is in: what was measured of another one is no longer true."""
    path = run / "run.json"
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""


def done(cell: Cell) -> Done | None:
    """The cell's done-mark, if what it says still holds; a cell that failed is not done."""
    path = cell.folder / "done.json"
    if not path.is_file() or not _same(cell):
        return None
    mark = Done.model_validate_json(path.read_text(encoding="utf-8"))
    return mark if mark.state == state_of(cell.run) and not any(row.failed for row in mark.rows) else None


def write(cell: Cell) -> None:
    """Write down what is to be done, for the process that does it."""
    write_atomic(cell.folder / "cell.json", cell.model_dump_json(indent=1))


def _same(cell: Cell) -> bool:
    """Whether the cell was done with these settings, of this picture, against this truth."""
    path = cell.folder / "cell.json"
    if not path.is_file():
        return False
    before = Cell.model_validate_json(path.read_text(encoding="utf-8"))
    unimportant = {"folder", "agreed", "blender"}
    return before.model_dump(exclude=unimportant) == cell.model_dump(exclude=unimportant)


def _check_unique(cells: list[Cell]) -> None:
    seen: set[Path] = set()
    for cell in cells:
        if cell.folder in seen:
            raise SeigError(f"{cell.title} is asked for twice; pictures must have different names.")
        seen.add(cell.folder)


def _whole(model: str) -> str:
    """A replay's run folder as an absolute path, so that it is found from anywhere."""
    kind, _, run = model.partition(":")
    return f"replay:{Path(run).resolve()}" if kind == "replay" else model


def _slug(model: str) -> str:
    tail = f"-{_short(_whole(model))}" if model.startswith("replay:") else ""
    return re.sub(r"[^A-Za-z0-9.]+", "-", model_name(model)).strip("-") + tail


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def check_variants(names: list[str]) -> None:
    """Raise SeigError for a variant that there is none of."""
    unknown = [name for name in names if name not in VARIANTS]
    if unknown:
        raise SeigError(f"There is no variant {unknown[0]!r}; there are {', '.join(VARIANTS)}.")
