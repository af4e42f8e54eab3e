"""Benchmarks of lambdacli beside floors and peers: `python tests/benchmarks [GROUP]…`, a report in Markdown.

Everything is measured in turns in one run on the interpreter that runs this, and judged by ratios. Nothing fails on a
figure; the exit code is 1 only when a command gives a wrong output. `--peers` names a folder that holds peers in
`venv/NAME`, `node/NAME` and `bin/`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from harness import Setting, WrongOutputError, say

# group → the function that measures it, as module:function
GROUPS = {
    "start": "commands:start",
    "generate-event": "commands:generate_event",
    "cold-python": "cold:python",
    "cold-node": "cold:node",
    "watch": "saves:watch",
    "validate": "validating:validate",
    "package": "packaging:package",
    "deploy": "deploying:deploy",
    "serve": "serving:serve",
    "serve-saves": "reloading:saves",
    "serve-start": "starting:start",
    "serve-sqs": "draining:sqs",
    "soak": "soak:soak",
    "warm": "warm:warm",  # last: this process grows, and a child's peak memory never reads below its parent's
}
_ROUNDS, _QUICK_ROUNDS = 15, 3


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}; all unless given")
    parser.add_argument("--rounds", type=int, help=f"runs of each command (default: {_ROUNDS})")
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK_ROUNDS} rounds, fewer saves and invocations")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every single figure there")
    parser.add_argument("--peers", type=Path, metavar="DIR", default=os.environ.get("PEERS_DIR"))
    options = parser.parse_args()
    if unknown := set(options.groups) - set(GROUPS):
        parser.error(f"no group {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    return options


def main() -> int:
    """Run the groups; 1 when a command gave a wrong output."""
    options = _options()
    rounds = options.rounds or (_QUICK_ROUNDS if options.quick else _ROUNDS)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    machine = f"{platform.system()}, {os.cpu_count()} CPUs{load}"
    say(f"# Benchmarks\n\nPython {platform.python_version()}, {machine}, {rounds} rounds in turns. Ratios are medians")
    say("of the ratios within each round. Peak memory cannot read below that of this process.")
    found: dict[str, Any] = {}
    wrong = []
    with tempfile.TemporaryDirectory(prefix="lambdacli-benchmarks-") as work:
        peers = options.peers.resolve() if options.peers else None
        os.environ["LAMBDACLI_CACHE_DIR"] = f"{work}/cache"
        setting = Setting(Path(work), rounds, options.quick, peers)
        for group in (name for name in GROUPS if name in (options.groups or GROUPS)):
            module, _, function = GROUPS[group].partition(":")
            try:
                found[group] = getattr(import_module(module), function)(setting)
            except WrongOutputError as error:
                wrong.append(group)
                say(f"\nWRONG OUTPUT in {group}: {error}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if wrong else 0


sys.exit(main())
