"""Where the process begins: give a runtime its head start, then hand over to the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """The console script `lambdacli`."""
    from lambdacli.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
