"""Lambda's own lines of ordinary invocations are only made where somebody wants them."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from doors import Heard, manifest

from lambdacli.local import guard
from lambdacli.local.plan import Machine
from lambdacli.serve.fleet import Call, Fleet

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
import sys
def handler(event, context):
    sys.stdout.write("no end")
    return 1
"""


def test_a_log_without_them_has_what_the_function_prints_and_whoever_hears_has_all(tmp_path: Path) -> None:
    async def main() -> None:
        heard, tail = Heard(), bytearray()
        heard.platform = False
        project = manifest(tmp_path, SOURCE, {"one": {"handler": "app.handler"}})
        fleet = Fleet(project, lambda function: Machine({}, {}, function.timeout), heard, 1)
        try:
            for hear in (None, None, tail.extend, None):
                assert (await fleet.invoke("one", Call(b"{}", hear=hear))).payload == b"1"
        finally:
            await fleet.close()
            guard.close()
        ordinary = re.sub(rb"(?m)^(INIT_START|START|END|REPORT) .*\n", b"", heard.logs["one"])
        assert ordinary == b"no end\n" * 4
        assert heard.logs["one"].count(b"REPORT ") <= 2  # the first, which initialises, may have one
        assert re.fullmatch(rb"START .*\nno end\nEND .*\nREPORT .*\n", bytes(tail))

    asyncio.run(main())
