"""A manifest on the emulator: deployed by processes of its own, looked at, and compared with what it should be."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from account import NEEDS, prepared
from rules import Denied, Killed, Lost
from snapshot import differences, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from forked import Ended, Forker
    from rules import Call, Proxy

ROOT = Path(__file__).resolve().parents[2]
EXHAUSTIVE = bool(os.environ.get("LAMBDACLI_EXHAUSTIVE"))  # half an hour instead of a few minutes

SAMPLES = ROOT / "samples"
MANIFESTS = ROOT / "tests" / "deploy" / "manifests"


def some(names: Iterable[str], usually: Iterable[str]) -> list[str]:
    """All of them where the tests are to be exhaustive, else a few."""
    return sorted(names if EXHAUSTIVE else usually)


@dataclass
class Deployment:
    """One manifest in a folder, and the account that it is deployed to.

    Attributes:
        name: a sample's, or that of a file in tests/deploy/manifests.
    """

    aws: Proxy
    run: Forker
    name: str
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    _blank: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.becomes(self.name)

    def becomes(self, name: str) -> None:
        """From now on another manifest is deployed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if (SAMPLES / name).is_dir():
            shutil.copytree(SAMPLES / name, self.folder, dirs_exist_ok=True)
        else:
            shutil.copytree(MANIFESTS, self.folder, dirs_exist_ok=True)
            shutil.copy(MANIFESTS / f"{name}.yaml", self.folder / "lambdacli.yaml")

    def anew(self) -> None:
        """An account with nothing but what others own; what AWS has called these stays the same."""
        if self._blank is not None:
            self._destroyed(self._blank)
            return
        self.aws.reset()
        theirs = prepared(self.aws, NEEDS.get(self.name, ()))
        self.environment = theirs | self.aws.environ
        self._blank = self.state() if theirs else None

    def _destroyed(self, blank: dict[str, Any]) -> None:
        self.minutes_pass()
        self.aws.forget()
        ended = self.run("destroy", "--yes", "--delete-data", cwd=self.folder, env=self.environment)
        assert ended.status == 0, ended.err
        left = list(differences(blank, self.state()))
        assert not left, f"destroyed: {'; '.join(left)}"

    def clean(self) -> dict[str, Any]:
        """The state after one clean run, which a second one finds nothing to do in; then the account is as new."""
        self.anew()
        self.deployed()
        wanted = self.state()
        self.stays(wanted, "a second run")
        self.anew()
        return wanted

    def deploy(self, *more: str, started: Callable[[int], object] = lambda _: None) -> Ended:
        """`lambdacli deploy --yes`, without faults unless they were planned since."""
        return self.run("deploy", "--yes", *more, cwd=self.folder, env=self.environment, started=started)

    def deployed(self) -> None:
        """Deploy, and nothing may go wrong."""
        ended = self.deploy()
        assert ended.status == 0, ended.err

    def killed(self, when: Callable[[Call], bool], verb: str = "deploy") -> bool:
        """Deploy or destroy, killed right after a call was carried out; False when it came to its end before."""
        self.aws.forget()

        def plan(pid: int) -> None:
            self.aws.fault(when, Killed(pid))

        command = (verb, "--yes", "--delete-data")
        ended = self.run(*command, cwd=self.folder, env=self.environment, started=plan)
        self.aws.forget()
        assert ended.status in (0, -9), ended.err
        return ended.status == -9

    def loses(self, when: Callable[[Call], bool]) -> bool:
        """Deploy while the answer to a call gets lost; False when no call was met."""
        self.aws.forget()
        planned = self.aws.fault(when, Lost())
        self.deployed()
        return bool(planned.met)

    def refused(self, permitted: Collection[str]) -> str:
        """Deploy while only some kinds of writing calls are permitted; the first that was refused, "" for none."""
        self.aws.forget()
        lacking = self.aws.fault(lambda call: _writes(call) and call.name not in permitted, Denied(), float("inf"))
        ended = self.deploy()
        self.aws.forget()
        refused = [call.name for call in lacking.met]
        assert ended.status == (1 if refused else 0), ended.err
        assert all(each in ended.err for each in refused), ended.err
        return refused[0] if refused else ""

    def state(self) -> dict[str, Any]:
        """What is in the account."""
        self.aws.forget()
        return snapshot(self.aws)

    def settle(self, wanted: dict[str, Any], what: str) -> None:
        """Deploy to the end: that is the wanted state, and there is nothing left to do."""
        self.minutes_pass()
        self.aws.forget()
        ended = self.deploy()
        assert ended.status == 0, f"{what}: {ended.err}"
        self.stays(wanted, what)

    def stays(self, wanted: dict[str, Any], what: str) -> None:
        """The account is in the wanted state, and a deployment finds nothing to do."""
        wrong = list(differences(wanted, self.state()))
        assert not wrong, f"{what}: {'; '.join(wrong)}"
        self.aws.forget()
        ended = self.deploy("--delete-data")
        assert ended.status == 0, f"{what}: {ended.err}"
        assert self.aws.writes == [], f"{what}: {ended.err}"

    def minutes_pass(self) -> None:
        """The lock that a killed run left has expired."""
        ssm = self.aws.client("ssm")
        for each in ssm.describe_parameters()["Parameters"]:
            if each["Name"].endswith("/lock"):
                value = json.loads(ssm.get_parameter(Name=each["Name"])["Parameter"]["Value"])
                ssm.put_parameter(Name=each["Name"], Value=json.dumps(value | {"expires": 0}), Overwrite=True)


def _writes(call: Call) -> bool:
    return not call.reads and call.service != "ssm"  # the lock has tests of its own
