"""Emulators of AWS as child processes: ministack, which runs functions and delivers events to them, and moto.

They are not AWS: they are laxer. What ministack lacks of AWS's rules stands in `rules`, the proxy in front of it; moto
is a second opinion where it is right.
"""

from emulator.process import ACCOUNT, REGION, Emulator, Moto
from emulator.setup import MOTO, Unavailable, executable

__all__ = ["ACCOUNT", "MOTO", "REGION", "Emulator", "Moto", "Unavailable", "executable"]
