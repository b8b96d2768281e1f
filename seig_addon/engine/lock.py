"""A lock on a run folder that the system lets go of when the process ends, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..errors import RunFolderError


class RunLock:
    """Held from construction until `release`; raises RunFolderError if another process holds it."""

    def __init__(self, folder: Path) -> None:
        """Take the lock of a folder."""
        self._file = (folder / ".lock").open("a+b")
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(self._file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise RunFolderError(
                f"{folder} is in use by another SEIG; nothing was changed. Stop that one, or wait until it ends."
            ) from error

    def release(self) -> None:
        """Let go; the file is left behind, since removing it could take another's lock away."""
        if not self._file.closed:
            if sys.platform == "win32":
                os.lseek(self._file.fileno(), 0, os.SEEK_SET)
            self._file.close()
