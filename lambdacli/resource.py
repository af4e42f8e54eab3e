"""AWS resources as values: what a deployment should bring about, before anything of AWS is known. No I/O."""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from lambdacli import partitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lambdacli.model import Manifest

_NOTHING: Mapping[str, Any] = MappingProxyType({})

ALIAS = "live"  # what triggers point at: it moves from one whole version to the next
FUNCTION_TAG = "lambdacli:function"  # what the manifest calls the function to which something belongs
SID = "lambdacli-"  # how our statements in the policies of what is shared begin
POLICY_LANGUAGE = "2012-10-17"  # the Version of every IAM policy
MAX_FUNCTION_NAME = 64  # characters, CreateFunction in Lambda's API reference
_DIGEST = 8  # characters that keep a shortened name unique
_SURE = 50  # characters of a name that are never shortened away


class Key(NamedTuple):
    """What tells a resource from every other one of an app and stage."""

    kind: str  # a file in lambdacli/deploy/resources
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Ref(NamedTuple):
    """An attribute of another resource; what it is may only be known once that resource exists."""

    kind: str
    name: str
    attribute: str = "arn"

    @property
    def key(self) -> Key:
        """The resource that it speaks of."""
        return Key(self.kind, self.name)


class Joined(NamedTuple):
    """A text with references in it."""

    parts: tuple[str | Ref, ...]


class Fingerprint(NamedTuple):
    """What stands for a whole value in a few characters, to see whether that has changed."""

    of: Any


Value: TypeAlias = Any  # JSON, with Ref, Joined and Fingerprint in the place of texts


class Resource(NamedTuple):
    """One AWS resource as it should be."""

    kind: str
    name: str
    properties: Mapping[str, Value]  # AWS's names; what the kind's `read` answers has the same shape
    function: str = ""  # of the manifest, whose it is; "" for what belongs to the app
    where: str = ""  # in the manifest: functions.orders.triggers[0].sqs.queue
    after: tuple[Key, ...] = ()  # what must be there first, besides what the properties refer to
    owned: bool = True  # False: it belongs to somebody else; it must exist, and is only read
    notes: tuple[str, ...] = ()  # what it makes public or permits, for the one who confirms the plan

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return Key(self.kind, self.name)


class Grant(NamedTuple):
    """What a function's role must permit for a trigger or a destination to work."""

    actions: tuple[str, ...]
    resources: tuple[Value, ...]  # ARNs; Ref and Joined may stand here
    sid: str = ""


class Place(NamedTuple):
    """Where a manifest is deployed to, and what things are called there."""

    manifest: Manifest
    account: str  # 12 digits
    region: str
    role: str = ""  # an ARN that every function without a role of its own gets (`--role`)
    canary: int = 0  # per cent of the traffic that a new version gets at first; 0: all of it
    only: str = ""  # one function of the manifest; "" all of them

    @property
    def partition(self) -> str:
        """Such as aws or aws-cn."""
        return partitions.of(self.region)

    @property
    def prefix(self) -> str:
        """What the names of everything begin with, without a hyphen at its end."""
        return f"{self.manifest.app}-{self.manifest.stage}"

    @property
    def beginning(self) -> str:
        """What every name has at its beginning, shortened or not."""
        return f"{self.prefix}-"[:_SURE]

    @property
    def tags(self) -> dict[str, str]:
        """The tags that prove whose a resource is."""
        return {"lambdacli:app": self.manifest.app, "lambdacli:stage": self.manifest.stage}

    def tags_of(self, function: str) -> dict[str, str]:
        """The tags of what belongs to a function of the manifest."""
        return {**self.tags, FUNCTION_TAG: function}

    def arn(self, service: str, rest: str, *, region: str | None = None, account: str | None = None) -> str:
        """An ARN here; S3's and IAM's leave out the region, S3's the account as well: give "" for these."""
        where = self.region if region is None else region
        whose = self.account if account is None else account
        return f"arn:{self.partition}:{service}:{where}:{whose}:{rest}"

    def named(self, name: str, most: int = MAX_FUNCTION_NAME) -> str:
        """The deployed name of something of this app and stage, shortened where AWS takes no more characters."""
        return shortened(f"{self.prefix}-{name}", most)

    def function_name(self, name: str) -> str:
        """What a function of the manifest is called on AWS."""
        return self.named(name)

    def function_arn(self, name: str) -> str:
        """A function's ARN, without version or alias."""
        return self.arn("lambda", f"function:{self.function_name(name)}")

    def alias_arn(self, name: str) -> str:
        """What triggers of a function point at."""
        return f"{self.function_arn(name)}:{ALIAS}"

    def target(self, named: str) -> str:
        """The ARN to invoke of a function of the manifest, or the ARN that stands there already."""
        return named if named.startswith("arn:") else self.alias_arn(named)


def shortened(name: str, most: int) -> str:
    """The name, or as much of it as fits before a digest of all of it."""
    if len(name) <= most:
        return name
    return f"{name[: most - _DIGEST - 1].rstrip('-_')}-{digest(name)[:_DIGEST]}"


def digest(text: str) -> str:
    """Hexadecimal digits that are the same on every machine for the same text."""
    return hashlib.sha256(text.encode()).hexdigest()


def references(value: Value) -> Iterator[Ref]:
    """Every reference in a value, however deep."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Joined):
        yield from (part for part in value.parts if isinstance(part, Ref))
    elif isinstance(value, Fingerprint):
        yield from references(value.of)
    elif isinstance(value, dict | MappingProxyType):
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from references(each)
