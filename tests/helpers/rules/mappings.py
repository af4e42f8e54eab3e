"""Event source mappings: what they need, the states that they pass through, and all that they remember."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from rules.roles import permits
from rules.rule import Answer, Refusal, Rule, World, function_of, tell, told

if TYPE_CHECKING:
    from rules.calls import Call

_MAPPING = "lambda:{}EventSourceMapping"
_CREATE, _GET, _UPDATE, _DELETE = (_MAPPING.format(verb) for verb in ("Create", "Get", "Update", "Delete"))
_LIST = "lambda:ListEventSourceMappings"
_STREAM_DEFAULTS = {
    "BatchSize": 100, "MaximumBatchingWindowInSeconds": 0, "ParallelizationFactor": 1, "TumblingWindowInSeconds": 0,
    "MaximumRetryAttempts": -1, "MaximumRecordAgeInSeconds": -1, "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
}  # fmt: skip
_PULLED_DEFAULTS = {"BatchSize": 100, "MaximumBatchingWindowInSeconds": 0}
_NEEDED = {
    "sqs": ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"),
    "kinesis": ("GetRecords", "GetShardIterator", "DescribeStream"),
    "dynamodb": ("GetRecords", "GetShardIterator", "DescribeStream"),
}
_UNREADABLE = (
    "Cannot access stream {}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and "
    "ListStreams Actions on your stream in IAM."
)


class Permissions(Rule):
    """A mapping is made only when the function's role may read its source.

    Source: CreateEventSourceMapping in the Lambda API reference; "Creating an Amazon SQS event source mapping" in the
    developer guide.
    """

    watches = (_CREATE,)

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        source = call.parameters.get("EventSourceArn", "")
        service = _service(source)
        if service not in _NEEDED:
            return None
        name, _ = function_of(call.parameters["FunctionName"])
        role = world.client("lambda").get_function_configuration(FunctionName=name)["Role"]
        if permits(role, [f"{service}:{action}" for action in _NEEDED[service]], source, world):
            return None
        if service == "sqs":
            text = "The provided execution role does not have permissions to call ReceiveMessage on SQS"
        else:
            text = _UNREADABLE.format(source)
        return Refusal("InvalidParameterValueException", text)


class Visibility(Rule):
    """A queue's messages stay invisible at least as long as the function may run.

    Source: "Configuring a queue to use with Lambda" in the Lambda developer guide.
    """

    watches = (_CREATE,)

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        source = call.parameters.get("EventSourceArn", "")
        if _service(source) != "sqs":
            return None
        name, _ = function_of(call.parameters["FunctionName"])
        sqs = world.client("sqs")
        url = sqs.get_queue_url(QueueName=source.rpartition(":")[2])["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
        hidden = int(attributes["VisibilityTimeout"])
        longest = world.client("lambda").get_function_configuration(FunctionName=name)["Timeout"]
        if hidden >= longest:
            return None
        text = f"Queue visibility timeout: {hidden} seconds is less than Function timeout: {longest} seconds"
        return Refusal("InvalidParameterValueException", f"Invalid request provided: {text}")


class States(Rule):
    """A mapping is Creating, Updating or Deleting for a while, and cannot be changed until that is over.

    Source: "Event source mappings and states" in the Lambda developer guide; UpdateEventSourceMapping in
    its API reference (ResourceInUseException).
    """

    watches = (_CREATE, _GET, _UPDATE, _DELETE, _LIST)

    def __init__(self) -> None:
        self._deleted: dict[str, dict[str, Any]] = {}

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        if call.operation == "CreateEventSourceMapping":
            return self._taken(call, world)
        if call.operation == "ListEventSourceMappings":
            return None
        identifier = call.parameters["UUID"]
        if world.new(("deleted", identifier)):
            if call.operation == "GetEventSourceMapping":
                return tell(self._deleted[identifier])
            return _in_use(call)
        busy = world.new(("mapped", identifier)) or world.new(("remapped", identifier))
        return _in_use(call) if busy and call.operation != "GetEventSourceMapping" else None

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        said = told(answer)
        if call.operation == "CreateEventSourceMapping":
            world.happened(("mapped", said["UUID"]))
        elif call.operation == "UpdateEventSourceMapping":
            world.happened(("remapped", said["UUID"]))
        elif call.operation == "DeleteEventSourceMapping":
            said["State"] = "Deleting"
            self._deleted[said["UUID"]] = said
            world.happened(("deleted", said["UUID"]))
        elif call.operation == "ListEventSourceMappings":
            gone = [each for each in self._deleted.values() if world.new(("deleted", each["UUID"]))]
            said["EventSourceMappings"] += [each for each in gone if _asked_for(each, call)]
        for each in said.get("EventSourceMappings", [said]):
            if world.new(("mapped", each["UUID"])):
                each["State"] = "Creating"
            elif world.new(("remapped", each["UUID"])):
                each["State"] = "Updating"
        return tell(said, answer)

    def forget(self) -> None:
        self._deleted.clear()

    def _taken(self, call: Call, world: World) -> Refusal | None:
        source = call.parameters.get("EventSourceArn")
        if not source:
            return None
        known = world.client("lambda").list_event_source_mappings(EventSourceArn=source)["EventSourceMappings"]
        known += [each for each in self._deleted.values() if world.new(("deleted", each["UUID"]))]
        wanted = function_of(call.parameters["FunctionName"])
        for each in known:
            if each.get("EventSourceArn") == source and function_of(each["FunctionArn"]) == wanted:
                what = f'An event source mapping with SQS arn (" {source} ")'
                what = what if _service(source) == "sqs" else f'The event source arn (" {source} ")'
                known_as = f"Please update or delete the existing mapping with UUID {each['UUID']}"
                text = f'{what} and function (" {wanted[0]} ") already exists. {known_as}'
                return Refusal("ResourceConflictException", text, 409)
        return None


class Memory(Rule):
    """A mapping answers every parameter that it was given, and AWS's default of those that it was not.

    Source: CreateEventSourceMapping in the Lambda API reference.
    """

    watches = (_CREATE, _GET, _UPDATE, _LIST)

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}

    def after(self, call: Call, answer: Answer, world: World) -> Answer:  # noqa: ARG002
        said = told(answer)
        if call.operation in ("CreateEventSourceMapping", "UpdateEventSourceMapping"):
            given = dict(call.parameters)
            for name in ("FunctionName", "UUID", "Enabled", "Tags", "EventSourceArn"):
                given.pop(name, None)
            stream = _service(said["EventSourceArn"]) in ("kinesis", "dynamodb")
            default = _STREAM_DEFAULTS if stream and call.operation.startswith("Create") else {}
            known = self._known.get(said["UUID"], {})
            self._known[said["UUID"]] = {**default, **known, **given}
        for each in said.get("EventSourceMappings", [said]):
            each.update(self._known.get(each["UUID"], {}))
        return tell(said, answer)

    def forget(self) -> None:
        self._known.clear()


class OfFunction(Rule):
    """The mappings of a function are those of exactly this function, version or alias.

    Source: ListEventSourceMappings in the Lambda API reference.
    """

    watches = (_LIST,)

    def after(self, call: Call, answer: Answer, world: World) -> Answer:  # noqa: ARG002
        said = told(answer)
        said["EventSourceMappings"] = [each for each in said["EventSourceMappings"] if _asked_for(each, call)]
        return tell(said, answer)


class Brokers(Rule):
    """Mappings of Kafka, Amazon MQ and DocumentDB, which the emulator does not have: kept here, delivering nothing.

    Source: CreateEventSourceMapping in the Lambda API reference.
    """

    watches = (_CREATE, _GET, _UPDATE, _DELETE, _LIST)

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        if call.operation == "CreateEventSourceMapping":
            return self._create(call, world) if _foreign(call.parameters) else None
        if (known := self._known.get(call.parameters.get("UUID", ""))) is None:
            return None
        if call.operation == "DeleteEventSourceMapping":
            self._known.pop(known["UUID"])
            return tell(known | {"State": "Deleting"}, status=202)
        if call.operation == "UpdateEventSourceMapping":
            known |= _shown(call.parameters, known["FunctionArn"])
        return tell(known)

    def after(self, call: Call, answer: Answer, world: World) -> Answer:  # noqa: ARG002
        if call.operation != "ListEventSourceMappings":
            return answer
        said = told(answer)
        source = call.parameters.get("EventSourceArn")
        known = [each for each in self._known.values() if source in (None, each.get("EventSourceArn"))]
        said["EventSourceMappings"] += known
        return tell(said, answer)

    def forget(self) -> None:
        self._known.clear()

    def _create(self, call: Call, world: World) -> Refusal | Answer:
        name, qualifier = function_of(call.parameters["FunctionName"])
        found = world.client("lambda").get_function_configuration(FunctionName=name)["FunctionArn"]
        function = f"{found}:{qualifier}" if qualifier else found
        identifier = str(uuid.uuid4())
        place = function.split(":function:")[0]
        made = {"UUID": identifier, "EventSourceMappingArn": f"{place}:event-source-mapping:{identifier}"}
        made |= _PULLED_DEFAULTS | _shown(call.parameters, function)
        self._known[identifier] = made
        return tell(made, status=202)


def _shown(given: dict[str, Any], function: str) -> dict[str, Any]:
    hidden = ("FunctionName", "UUID", "Enabled", "Tags")
    state = "Enabled" if given.get("Enabled", True) else "Disabled"
    kept = {name: value for name, value in given.items() if name not in hidden}
    return {**kept, "FunctionArn": function, "State": state, "LastModified": time.time()}


def _foreign(given: dict[str, Any]) -> bool:
    return "SelfManagedEventSource" in given or _service(given.get("EventSourceArn", "")) in ("kafka", "mq", "rds")


def _service(arn: str) -> str:
    return arn.split(":")[2] if arn.startswith("arn:") else ""


def _asked_for(mapping: dict[str, Any], call: Call) -> bool:
    function, source = call.parameters.get("FunctionName"), call.parameters.get("EventSourceArn")
    return (not function or function_of(function) == function_of(mapping["FunctionArn"])) and (
        not source or mapping.get("EventSourceArn") == source
    )


def _in_use(call: Call) -> Refusal:
    verb = "delete" if call.operation.startswith("Delete") else "update"
    text = f"Cannot {verb} the event source mapping because it is in use."
    return Refusal("ResourceInUseException", text)
