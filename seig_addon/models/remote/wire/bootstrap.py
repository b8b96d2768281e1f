"""The script that the asking process starts with, by its path: `python bootstrap.py FOLDER…`.

The folders are where litellm and what it needs are found; inside Blender that is where the extension's
wheels lie. Takes the channel away from stdin and stdout before anything else can write there, so that
whatever litellm prints ends up in the log (stderr). Never import it from another module.
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
    sys.path[:0] = [str(Path(__file__).resolve().parents[4]), *sys.argv[1:]]
    from seig_addon.models.remote.wire.server import serve

    serve(requests, replies)


if __name__ == "__main__":
    main()
