"""Floor: an interpreter started anew on every save. argv: the folder to watch, the interpreter's command."""

from __future__ import annotations

import subprocess
import sys

import watchfiles

subprocess.run(sys.argv[2:], check=False)
for _changes in watchfiles.watch(sys.argv[1], step=5, debounce=20):
    subprocess.run(sys.argv[2:], check=False)
