"""The proxy: every call is recognised, counted, held against the rules, and passed on."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any, ClassVar

from emulator.process import Clients, environ

from rules import (
    balancers,
    functions,
    gateway,
    limits,
    made,
    mail,
    mappings,
    notifications,
    others,
    pages,
    patches,
    permissions,
    roles,
    tags,
)
from rules.calls import Call, recognised
from rules.faults import Fault, Killed, Planned
from rules.http import Answer, Hangup, Request, Server, Upstream
from rules.refusals import Refusal
from rules.rule import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from emulator import Emulator

    from rules.rule import Rule

_RULES: tuple[type[Rule], ...] = (
    limits.Limits,
    functions.Sizes, functions.Variables, functions.States, functions.DryRun, functions.AliasVersions,
    functions.UrlArns,
    roles.Assumable, roles.Visible, roles.Shortened,
    permissions.Policies, permissions.Targets, permissions.Subscribers, permissions.Receivers,
    mail.ReceiptRules, made.Buckets, made.Streams, notifications.Notifications,
    mappings.Brokers, mappings.Permissions, mappings.Visibility, mappings.States, mappings.Memory, mappings.OfFunction,
    gateway.Stages, gateway.RouteSettings, gateway.AuthorizerNames,
    others.RulesWithTargets, others.Routes, others.Integrations, others.RestResources, others.RestDeployments,
    patches.RestPatches, patches.RestTags,
    others.Tables, others.Streams, others.DeletedQueues, others.StartDates, others.UserPools,
    balancers.UsedGroups, tags.Tagged,
    pages.Pages,
)  # fmt: skip


class Proxy:
    """Looks like the emulator, behaves more like AWS.

    Attributes:
        url: where it answers.
        calls: every call that reached it, in order of arrival.
    """

    DELAY: ClassVar = 0.03  # seconds until something new is settled

    def __init__(self, emulator: Emulator, delay: float = DELAY, rules: Iterable[type[Rule]] = _RULES) -> None:
        self._emulator = emulator
        self._world = World(emulator, delay)
        self._rules = [kind() for kind in rules]
        self._watching: dict[tuple[str, str], list[Rule]] = {}
        self._faults: list[Planned] = []
        self._lock = threading.Lock()
        self._turn = threading.Lock()  # where somebody is to be killed, one call after the other changes something
        self._upstream = Upstream(emulator.url)
        self._server = Server(self._answer)
        self.url = self._server.url
        self._clients = Clients(self.url)
        self.calls: list[Call] = []

    @property
    def environ(self) -> dict[str, str]:
        """What a command line needs to take it for AWS."""
        return environ(self.url)

    @property
    def writes(self) -> list[str]:
        """The calls that may have changed something, as service:Operation."""
        return [call.name for call in self.calls if not call.reads]

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator itself, past rules and faults: for what a test prepares and looks at."""
        return self._emulator.client(service)

    def strict_client(self, service: str) -> Any:
        """A boto3 client of this proxy."""
        return self._clients(service)

    def fault(self, meets: int | Callable[[Call], bool], fault: Fault, times: float = 1) -> Planned:
        """From now on the calls that are met go wrong.

        Args:
            meets: the number of a call, counted from 1 since the last `forget`; or what decides it.
            fault: how.
            times: how often at most.
        """
        number = meets
        planned = Planned(meets if callable(meets) else lambda call: call.number == number, fault, times)
        self._faults.append(planned)
        return planned

    def forget(self) -> None:
        """Forget calls and faults; what the rules remember of resources stays."""
        with self._lock:
            self._faults.clear()
            self.calls.clear()

    @property
    def delay(self) -> float:
        """For how many seconds something new is not settled."""
        return self._world.delay

    @delay.setter
    def delay(self, seconds: float) -> None:
        self._world.delay = seconds

    def settle(self) -> None:
        """Whatever was new is settled at once."""
        self._world.forget()

    def reset(self) -> None:
        """Forget everything, the emulator's state as well."""
        self._emulator.reset()
        self.settle()
        for rule in self._rules:
            rule.forget()
        self.forget()

    def log(self) -> str:
        """What the emulator itself said."""
        return self._emulator.log()

    def close(self) -> None:
        """Answer nothing more."""
        self._clients.close()
        self._server.close()
        self._upstream.close()

    def _answer(self, request: Request) -> Answer:
        call = recognised(request)
        if call is None:
            return self._upstream(request)
        killers = [each.fault for each in self._faults if isinstance(each.fault, Killed)]
        with self._turn if killers and not call.reads else contextlib.nullcontext():
            if any(each.done for each in killers):
                raise Hangup
            return self._counted(call)

    def _counted(self, call: Call) -> Answer:
        with self._lock:
            self.calls.append(call)
            call.number = len(self.calls)
            call.write = 0 if call.reads else len(self.writes)
            planned = next((each for each in self._faults if each.takes(call)), None)
        if planned is None:
            return self._ruled(call)
        return planned.fault(call, lambda: self._ruled(call))

    def _ruled(self, call: Call) -> Answer:
        rules = self._rules_of(call)
        for rule in rules:
            said = rule.before(call, self._world)
            if isinstance(said, Refusal):
                return said.answer(call)
            if said is not None:
                return said
        answer = self._upstream(call.request)
        for rule in rules:
            if answer.status < 300:
                answer = rule.after(call, answer, self._world)
        return answer

    def _rules_of(self, call: Call) -> list[Rule]:
        key = (call.service, call.operation)
        if key not in self._watching:
            names = {call.name, f"{call.service}:*", "*"}
            self._watching[key] = [rule for rule in self._rules if names & set(rule.watches)]
        return self._watching[key]
