"""`python -m facelines`: the command line."""

import sys

from facelines.cli import main

if __name__ == "__main__":
    sys.exit(main())
