"""Stops a running program at its limits of time and memory, from within its process.

A thread looks every 0.2 s and raises an exception in the program; that stops Python and loops over
bpy, but not one call into C. For those there are two nets: `deadline` ends the whole process from a
thread that needs no Python, and on Linux the system itself refuses memory beyond the limit. Never
imports bpy; used inside Blender only.
"""

import ctypes
import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY_EXIT = 86
"""Exit code of a process that ended itself because nothing else stopped its growth."""

_MIB = 1 << 20
_INTERVAL = 0.2  # seconds; shorter costs more and stops nothing sooner that matters
_ARENA = 64 * _MIB  # address space, not memory, that glibc reserves for each thread Blender starts


class Stopped(BaseException):
    """A program reached a limit. No Exception, so that programs' own `except Exception` lets it pass."""


class OutOfTime(Stopped):
    """The program took too long."""


class OutOfMemory(Stopped):
    """The program took too much memory."""


class TooMuchOutput(Stopped):
    """The program printed too much."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """End the process, with a traceback in the log, if the block takes longer; works during C calls too."""
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or 2)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


class Watch:
    """Raises OutOfTime or OutOfMemory in the thread that made it, between start() and stop().

    The exception comes again and again until stop(), because a program may swallow one. Memory counts
    from start(), in MiB.
    """

    def __init__(self, seconds: float, memory_mib: int) -> None:
        self._seconds, self._memory = seconds, memory_mib * _MIB
        self._target = ctypes.c_ulong(threading.get_ident())
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def start(self) -> None:
        """Begin to count time and memory."""
        self._until = time.monotonic() + self._seconds
        self._allowed = _resident() + self._memory
        self._lift = _limit_address_space(self._memory)
        self._thread.start()

    def stop(self) -> None:
        """End the watch; no exception of it comes after. May be called again if one came just then."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(self._target, None)
        self._lift()

    def _look(self) -> None:
        while not self._over.wait(_INTERVAL):
            taken = _resident()
            if taken > self._allowed + self._memory:  # twice the limit, so the exception does not reach it
                os._exit(MEMORY_EXIT)
            if taken > self._allowed:
                self._raise(OutOfMemory)
            elif time.monotonic() > self._until:
                self._raise(OutOfTime)

    def _raise(self, kind: type[Stopped]) -> None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(self._target, ctypes.py_object(kind))


def _limit_address_space(more: int) -> Callable[[], None]:
    """Let the system refuse memory beyond so many bytes more; returns what lifts it. Only Linux does it reliably."""
    if sys.platform != "linux":
        return lambda: None
    import resource

    soft, hard = former = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = now + more + _ARENA * (os.cpu_count() or 1)
    if soft == resource.RLIM_INFINITY or limit < soft:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    return lambda: resource.setrlimit(resource.RLIMIT_AS, former)


if sys.platform == "win32":
    from ctypes import wintypes

    class _Counters(ctypes.Structure):
        _fields_ = (
            ("cb", wintypes.DWORD),
            ("PageFaultCount", wintypes.DWORD),
            *((name, ctypes.c_size_t) for name in ("PeakWorkingSetSize", "WorkingSetSize")),
            *((f"Quota{n}", ctypes.c_size_t) for n in range(4)),
            *((name, ctypes.c_size_t) for name in ("PagefileUsage", "PeakPagefileUsage")),
        )

    def _resident() -> int:
        """Return the process's memory in bytes."""
        counters = _Counters(cb=ctypes.sizeof(_Counters))
        kernel = ctypes.WinDLL("kernel32")
        kernel.GetCurrentProcess.restype = wintypes.HANDLE
        kernel.K32GetProcessMemoryInfo.argtypes = (wintypes.HANDLE, ctypes.POINTER(_Counters), wintypes.DWORD)
        kernel.K32GetProcessMemoryInfo(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.cb)
        return int(counters.PagefileUsage)

elif sys.platform == "linux":

    def _resident() -> int:
        """Return the process's memory in bytes."""
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

else:
    import resource

    def _resident() -> int:
        """Return the process's highest memory so far in bytes; macOS has no plain way to ask for the present."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
