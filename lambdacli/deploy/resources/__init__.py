"""One file per kind of AWS resource: how it is read, made, changed, deleted, and found again.

A file `<kind>.py` defines `KIND`, an object of a subclass of `Kind`. Kinds know nothing of plans: they are given
properties without references and an `Aws` to call. `read` and the finders make reading calls only.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.resource import Place, Resource

    Properties = Mapping[str, Any]
    Attributes = Mapping[str, str]

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Unknown:
    """Stands for what is only known once another resource exists."""

    def __repr__(self) -> str:
        return "(known after apply)"


UNKNOWN = Unknown()


class Actual(NamedTuple):
    """A resource as it is."""

    properties: Properties  # the same shape as those of a `Resource`; may hold more
    attributes: Attributes = _NOTHING  # what a `Ref` may ask for: arn, id, url …
    owned: bool = True  # tags or its name prove that we made it
    more: Mapping[str, Any] = _NOTHING  # what the kind itself needs to change or delete it


class Deployed(NamedTuple):
    """A function of ours that is there, for finding what hangs on it."""

    name: str  # in the manifest, now or before
    function_name: str
    arn: str  # without version or alias
    alias_arn: str
    statements: tuple[Mapping[str, Any], ...] = ()  # of the alias' policy, those that lambdacli has put there
    parts: frozenset[str] = frozenset()  # the optional kinds that it has, or may have

    def sources(self, service: str) -> list[str]:
        """The SourceArns from which a service may invoke it: how its push triggers are found.

        Args:
            service: the principal without what follows it: s3, events, apigateway …
        """
        found = (each for each in self.statements if _principal(each).startswith(f"{service}."))
        arns = (condition(each, "ArnLike", "AWS:SourceArn") for each in found)
        return [arn for arn in dict.fromkeys(arns) if arn]


def _principal(statement: Mapping[str, Any]) -> str:
    principal = statement.get("Principal")
    return str(principal.get("Service", "")) if isinstance(principal, dict) else str(principal or "")


def condition(statement: Mapping[str, Any], operator: str, key: str) -> str:
    """What a policy's statement holds a request to; "" for nothing. Names of keys have no case."""
    for name, wanted in statement.get("Condition", {}).get(operator, {}).items():
        if name.lower() == key.lower():
            return str(wanted)
    return ""


class Kind:
    """One kind of AWS resource."""

    kind: ClassVar[str]  # the file's name
    label: ClassVar[str] = ""  # for people; the kind's name unless given
    rank: ClassVar[int] = 50  # the higher, the earlier it is deleted: what needs others has more than these
    immutable: ClassVar[AbstractSet[str]] = frozenset()  # fields that change by deleting and making it again
    once: ClassVar[AbstractSet[str]] = frozenset()  # fields that count when it is made, and are not compared
    secret: ClassVar[AbstractSet[str]] = frozenset()  # fields whose values nobody is shown
    stateful: ClassVar[bool] = False  # holds the user's data: deleted only with --delete-data
    last: ClassVar[bool] = False  # its change is what puts all else into effect: it comes after what refers to it
    moving: ClassVar[AbstractSet[str]] = frozenset()  # attributes that an update changes
    after_switch: ClassVar[bool] = False  # comes after that, as what cleans up or keeps a record does
    concludes: ClassVar[bool] = False  # comes after all else of its function, deletions too
    within: ClassVar[bool] = False  # a part of its function: without that it is not there, and with it it goes
    optional: ClassVar[bool] = False  # few functions have one: looked for where the function's tags tell of one
    moves: ClassVar[bool] = False  # from function to function: the same one, by its attributes, under another name
    publishes: ClassVar[AbstractSet[str]] = frozenset()  # kinds of which nothing counts before this one: deleted first
    shared: ClassVar[bool] = False  # of the app, with a part for each function; with `Place.only` that part is all
    hangs: ClassVar[bool] = True  # on a function: its name is the function's, or begins with it and a slash

    def known(self, resource: Resource, place: Place) -> Attributes:
        """The attributes that follow from the name, whether or not it exists."""
        return _NOTHING

    def title(self, own: str, properties: Properties) -> str:
        """What people call it below the name of its function. Properties may hold UNKNOWN.

        Args:
            own: its name, as far as it is not the function's.
            properties: as they should be, or are.
        """
        return f"{self.label or self.kind.replace('_', ' ')} {own}".rstrip()

    def lane(self, resource: Resource) -> str:
        """What is changed by one call at a time: resources of one lane wait for each other."""
        return resource.function or str(resource.key)

    def wanted(self, properties: Properties, actual: Actual | None, place: Place) -> Properties:
        """What it should be, given what it is: where this depends on the command line."""
        return properties

    def same(self, field: str, wanted: Any, actual: Any) -> bool:
        """Whether two values of a field mean the same."""
        return bool(wanted == actual)

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        """Why AWS would refuse it, or why it must not be made, as a line for people; "" for no reason.

        What is not ours (`Actual.owned`) is left as it is, unless a kind says here that it is in the way.
        """
        return ""

    def told(self, field: str, old: Any, new: Any, actual: Actual) -> tuple[str, Any, Any]:
        """A field's change in words that people know, where the field is only ours."""
        return field, old, new

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The resource as it is; None where it does not exist. Properties may hold UNKNOWN."""
        raise NotImplementedError

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """All of this app and stage that names and tags tell, wanted or not, by their names."""
        return ()

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """All that hang on one function, wanted or not, by their names."""
        return ()

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Make it, ready to be used; its attributes.

        Raises:
            Refused: `exists`: it is there already; `lost`: it may be there.
        """
        raise NotImplementedError

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        """Change the fields that differ; its attributes. It may be called twice.

        Unless a kind says otherwise, what makes it writes it as a whole.
        """
        return self.create(name, properties, aws)

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """Delete it. It may be gone already."""
        raise NotImplementedError


@cache
def kinds() -> tuple[str, ...]:
    """Every kind, sorted: the names of the files beside this one."""
    return tuple(sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_")))


@cache
def load(kind: str) -> Kind:
    """The kind's object.

    Raises:
        KeyError: there is no such kind.
    """
    if kind not in kinds():
        raise KeyError(kind)
    found: Kind = import_module(f"{__name__}.{kind}").KIND
    return found
