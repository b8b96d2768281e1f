"""The run that a scene belongs to, as its folder has it; read for operators without taking it over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..engine.records import RunRecord
from ..engine.run_folder import RunFolder, read_record
from ..errors import RunFolderError

_NO_RUN = "This scene is no reconstruction. Choose a picture and reconstruct it, or switch to its scene."

# What was read last, and from which state of which file: polls ask at every drawing.
_read: tuple[Path, tuple[int, int], RunRecord | RunFolderError] | None = None


def record_of(scene: bpy.types.Scene) -> RunRecord:
    """Read the record of a scene's run; raises RunFolderError where there is none or its folder is gone."""
    global _read
    if not scene.seig.run:
        raise RunFolderError(_NO_RUN)
    file = Path(scene.seig.run) / "run.json"
    try:
        stat = file.stat()
    except OSError as error:
        raise RunFolderError(
            f"The run folder {file.parent} is gone or can't be read. Put it back where it was; "
            "the scene itself is whole."
        ) from error
    stamp = (stat.st_mtime_ns, stat.st_size)
    if _read is None or _read[:2] != (file, stamp):
        try:
            _read = file, stamp, read_record(file.parent)
        except RunFolderError as error:
            _read = file, stamp, error
    if isinstance(_read[2], RunFolderError):
        raise _read[2]
    return _read[2]


@contextmanager
def opened(scene: bpy.types.Scene) -> Iterator[RunFolder]:
    """Open a scene's run for the length of a with statement. Raises RunFolderError."""
    run = open_run(scene)
    try:
        yield run
    finally:
        run.close()


def open_run(scene: bpy.types.Scene) -> RunFolder:
    """Open a scene's run, to be closed by whoever gets it. Raises RunFolderError."""
    record_of(scene)
    return RunFolder.open(Path(scene.seig.run))


def new_folder(parent: Path, name: str) -> Path:
    """The first of parent/name, parent/name-2, … that isn't there yet."""
    number, folder = 1, parent / name
    while folder.exists():
        number += 1
        folder = parent / f"{name}-{number}"
    return folder
