"""`seig doctor`: try everything that a run needs, and say what is missing and what to do."""

from __future__ import annotations

import platform
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from ..engine import prompts
from ..errors import SeigError
from ..studio.client import Studio

_PACKAGES = ("numpy", "pydantic", "Pillow", "Jinja2")


def doctor(blender: Path | None) -> None:
    """Print one line a check; raises SeigError if any failed."""
    print(f"Python {platform.python_version()} on {platform.platform(terse=True)}")
    failed = [name for name, check in _checks(blender) if not _passes(name, check)]
    if failed:
        raise SeigError(f"{len(failed)} of the checks failed: {', '.join(failed)}.")
    print("All is well.")


def _checks(blender: Path | None) -> list[tuple[str, Callable[[], str]]]:
    return [
        ("packages", _packages),
        ("litellm", _litellm),
        ("prompts", lambda: f"version {prompts.version()}"),
        ("folder", _folder),
        ("studio", lambda: _studio(blender)),
        ("window", _window),
    ]


def _passes(name: str, check: Callable[[], str]) -> bool:
    try:
        found = check()
    except SeigError as error:
        print(f"  failed  {name:9} {error}")
        return False
    print(f"  ok      {name:9} {found}")
    return True


def _packages() -> str:
    found, missing = [], []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        raise SeigError(f"{', '.join(missing)} can't be found; set up again with `make demo` or reinstall the add-on.")
    return ", ".join(found)


def _litellm() -> str:
    """Look it up without importing it, which takes seconds."""
    try:
        return version("litellm")
    except PackageNotFoundError:
        return "not there: models of providers can't be asked; offline, manual and replay need none of it"


def _folder() -> str:
    try:
        with tempfile.TemporaryFile(dir=Path.cwd()):
            return f"{Path.cwd()} is writable"
    except OSError as error:
        raise SeigError(
            f"{Path.cwd()} is not writable ({error.strerror}); use --output with another folder."
        ) from error


def _studio(blender: Path | None) -> str:
    since = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Studio(blender) as studio:
        studio.new("doctor", 64, 64)
        started = time.monotonic() - since
        result = studio.run(
            "from seig_kit import level_camera, box, world\nlevel_camera()\nbox('Box', (1, 1, 1))\nworld('#ffffff')\n"
        )
        if result.failure is not None:
            raise SeigError(f"the studio runs no programs: {result.failure.message}")
        studio.render(Path(folder) / "box.png", size=64, samples=1)
        return f"Blender {studio.blender_version}, started in {started:.1f} s, ran and rendered a program"


def _window() -> str:
    """How long the add-on holds up Blender's main thread: in a run made here, and in the last one in a window."""
    if find_spec("bpy") is None:
        return "not measured: this Python has no bpy; `blender --command seig doctor` measures"
    from ..addon.measure import last_run, measure  # needs Blender, which the other checks do not

    measured, last = str(measure()), last_run()
    lines = ["a small run took of Blender's main thread", *measured.splitlines()]
    if last:
        lines += [f"the add-on's last run, {last}"]
    return "\n".join(lines).replace("\n", f"\n{' ' * 20}")
