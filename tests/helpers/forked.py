"""The command line as child processes that start at once: forked from one that has everything imported already."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

_KEPT = ("PATH", "HOME", "LAMBDACLI_CACHE_DIR", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


@dataclass
class Ended:
    """A process that is done. `status`: its exit code, negative the signal that ended it."""

    status: int
    out: str
    err: str


class Forker:
    """Runs `lambdacli …` for real, one after the other; `with` ends it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="lambdacli-forked-")
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Forker:  # noqa: PYI034 - typing.Self needs Python 3.11
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()
        self._folder.cleanup()

    def __call__(
        self,
        *arguments: str,
        cwd: Path,
        env: Mapping[str, str],
        started: Callable[[int], object] = lambda _: None,
    ) -> Ended:
        """Run it to its end. `started` is told the process id before anything is done."""
        out, err = (Path(self._folder.name) / name for name in ("out", "err"))
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment |= {"COLUMNS": "100", "NO_COLOR": "1", **env}
        request = {"arguments": arguments, "cwd": str(cwd), "env": environment, "out": str(out), "err": str(err)}
        started(self._say(request))
        status = self._say("go")
        return Ended(status, out.read_text(), err.read_text())

    def _say(self, message: Any) -> int:
        ins, outs = self._process.stdin, self._process.stdout
        assert ins is not None
        assert outs is not None
        ins.write(json.dumps(message) + "\n")
        ins.flush()
        return int(outs.readline())


def _serve() -> None:
    """One line asks for a process and is answered with its id; the next lets it go and is answered with its end."""
    _warm_up()
    gc.collect()
    gc.freeze()  # the children share what is there already
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        request = json.loads(line)
        waits, go = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(waits, 1)
            _run(request)
        os.close(waits)
        print(child, file=answers, flush=True)
        sys.stdin.readline()
        os.close(go)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


_SERVICES = (
    "apigateway", "apigatewayv2", "cognito-idp", "dynamodb", "elbv2", "events", "iam", "iot", "kinesis", "lambda",
    "logs", "resourcegroupstaggingapi", "s3", "scheduler", "ses", "sns", "sqs", "ssm", "sts",
)  # fmt: skip


def _warm_up() -> None:
    """Import everything, and read botocore's models, once for all."""
    import importlib
    import pkgutil

    import boto3
    import botocore.session
    from botocore import UNSIGNED
    from botocore.config import Config
    from botocore.loaders import Loader

    import lambdacli

    for each in pkgutil.walk_packages(lambdacli.__path__, "lambdacli."):
        if not each.name.startswith(
            ("lambdacli.runtimes.bootstraps", "lambdacli.scaffold.files", "lambdacli.__main__")
        ):
            importlib.import_module(each.name)
    for name in ("rich.live", "rich.tree", "rich.table", "rich.progress", "yaml", "jsonschema", "importlib.metadata"):
        importlib.import_module(name)
    models = Loader()  # keeps what it has read
    botocore.session.create_loader = lambda *_: models
    session = boto3.Session()
    for service in _SERVICES:
        session.client(service, "eu-west-1", config=Config(signature_version=UNSIGNED)).close()


def _run(request: dict[str, Any]) -> None:
    import traceback

    import lambdacli.__main__

    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    for name, number in (("out", 1), ("err", 2)):
        os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.argv = ["lambdacli", *request["arguments"]]
    status = 0
    try:
        lambdacli.__main__.main()
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - what a process of its own would print
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    _serve()
