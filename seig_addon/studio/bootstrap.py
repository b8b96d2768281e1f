"""The script that a studio's process starts with, by its path: `python bootstrap.py`, or in Blender.

Takes the channel to the client away from stdin and stdout before anything else can write there:
afterwards Blender's chatter, C code's printf and print all end up in the log (stderr), and reading
stdin finds nothing. Then puts the package on the path under its plain name, whatever it is called in
the artist's Blender, and serves. Never import it from another module.
"""

import os
import sys
from pathlib import Path


def main() -> None:
    """Serve until the client closes the channel."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from seig_addon.studio.server import serve

    serve(requests, replies)


if __name__ == "__main__":
    main()
