"""Starts Python's runtime client: `python -B -s bootstrap.py [FOLDER FOR OUR BYTECODE]`; Python 3.8 or later.

A script is compiled at every start, so this one only imports the client, whose bytecode is kept in the folder given.
"""

import sys


def main() -> None:
    """Import the client and take our folder off the path: the function never sees it."""
    kept = sys.dont_write_bytecode, sys.pycache_prefix
    if len(sys.argv) > 1:
        sys.dont_write_bytecode, sys.pycache_prefix = False, sys.argv.pop()
    from lambdacli_bootstrap import loop  # type: ignore[import-not-found]

    sys.dont_write_bytecode, sys.pycache_prefix = kept
    del sys.path[0]
    loop.main()


main()
