"""An emulator of AWS as a child process: ministack, which runs functions and delivers events to them.

It is not AWS: it is laxer, and what it lacks of AWS's rules stands in `rules`, the proxy in front of it.
"""

from emulator.process import ACCOUNT, REGION, Emulator
from emulator.setup import Unavailable, executable

__all__ = ["ACCOUNT", "REGION", "Emulator", "Unavailable", "executable"]
