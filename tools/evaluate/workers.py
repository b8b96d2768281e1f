"""Does many cells: each in a process of its own, several at a time here, or through Ray on many machines."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from seig_addon.errors import SeigError

from .plan import Cell

ROOT = Path(__file__).resolve().parents[2]

Finished = Callable[[Cell, int], None]
"""Called with each cell that ended, and its process's exit code."""


def in_processes(cells: Sequence[Cell], jobs: int, finished: Finished) -> None:
    """Do the cells on this machine, `jobs` at a time. Ctrl-C stops them all; what they did is kept."""
    running = _Running()
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        asked = {pool.submit(running.do, cell.folder): cell for cell in cells}
        try:
            for each in as_completed(asked):
                finished(asked[each], each.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            running.stop()
            raise


def in_ray(cells: Sequence[Cell], finished: Finished) -> None:
    """Do the cells wherever Ray has room: on the cluster of RAY_ADDRESS, else on this machine.

    All machines must have this checkout, its Python, the pictures and the output folder at the same paths
    (a shared file system), and the providers' keys in their environment.
    """
    if find_spec("ray") is None:
        raise SeigError("Ray is not installed: pip install ray. Or leave out --engine ray.")
    import ray

    try:
        ray.init(ignore_reinit_error=True, log_to_driver=False)
    except (ConnectionError, RuntimeError) as error:
        raise SeigError(
            f"{error}. See that it runs, with this version of Ray and Python, that RAY_ADDRESS is its address, and "
            "RAY_AUTH_TOKEN its token if it has one."
        ) from error

    @ray.remote(num_cpus=1, max_retries=2)  # a machine that is lost takes no cell with it: runs are resumed
    def do(folder: str, root: str, python: str) -> int:
        # Run by path and not by name, as a worker may have been started anywhere.
        import subprocess as processes

        with open(f"{folder}/log.txt", "ab") as log:
            process = processes.Popen(
                [python, "-m", "tools.evaluate.cell", folder], cwd=root, stdin=processes.PIPE, stdout=log, stderr=log
            )
            return process.wait()

    try:
        left = {do.remote(str(cell.folder), str(ROOT), sys.executable): cell for cell in cells}
        while left:
            (ready, *_), _ = ray.wait(list(left), num_returns=1)
            cell = left.pop(ready)
            try:
                code = ray.get(ready)
            except ray.exceptions.RayError as error:
                with (cell.folder / "log.txt").open("a", encoding="utf-8") as log:
                    log.write(f"{error}\n")
                code = -1
            finished(cell, code)
    finally:
        ray.shutdown()


class _Running:
    """The processes that are at work, so that all can be stopped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def do(self, folder: Path) -> int:
        """Do a cell; returns its exit code."""
        with (folder / "log.txt").open("ab") as log, self._started(folder, log) as process:
            return process.wait()

    @contextmanager
    def _started(self, folder: Path, log: object) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "tools.evaluate.cell", str(folder)]
        with self._lock:
            process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log)  # type: ignore[call-overload]
            self._processes.add(process)
            if self._stopped and process.stdin:
                process.stdin.close()
        try:
            yield process
        finally:
            with self._lock:
                self._processes.discard(process)

    def stop(self) -> None:
        """Ask all to end, by closing their standard input."""
        with self._lock:
            self._stopped = True
            for process in self._processes:
                if process.stdin:
                    process.stdin.close()
