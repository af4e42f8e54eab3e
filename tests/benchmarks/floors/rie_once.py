"""Peer: AWS's Runtime Interface Emulator started for one invocation. argv: the emulator, the runtime's command."""

from __future__ import annotations

import sys

from emulator import Emulator

emulator = Emulator(sys.argv[1:])
try:
    sys.stdout.write(emulator.invoke().decode() + "\n")
finally:
    emulator.stop()
