"""Run the command line: ``python -m einthoven``."""

import sys

from einthoven.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
