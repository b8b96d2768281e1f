"""The studio from outside: try programs, render and describe scenes in a background Blender.

The process starts when it is first needed and stays for the whole run. A program that loops forever,
crashes Blender, eats memory or floods its output costs that try: afterwards the scene is the one of
the last new or open again, in a fresh process where needed. Never imports bpy.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter

from ..errors import Cancelled, StudioError
from ..process import Gone, Process
from . import post_mortem
from .failures import Kind
from .pixels import Ids, LightPasses
from .scene import Change, Gap, Places, SceneDescription

_START_SECONDS = 120.0  # a first start from a slow disk reads about 1 GB
_VERB_SECONDS = 120.0  # opening, saving and describing even huge scenes takes less
_GRACE = 3.0  # seconds for a program to be interrupted, and its scene to be evaluated and compared
_SLACK = 1.0  # seconds: the process ends itself at its deadline, with a traceback; else it is killed
_STARTS = 2

_BLEND_END = bytes.fromhex("b1ea928f")  # of the table that closes a compressed .blend
_PNG_END = b"IEND\xaeB`\x82"
_NPZ_END = b"\0\0"  # the length of a zip's comment

_RENDERS = {"render", "neutral", "ids", "light_passes"}
_NEUTRAL_SAMPLES = 8  # even light has little noise

View = Literal["camera", "front", "side", "top", "left", "right", "back", "above", "near"]


class RenderFailed(StudioError):
    """The scene can't be rendered as it is: too heavy, or Blender crashed on it. Another scene may do."""


class NoCamera(RenderFailed):
    """The scene has no camera to look through."""


@dataclass
class Limits:
    """What a program may take: seconds, MiB beyond Blender's own, vertices, KiB printed; seconds a render."""

    seconds: float = 20.0
    memory_mib: int = 4096
    vertices: int = 2_000_000
    output_kib: int = 256
    render_seconds: float = 180.0


class Failure(BaseModel):
    """Why a program did not count. The message is for its author: what happened, where, what to do."""

    kind: Kind
    message: str
    line: int | None = None


class Result(BaseModel):
    """What came of a program: a failure or its changes, and what it printed."""

    failure: Failure | None = None
    output: str = ""
    seconds: float = 0.0
    changes: list[Change] = []


class Studio:
    """A background Blender that holds one scene; a context manager, used by one thread at a time.

    `blender` is a Blender executable, or None for this Python with the bpy package. `log` collects
    what Blender writes. While `cancel` is set every verb raises Cancelled, within a second, and a busy
    process is ended. All verbs raise StudioError where Blender can't be started, or dies.
    """

    def __init__(
        self,
        blender: Path | None = None,
        limits: Limits | None = None,
        log: Path | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        """Remember what to start; nothing starts yet."""
        self.limits = limits or Limits()
        self._command, self._log = _command(blender), log
        self._cancel = cancel or threading.Event()
        self._process: Process | None = None
        self._version = ""
        self._start: dict[str, Any] | None = None  # the last new or open
        self._at_start = False  # whether the process holds that scene, or what became of it

    def __enter__(self) -> Studio:
        """Return the studio itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    @property
    def blender_version(self) -> str:
        """Blender's version, such as "5.2.0 LTS"; starts the process if need be."""
        if not self._version:
            self._started()
        return self._version

    def new(self, name: str, width: int, height: int) -> None:
        """Begin with an empty scene for a picture of width × height pixels; forgets all else."""
        self._begin({"verb": "new", "name": name, "width": width, "height": height})

    def open(self, checkpoint: Path) -> None:
        """Begin with a saved scene; raises StudioError if it is not there or can't be read."""
        if not checkpoint.is_file():
            raise StudioError(f"There is no checkpoint {checkpoint}; choose a stage or round that was saved.")
        self._begin({"verb": "open", "path": str(checkpoint.resolve())})

    def save(self, checkpoint: Path) -> None:
        """Save the scene as it is, compressed, whole or not at all."""
        self._write(checkpoint, _BLEND_END, lambda path: self._sure("save", path=path))

    def run(self, program: str, name: str = "program") -> Result:
        """Run a program on the scene as it is; its changes count from the last new or open.

        After a failure the scene is the one of the last new or open again. `name` says which program
        it is in Blender's log.
        """
        seconds = self.limits.seconds + _GRACE
        try:
            reply = self._ask("run", seconds, program=program, name=name, limits=asdict(self.limits))
        except Gone as gone:
            cause = post_mortem.failed(gone, program, name, self.limits.seconds, self.limits.memory_mib)
            return Result(failure=Failure(**cause))
        result = Result.model_validate(reply)
        self._at_start = result.failure is None
        if result.failure and result.failure.kind == "memory":
            self._drop()  # what it took may not come back
        return result

    def render(
        self,
        path: Path,
        view: Literal["camera", "solid", "plain"] = "camera",
        size: int = 256,
        samples: int = 16,
        window: Sequence[float] | None = None,
    ) -> None:
        """Write a PNG (8-bit sRGB, no alpha), its longer side `size` pixels; changes nothing in the scene.

        Only what lies in the `window` is rendered and written, if there is one: left, top, right, bottom, 0 to 1.

        "camera" is Cycles with so many samples, denoised where Blender can; "solid" shows one colour
        an object, "plain" the materials' viewport colours as a solid viewport does; both need OpenGL.
        The same scene gives the same pixels. Raises NoCamera or RenderFailed.
        """
        part = None if window is None else list(window)
        self._render(path, _PNG_END, "render", view=view, size=size, samples=samples, window=part)

    def neutral(self, path: Path, size: int, view: View = "camera", objects: Sequence[str] = ()) -> float:
        """Write a PNG (8-bit sRGB with alpha) in white even light; returns the metres it spans, 0 in perspective.

        From the scene's camera, or square, framing `objects`: straight from the "front", "side" (right) or
        "top", askew from the "left", "right", "back" or "above", or from "near" as the scene's camera looks.
        `objects`, with their children, are all that is shown, if there are any. Changes nothing in the scene.
        Raises NoCamera or RenderFailed.
        """
        arguments = {"size": size, "samples": _NEUTRAL_SAMPLES, "view": view, "objects": list(objects)}
        return float(self._render(path, _PNG_END, "neutral", **arguments))

    def ids(self, path: Path, size: int = 256) -> Ids:
        """Write (.npz), and return, which object and material each pixel of the camera's view shows.

        The view's longer side is `size` pixels; changes nothing in the scene. Raises NoCamera or RenderFailed.
        """
        self._render(path, _NPZ_END, "ids", size=size)
        return Ids.read(path)

    def light_passes(self, path: Path, size: int = 256, samples: int = 24) -> LightPasses:
        """Write (.npz), and return, how much each light brings to each pixel, and what of it can be tuned.

        The view's longer side is `size` pixels; changes nothing in the scene. Raises NoCamera or RenderFailed.
        """
        self._render(path, _NPZ_END, "light_passes", size=size, samples=samples)
        return LightPasses.read(path)

    def describe(self) -> SceneDescription:
        """Describe the scene as it is, in data and text."""
        return SceneDescription.model_validate(self._sure("describe"))

    def places(self) -> Places:
        """Read where camera and objects stand, as a layout solve needs it."""
        return Places.model_validate(self._sure("places"))

    def gaps(self, rests: Sequence[tuple[list[str], str, Iterable[float]]]) -> list[Gap | None]:
        """Measure how far things are from what they rest on; None where their surfaces don't tell.

        Each is a thing's objects, the object that it rests on (children count with both), and the unit
        direction from that to the thing: up, or a wall's normal.
        """
        asked = [
            {"objects": names, "support": support, "up": [float(part) for part in up]} for names, support, up in rests
        ]
        return TypeAdapter(list[Gap | None]).validate_python(self._sure("gaps", rests=asked))

    def check(self, expected: list[str]) -> list[str]:
        """List the scene's faults, among them objects that were expected by name and are missing."""
        return TypeAdapter(list[str]).validate_python(self._sure("check", expected=expected))

    def changes(self) -> list[Change]:
        """List what differs from the last new or open."""
        return TypeAdapter(list[Change]).validate_python(self._sure("changes"))

    def close(self) -> None:
        """End the process, at the latest after some seconds. The next verb would start it again."""
        if self._process:
            self._process.close()
        self._drop()

    # What the verbs are made of

    def _begin(self, request: dict[str, Any]) -> None:
        """Set the scene that everything starts from; one crash in doing so may be the previous scene's."""
        self._at_start = False
        try:
            try:
                self._exchange(request, _VERB_SECONDS)
            except Gone:
                self._exchange(request, _VERB_SECONDS)
        except Gone as gone:
            raise StudioError(post_mortem.died(gone)) from gone
        self._start, self._at_start = request, True

    def _sure(self, verb: str, **arguments: Any) -> Any:
        """Ask a verb that no program should be able to make fail."""
        try:
            return self._ask(verb, _VERB_SECONDS, **arguments)
        except Gone as gone:
            raise StudioError(post_mortem.died(gone)) from gone

    def _ask(self, verb: str, seconds: float, **arguments: Any) -> Any:
        """Ask a verb about the scene, which is restored before where it was lost. May raise Gone."""
        if self._start is None:
            raise StudioError(f"The studio has no scene yet: new or open comes before {verb}.")
        if not self._at_start:
            self._begin(self._start)
        return self._exchange({"verb": verb, **arguments}, seconds)

    def _exchange(self, request: dict[str, Any], seconds: float) -> Any:
        """Send one request and return its value; drops the process if that ended it."""
        if self._cancel.is_set():
            raise Cancelled("Stopped.")
        process = self._started()
        try:
            reply = process.ask({**request, "seconds": seconds}, seconds + _SLACK, self._cancel)
        except BaseException:  # Gone, Cancelled, Ctrl-C: its answer must not be taken for the next one's
            self._drop()
            raise
        if "error" in reply:
            raise _refusal(request["verb"], reply)
        return reply["value"]

    def _started(self) -> Process:
        """Start the process unless it runs."""
        for attempt in range(1, _STARTS + 1):
            if self._process:
                break
            try:
                process = Process(self._command, self._log)
                self._version = process.read(_START_SECONDS, self._cancel)["ready"]
            except OSError as error:
                raise StudioError(
                    f"{self._command[0]} could not be started ({error.strerror}); name a Blender."
                ) from error
            except Gone as gone:
                if attempt == _STARTS:
                    raise StudioError(post_mortem.no_start(gone, self._command[0])) from gone
            else:
                self._process = process
        assert self._process
        return self._process

    def _drop(self) -> None:
        """Forget the process, which has ended or is ended now."""
        if self._process:
            self._process.kill()
        self._process, self._at_start = None, False

    def _render(self, path: Path, ending: bytes, verb: str, **arguments: Any) -> Any:
        """Write what a verb renders; returns what else it says."""
        seconds = self.limits.render_seconds
        try:
            return self._write(path, ending, lambda temporary: self._ask(verb, seconds, path=temporary, **arguments))
        except Gone as gone:
            raise RenderFailed(post_mortem.no_render(gone, seconds)) from gone

    def _write(self, path: Path, ending: bytes, write: Callable[[str], Any]) -> Any:
        """Let Blender write beside the path, and put the file in its place once it is whole.

        Blender does not notice every full disk: a file is whole if it ends as its format says.
        """
        temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            said = write(str(temporary.resolve()))
            if not temporary.read_bytes().endswith(ending):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.replace(temporary, path)
            return said
        except OSError as error:
            raise StudioError(f"{path} could not be written ({error.strerror}); nothing was replaced.") from error
        finally:
            with suppress(OSError):  # nothing is there, as a rule
                temporary.unlink()


def _command(blender: Path | None) -> list[str]:
    """Build the command line that starts the server."""
    bootstrap = str(Path(__file__).with_name("bootstrap.py").resolve())
    if blender is None:
        return [sys.executable, "-P", bootstrap]  # -P: this folder's modules are no top-level modules
    return [str(blender), "--background", "--factory-startup", "--offline-mode", "--python", bootstrap]


def _refusal(verb: str, reply: dict[str, Any]) -> StudioError:
    """Word what Blender could not do; the process goes on."""
    if reply["error"] == "no camera":
        return NoCamera("The scene has no camera, so there is nothing to see.")
    kind, what = (RenderFailed, "render") if verb in _RENDERS else (StudioError, verb)
    return kind(f"Blender could not {what}: {reply['message'].removeprefix('Error: ').rstrip('.')}.")
