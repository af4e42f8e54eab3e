"""What a stream's trigger says, and what all that serves it works with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lambdacli.model import Destination

if TYPE_CHECKING:
    from lambdacli.model import Trigger
    from lambdacli.patterns.records import Filters
    from lambdacli.serve.destinations import Sender
    from lambdacli.serve.parts import Common
    from lambdacli.serve.polled.reach import Reach
    from lambdacli.serve.polled.stream_api import Api, Identity
    from lambdacli.serve.tasks import Tasks
    from lambdacli.serve.telling import Step

_SIZE = 100


class Settings(NamedTuple):
    """Of one trigger."""

    size: int
    window: float  # seconds
    attempts: int  # after the first; -1: until the record expires
    age: float  # seconds; -1: until the record expires
    bisect: bool
    reports: bool  # the function answers with batchItemFailures
    lanes: int  # batches of one shard at once
    tumbling: int  # seconds; 0: no windows
    failure: Destination | None


class Wired(NamedTuple):
    """One mapping, for all of its shards."""

    common: Common
    sender: Sender
    api: Api
    settings: Settings
    filters: Filters
    identity: Identity
    step: Step  # source and function, for the telling
    uuid: str  # of the mapping
    reach: Reach
    sending: Tasks  # records on their way to the destination
    local: bool  # the source is near, and calls cost nothing


def settings(trigger: Trigger) -> Settings:
    """What the trigger says, with Lambda's defaults."""
    values = trigger.settings
    tumbling = values.get("tumbling_window", 0)
    failure = next(iter(values.get("on_failure", {}).items()), None)
    return Settings(
        size=values.get("batch_size", _SIZE),
        window=values.get("maximum_batching_window", 0),
        attempts=values.get("maximum_retry_attempts", -1),
        age=values.get("maximum_record_age", -1),
        bisect=values.get("bisect_batch_on_function_error", False),
        reports=values.get("report_batch_item_failures", False),
        lanes=1 if tumbling else values.get("parallelization_factor", 1),  # a window's state is the shard's
        tumbling=tumbling,
        failure=Destination(*failure) if failure else None,
    )
