"""Writing files so that a crash, a full disk or a kill leaves the old file or the new one, never half.

Every file of a run is written through here.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from ..errors import RunFolderError


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; raises RunFolderError saying what was kept."""
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise cannot_write(path, error) from error


def append_line(path: Path, line: str) -> None:
    """Append one line; a kill in the middle leaves a torn last line, see `drop_torn_line`."""
    try:
        with path.open("ab") as file:
            file.write(line.encode() + b"\n")
            file.flush()
    except OSError as error:
        raise cannot_write(path, error) from error


def drop_torn_line(path: Path) -> None:
    """Cut off a last line that a kill left without its end, so that the next one starts clean."""
    try:
        if path.is_file():
            data = path.read_bytes()
            os.truncate(path, data.rfind(b"\n") + 1)
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> RunFolderError:
    """Say why a file can't be written, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        why, todo = "the disk is full", "free some space"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        why, todo = "the folder is not writable", "choose another folder or change its permissions"
    else:
        why, todo = error.strerror or str(error), "check the folder"
    return RunFolderError(
        f"{path} could not be written: {why}; all that was written before is kept. To go on, {todo} and resume the run."
    )
