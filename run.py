#!/usr/bin/env python3
"""Facelines from a checkout: `python run.py COMMAND --help` says more."""

import sys

from facelines.cli import main

if __name__ == "__main__":
    sys.exit(main())
