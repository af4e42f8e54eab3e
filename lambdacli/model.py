"""The nouns of lambdacli as immutable values: no behaviour beyond derived values, no I/O.

Named tuples, because every command pays for their definition: a frozen dataclass costs seven times as much.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_NOTHING: Mapping[str, Any] = MappingProxyType({})

MAX_EVENT = 6 * 1024 * 1024  # bytes of a synchronous invocation's event, "Lambda quotas" in the developer guide

Architecture = Literal["x86_64", "arm64"]
Severity = Literal["error", "warning"]


class Problem(NamedTuple):
    """One mistake in a manifest: where (1-based line and column), what, and what to do."""

    file: str
    line: int
    column: int
    path: str  # in the manifest, as functions.orders.triggers[0].sqs.queue
    message: str
    hint: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}"
        return f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class Trigger(NamedTuple):
    """What invokes a function. `settings` has passed the schema fragment of its kind."""

    kind: str  # a file in lambdacli/triggers
    settings: Mapping[str, Any]
    position: int = 0  # place in the function's list of triggers


class Permission(NamedTuple):
    """An IAM statement beyond those that the triggers imply."""

    allow: tuple[str, ...]  # actions
    on: tuple[str, ...]  # resource ARNs


class Destination(NamedTuple):
    """Where the record of an asynchronous invocation or a failed batch goes."""

    kind: Literal["sqs", "sns", "function", "eventbridge", "s3"]
    target: str  # a name or an ARN


class Function(NamedTuple):
    """One Lambda function, defaults and stage applied, variables filled in."""

    name: str
    handler: str
    runtime: str  # AWS's identifier, as python3.13
    code: Path  # absolute: a folder, a file or a zip
    memory: int = 128  # MB
    timeout: int = 3  # seconds
    ephemeral_storage: int = 512  # MB
    environment: Mapping[str, str] = _NOTHING
    layers: tuple[str, ...] = ()  # absolute local paths or ARNs
    description: str = ""
    architecture: Architecture = "x86_64"
    interpreter: str = ""  # explicit path; empty: search the machine
    permissions: tuple[Permission, ...] = ()
    on_failure: Destination | None = None
    on_success: Destination | None = None
    reserved_concurrency: int | None = None
    tags: Mapping[str, str] = _NOTHING
    triggers: tuple[Trigger, ...] = ()
    role: str = ""  # ARN; empty: one is made
    exclude: tuple[str, ...] = ()  # lines of a .gitignore
    log_retention: int = 30  # days; 0: for ever
    tracing: Literal["PassThrough", "Active"] = "PassThrough"
    provisioned_concurrency: int | None = None
    dead_letter: Destination | None = None
    maximum_event_age: int = 21_600  # seconds, of asynchronous events
    maximum_retry_attempts: int = 2  # of asynchronous events, after the first
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    kms_key: str = ""  # ARN
    unresolved: tuple[Problem, ...] = ()  # ${env:...} without a value: fatal only where the function is used


class Deploying(NamedTuple):
    """How a manifest is deployed."""

    bucket: str = ""  # for packages that are too large for Lambda's own upload
    keep_versions: int = 5
    permissions_boundary: str = ""  # ARN of a policy


class Manifest(NamedTuple):
    """A whole lambdacli.yaml for one stage."""

    path: Path  # absolute, the file
    app: str
    stage: str
    region: str
    functions: Mapping[str, Function]
    account: str = ""
    templates: Path | None = None  # folder of the user's own event templates
    watched: tuple[Path, ...] = ()  # other files that this manifest was made from: env files
    resources: Mapping[str, Mapping[str, Any]] = _NOTHING  # buckets, queues … that lambdacli makes: settings by name
    deploying: Deploying = Deploying()

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from."""
        return self.path.parent

    @property
    def template_folders(self) -> tuple[Path, ...]:
        """Where the user's own event templates lie: one folder or none."""
        return (self.templates,) if self.templates else ()


class EventRequest(NamedTuple):
    """Which template to render and with what: how a trigger asks for its sample event without knowing templates."""

    template: str  # "" where `event` is all: the settings say what the function gets
    parameters: Mapping[str, Any] = _NOTHING
    event: Any = None
    pattern: Mapping[str, Any] = _NOTHING  # of EventBridge: what the event matches; a template that fits it goes first
    finish: Callable[[Any], Any] | None = None  # what the function gets of the event, where that is not all of it
