"""`python -m seig_addon`: the command line."""

import sys

from .cli import main

sys.exit(main(sys.argv[1:]))
