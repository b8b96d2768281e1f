"""Tests the add-on in a real Blender window: installs the built zip into an empty profile and plays scenarios.

    BLENDER=/path/to/blender python tests/gui/run.py [--output FOLDER] [SCENARIO …]

Needs an X display, or Xvfb, and ImageMagick's `import` for the screenshots. No model is asked: the replies are
scripted (see bistro.py), in one scenario behind a server of this program's, which litellm asks. Each scenario
gets a Blender of its own; screenshots and logs stay in the output folder.
"""

import argparse
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

from tests.gui.bistro import BistroModel  # noqa: E402
from tests.provider_server import ProviderServer, Received  # noqa: E402

SCENARIOS = (
    *("story", "edits", "drifts", "times", "dialogs", "asks_a_model"),
    *("stops", "reopens", "loads_another", "quits"),
)
_SECONDS = 600  # a scenario that takes longer hangs; software drawing makes a story of minutes


def main() -> int:
    """Play the scenarios; 0 if all passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--output", type=Path, default=ROOT / "runs" / "test-gui", metavar="FOLDER")
    arguments = parser.parse_args()
    blender = os.environ.get("BLENDER") or "blender"
    if shutil.which(blender) is None:
        sys.exit(f"There is no Blender at {blender}: name one in BLENDER=/path/to/blender.")
    output = arguments.output.resolve()
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    failed = []
    with tempfile.TemporaryDirectory(prefix="seig-gui-") as folder, display() as screen:
        environment = os.environ | screen | {"BLENDER_USER_RESOURCES": str(Path(folder, "profile"))}
        install(blender, Path(folder), environment)
        scenarios = arguments.scenarios or SCENARIOS
        if "asks_a_model" in scenarios:
            add_litellm(environment)
            environment["SEIG_TEST_PROVIDER"] = provider()
        for name in scenarios:
            began = time.monotonic()
            problem = play(blender, name, output / name, environment)
            if problem:  # windows, software drawing and a display that may come late: chance has a part
                print(f"{name}: {problem}; playing it once more", flush=True)
                shutil.rmtree(output / name)
                problem = play(blender, name, output / name, environment)
            print(f"{name}: {problem or 'passed'} ({time.monotonic() - began:.0f} s)", flush=True)
            failed += [name] if problem else []
    print(f"Screenshots are in {output}.")
    return 1 if failed else 0


def install(blender: str, folder: Path, environment: dict[str, str]) -> None:
    """Build the zip and install it as an artist would."""
    subprocess.run([sys.executable, ROOT / "tools" / "extension", "slim", "--output", folder], check=True)
    (built,) = folder.glob("*.zip")
    Path(environment["BLENDER_USER_RESOURCES"]).mkdir()
    command = [blender, "--command", "extension", "install-file", "--repo", "user_default", "--enable", built]
    subprocess.run(command, check=True, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL)


def add_litellm(environment: dict[str, str]) -> None:
    """Put litellm beside the other packages, as the full zips do, also for a Linux distribution's Python."""
    extension = runpy.run_path(str(ROOT / "tools" / "extension"))
    (site,) = Path(environment["BLENDER_USER_RESOURCES"], "extensions", ".local", "lib").glob("python*/site-packages")
    platform, python = extension["this_platform"](), site.parent.name.removeprefix("python")
    for wheel in extension["downloaded"](extension["pinned"](platform, set()), python, platform):
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(site)


def provider() -> str:
    """Serve the scripted model's replies, slowly enough to watch; returns the address. Ends with this program."""
    server = ProviderServer()
    server.pause = 0.3
    server.say(_reply)
    return server.address("openai")


def _reply(asked: Received) -> str:
    titles = re.findall(r"^# (Stage: .*)$", asked.text, re.MULTILINE) if "messages" in asked.body else []
    return BistroModel().answer(titles[-1]) if titles else "Red."


def play(blender: str, name: str, output: Path, environment: dict[str, str]) -> str:
    """Play a scenario in a Blender of its own; returns what went wrong, empty if nothing did."""
    output.mkdir()
    mark = uuid.uuid4().hex
    driver = ["--enable-event-simulate", "--python", str(HERE / "driver.py"), "--", str(output), name]
    with (output / "blender.log").open("wb") as log:
        try:
            ended = subprocess.run(
                [blender, "--window-geometry", "0", "0", "1600", "1000", *driver],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment | {"SEIG_TEST": mark},
                cwd=ROOT,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"did not end within {_SECONDS} s; see {output / 'blender.log'}"
    result = output / "result.json"
    if not result.is_file():
        return f"Blender ended ({ended.returncode}) before the scenario did; see {output / 'blender.log'}"
    problem = json.loads(result.read_text("utf-8"))["problem"]
    if not problem and "Traceback (most recent call last)" in (output / "blender.log").read_text("utf-8", "replace"):
        problem = f"something raised meanwhile; see {output / 'blender.log'}"
    return problem or orphans(mark)


def orphans(mark: str) -> str:
    """Name processes that outlived their Blender, where /proc tells; they get a moment to end."""
    until = time.monotonic() + 5
    while True:
        left = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark.encode() in (process / "environ").read_bytes():
                    left.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
            except OSError:
                continue  # gone meanwhile, or another person's
        if not left or time.monotonic() > until:
            return f"left processes behind: {left}" if left else ""
        time.sleep(0.2)


@contextmanager
def display():
    """Give the environment of a screen: the one there is, or an Xvfb of our own where that is installed."""
    if os.environ.get("DISPLAY") or shutil.which("Xvfb") is None:
        yield {}
        return
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1600x1000x24", "+extension", "GLX"],
        pass_fds=[writer],
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as numbers:
            yield {"DISPLAY": f":{numbers.readline().strip()}"}
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
