"""What the fronts of APIs share: whose route it is, what an API is called here, who the caller is in an event."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import partitions, triggers
from lambdacli.local.variables import ACCOUNT
from lambdacli.resource import digest
from lambdacli.serve.fronts.payloads import Api
from lambdacli.triggers import _routes as routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdacli.model import Function, Manifest, Trigger
    from lambdacli.serve.fronts.authorizers import Verdict
    from lambdacli.serve.telling import Telling

_ID = 10  # characters of an API's id


class Use(NamedTuple):
    """A trigger, and the function whose it is."""

    function: Function
    trigger: Trigger

    @property
    def settings(self) -> Mapping[str, Any]:
        """The trigger's."""
        return self.trigger.settings

    def where(self, key: str = "") -> str:
        """The trigger, or one of its settings, in the manifest."""
        return triggers.where(self.function.name, self.trigger, key)


def uses(manifest: Manifest, kind: str) -> list[Use]:
    """All triggers of a kind that are on."""
    return [Use(*each) for each in triggers.active(manifest) if each[1].kind == kind]


def by_name(given: Iterable[Use]) -> dict[str, tuple[Use, ...]]:
    """By the setting `api`; "" is the app's own."""
    found: dict[str, list[Use]] = {}
    for each in given:
        found.setdefault(each.settings.get("api", ""), []).append(each)
    return {name: tuple(each) for name, each in found.items()}


def account(manifest: Manifest) -> str:
    """The account of everything here, 12 digits."""
    return manifest.account or ACCOUNT


def described(manifest: Manifest, kind: str, name: str, stage: str) -> Api:
    """An API as its events tell it: its id is its own, or always the same for the same manifest."""
    own = routes.api_id({"api": name}) if name else None
    made = digest(f"{manifest.app} {manifest.stage} {kind} {name}")[:_ID]
    return Api(own or made, account(manifest), manifest.region, stage)


def labels(identity: str, name: str, given: Iterable[Use] = ()) -> tuple[str, ...]:
    """The host names of an API: by its name, by its id, and its own domains."""
    plain = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    own = [f"{each}.execute-api" for each in (plain, identity) if each]
    domains = [each.settings["domain"].lower() for each in given if each.settings.get("domain")]
    return tuple(dict.fromkeys([*own, *domains]))


def warn_of_doubles(given: Iterable[Use], telling: Telling) -> None:
    """A route leads to one function: a second one gets nothing here, and is not deployed."""
    seen: dict[str, Use] = {}
    for each in given:
        first = seen.setdefault(each.settings["route"], each)
        if first is not each:
            text = f"{each.where('route')}: {each.settings['route']} is a route of {first.function.name} already"
            telling.warning(text, hint="the first one answers")


def execute_arn(api: Api, method: str, path: str) -> str:
    """The ARN of what a request asks for."""
    start = f"arn:{partitions.of(api.region)}:execute-api:{api.region}:{api.account}:{api.id}"
    return f"{start}/{api.stage}/{method}/{path.lstrip('/')}"


def function_of(manifest: Manifest, named: str) -> str:
    """The manifest's function that is named so, by name or by ARN; "" if there is none."""
    name = named.split(":")[6] if named.startswith("arn:") and named.count(":") > 5 else named  # noqa: PLR2004 - of an ARN
    return name if name in manifest.functions else ""


def tell_caller(context: dict[str, Any], verdict: Verdict) -> None:
    """Put the caller into the request context of format 1.0."""
    if verdict.kind == "lambda":
        context["authorizer"] = {**verdict.details, "principalId": verdict.principal}
    elif verdict.kind in ("jwt", "cognito"):
        context["authorizer"] = dict(verdict.details)
    elif verdict.kind == "iam":
        who = verdict.details
        told = {"accessKey": who["accessKey"], "accountId": who["accountId"], "caller": who["callerId"]}
        context["identity"] |= {**told, "user": who["userId"], "userArn": who["userArn"]}
