"""Manifests, packages and an account in memory, for plans that are made without AWS or an emulator of it."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdacli.deploy import desired, plan
from lambdacli.deploy.desired import Packages
from lambdacli.deploy.package import Package
from lambdacli.deploy.resources import Actual, load, record
from lambdacli.deploy.values import resolved
from lambdacli.model import Deploying, Function, Manifest, Trigger
from lambdacli.resource import Key, Place, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdacli.deploy.actions import Action
    from lambdacli.deploy.plan import Plan, State

ACCOUNT, REGION = "123456789012", "eu-west-1"
FOLDER = Path("/project")


def function(name: str = "orders", *triggers: Trigger, **more: Any) -> Function:
    given = {"handler": "app.handler", "runtime": "python3.13", "code": FOLDER / name, "architecture": "x86_64"}
    placed = tuple(each._replace(position=number) for number, each in enumerate(triggers))
    return Function(name, triggers=placed, **{**given, **more})


def trigger(kind: str, **settings: Any) -> Trigger:
    return Trigger(kind, settings)


def place(*functions: Function, canary: int = 0, role: str = "", deploying: Deploying | None = None) -> Place:
    by_name = {each.name: each for each in functions}
    manifest = Manifest(
        FOLDER / "lambdacli.yaml", "shop", "dev", REGION, by_name, deploying=deploying or Deploying(keep_versions=3)
    )
    return Place(manifest, ACCOUNT, REGION, role, canary)


def package(content: str = "one") -> Package:
    """A zip that nobody opens."""
    digest = hashlib.sha256(content.encode())
    return Package(FOLDER / f"{content}.zip", b64encode(digest.digest()).decode(), digest.hexdigest(), 100, 200)


def wanted(where: Place, only: str = "", **contents: str) -> list[Resource]:
    """What the place's manifest asks for; `contents`: of functions, and of layers by the names of their folders."""
    functions = where.manifest.functions.values()
    made = {each.name: package(contents.get(each.name, "one")) for each in functions}
    local = {path for each in functions for path in each.layers if not path.startswith("arn:")}
    layers = {path: package(contents.get(Path(path).name, "layer")) for path in local}
    return desired.resources(where, Packages(made, layers), only)


class Account:
    """What is on AWS, as values. It does what a plan says, an action at a time, and then all of it is there."""

    def __init__(self, *others: Resource) -> None:
        self.things: dict[Key, Actual] = {}
        self._versions = 0
        for each in others:
            self.things[each.key] = Actual(each.properties, {"arn": f"arn:of:{each.name}"}, owned=False)

    def exists(self, kind: str, name: str, *, owned: bool = False, **attributes: str) -> None:
        self.things[Key(kind, name)] = Actual({}, {"arn": f"arn:of:{name}", **attributes}, owned=owned)

    def state(self, resources: Iterable[Resource], only: str = "") -> State:
        """What a reading of it finds."""
        actual = {each.key: self.things.get(each.key) for each in resources}
        found = {key: each for key, each in self.things.items() if each.owned and (not only or _of(key) == only)}
        return plan.State(actual, found, frozenset(self._marks()))

    def plan(self, where: Place, only: str = "", *, delete_data: bool = False, **contents: str) -> Plan:
        where = where._replace(only=only)
        resources = wanted(where, only, **contents)
        return plan.make(where, resources, self.state(resources, only), delete_data=delete_data)

    def deploy(self, where: Place, only: str = "", *, steps: int = 1 << 30, **contents: str) -> Plan:
        """Plan and carry out as many actions as there are, or so many; the plan."""
        made = self.plan(where, only, **contents)
        attributes = dict(made.attributes)
        for action in made.changes[:steps]:
            self._do(action, where, attributes)
        return made

    def changed(self, kind: str, name: str, **properties: Any) -> None:
        """Somebody has been in the console."""
        key = Key(kind, name)
        self.things[key] = self.things[key]._replace(properties={**self.things[key].properties, **properties})

    def _do(self, action: Action, where: Place, attributes: dict[Key, Mapping[str, str]]) -> None:
        if action.op == "delete":
            del self.things[action.key]
            if action.key.kind == "function":
                for key in [key for key in self.things if _of(key) == action.key.name and load(key.kind).within]:
                    del self.things[key]
            return
        kind = load(action.key.kind)
        given = kind.wanted(resolved(action.resource.properties, attributes), action.actual, where)
        learnt = {**kind.known(action.resource, where), **self._learnt(action.key)}
        self.things[action.key] = Actual(given, learnt)
        attributes[action.key] = learnt

    def _learnt(self, key: Key) -> dict[str, str]:
        """What only AWS knows."""
        self._versions += 1
        number = str(self._versions)
        if key.kind == "layer":
            return {"arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{key.name}:{number}"}
        return {"version": number, "id": f"id-{key.name}"} if key.kind == "alias" else {"id": f"id-{key.name}"}

    def _marks(self) -> Iterable[str]:
        for key, each in self.things.items():
            if key.kind == "record":
                yield from record.marks_of(each.properties["Marks"])


def _of(key: Key) -> str:
    return key.name.partition("/")[0] if load(key.kind).hangs else ""
