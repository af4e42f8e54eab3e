"""Where the process begins: give a runtime its head start, then hand over to the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """The console script `lambdacli`."""
    from lambdacli.local import headstart

    headstart.begin(sys.argv[1:])
    try:
        from lambdacli.cli import run

        code = run(sys.argv[1:])
    finally:
        headstart.discard()
    sys.exit(code)


if __name__ == "__main__":
    main()
