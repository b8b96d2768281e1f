"""The command line: the same engine from a terminal, as in Blender's panel.

`python -m seig_addon …` with the bpy wheel, or `blender --command seig …` with the add-on.
Never imports bpy: scenes are the studio's business.
"""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import Cancelled, SeigError
from ..models.access import Access
from . import commands
from .arguments import parser

STOPPED = 130  # what shells report for Ctrl-C


def main(arguments: Sequence[str], blender: Path | None = None, access: Access | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed with a sentence, 2 usage, 130 stopped.

    `blender` is the Blender to use for the studio where none is named; None is the bpy wheel. `access` is
    what asking may use; None is a terminal's: online, with keys from the environment.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without our characters is no reason to fail
    program = "blender --command seig" if blender else "python -m seig_addon"
    try:
        options = parser(program).parse_args(arguments)
        options.program = program
        options.access = access or Access()
        options.blender = _found(options.blender) or blender
        commands.COMMANDS[options.command](options)
    except SystemExit as exit_:  # argparse's way to end after --help or a usage error
        return exit_.code if isinstance(exit_.code, int) else 2
    except Cancelled as stopped:
        print(stopped, file=sys.stderr)
        return STOPPED
    except SeigError as error:
        print(f"seig: {error}", file=sys.stderr)
        return 1
    return 0


def _found(blender: Path | None) -> Path | None:
    """The Blender that was named, looked up on the path; raises SeigError if there is none."""
    if blender is None:
        return None
    found = shutil.which(blender)
    if found is None:
        raise SeigError(f"There is no Blender at {blender}; nothing was started. Check --blender.")
    return Path(found)
