"""AWS's rules that the emulator lacks, as a proxy in front of it; and what may go wrong between AWS and its caller.

Each rule is a class of its own and names the page of AWS's documentation that it follows. What none of them covers is
the emulator's behaviour, not AWS's.
"""

from rules.calls import Call
from rules.faults import Broken, Denied, Fault, Killed, Lost, Planned, Slow, Throttled, each_once
from rules.proxy import Proxy

__all__ = [
    "Broken",
    "Call",
    "Denied",
    "Fault",
    "Killed",
    "Lost",
    "Planned",
    "Proxy",
    "Slow",
    "Throttled",
    "each_once",
]
