"""The section `resources`: what the manifest asks lambdacli to make where it is missing.

Names are AWS's, exactly as they are written; `${stage}` and other variables may stand in them.

Source: CreateBucket in S3's API reference, CreateQueue in SQS', CreateTopic in SNS', CreateTable in DynamoDB's and
CreateStream in Kinesis'.
"""

from __future__ import annotations

from typing import Any

_VARIABLE = r"\$\{"  # what a name becomes is only known when its variables are filled in
_MAX_TAGS = 45  # of the 50 of a resource, some are ours


_FIFO = r"\.fifo"
_DOTTED = ("[a-zA-Z0-9_.-]", "letters, digits, _, - and dots")
_PLAIN = ("[a-zA-Z0-9_-]", "letters, digits, _ and -")


def section() -> dict[str, Any]:
    """JSON Schema of `resources`."""
    bucket = (
        "[a-z0-9]([a-z0-9.-]{1,61})[a-z0-9]",
        "a bucket's name has 3 to 63 lower-case letters, digits, - and dots",
    )
    properties = {
        "buckets": _named("S3 buckets, by name.", *bucket, _bucket()),
        "queues": _fifo("SQS queues, by name; a FIFO queue's ends in .fifo.", 80, _queue(), _queue(_FIFO)),
        "topics": _fifo("SNS topics, by name; a FIFO topic's ends in .fifo.", 256, _topic(), _topic(_FIFO)),
        "tables": _named("DynamoDB tables, by name.", *_of(_DOTTED, 3, 255), _table()),
        "streams": _named("Kinesis streams, by name.", *_of(_DOTTED, 1, 128), _stream()),
    }
    return _settings("Resources that are made where they are missing.", properties)


def _of(characters: tuple[str, str], least: int, most: int) -> tuple[str, str]:
    """A pattern, and what to say where it does not match."""
    pattern, words = characters
    return f"{pattern}{{{least},{most}}}", f"a name has {least} to {most} {words}"


def _named(description: str, pattern: str, expected: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "propertyNames": {"pattern": f"^({pattern})$|{_VARIABLE}", "patternErrorMessage": expected},
        "additionalProperties": _optional(settings),
    }


def _fifo(description: str, most: int, standard: dict[str, Any], fifo: dict[str, Any]) -> dict[str, Any]:
    """Only names that end in .fifo have the settings of first in, first out."""
    pattern, expected = _of(_PLAIN, 1, most)
    ending = f"{_PLAIN[0]}{{1,{most - len('.fifo')}}}{_FIFO}"
    schema = _named(description, f"{pattern}|{ending}", expected, standard)
    return {**schema, "patternProperties": {f"{_FIFO}$": _optional(fifo)}}


def _optional(settings: dict[str, Any]) -> dict[str, Any]:
    """Nothing stands for the defaults, where there is a default for everything."""
    return settings if settings.get("required") else {**settings, "type": ["object", "null"]}


def _settings(description: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "properties": properties,
    }
    return {**schema, "required": list(required)} if required else schema


def _number(description: str, low: int, high: int, **more: Any) -> dict[str, Any]:
    return {"type": "integer", "description": description, "minimum": low, "maximum": high, **more}


def _flag(description: str, *, default: bool) -> dict[str, Any]:
    return {"type": "boolean", "description": description, "default": default}


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, "minLength": 1, **more}


def _key(service: str = "") -> dict[str, Any]:
    """An ARN, as AWS answers one; the key that AWS has for a service may have its alias' name."""
    alias = rf"|^alias/aws/{service}$" if service else ""
    expected = f"expected the ARN of a KMS key{f' or alias/aws/{service}' if service else ''}"
    return _text(
        "KMS key that encrypts it; a key of the service's own unless given.",
        pattern=rf"^arn:aws[a-z-]*:kms:[^:]+:\d{{12}}:key/.+${alias}|{_VARIABLE}",
        patternErrorMessage=expected,
    )


def _tags() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "AWS tags.",
        "maxProperties": _MAX_TAGS,
        "propertyNames": {"minLength": 1, "maxLength": 128, "patternErrorMessage": "a tag has 1 to 128 characters"},
        "additionalProperties": {"type": "string", "maxLength": 256},
    }


def _bucket() -> dict[str, Any]:
    return _settings(
        "A bucket.",
        {
            "block_public_access": _flag("Nothing may make the bucket or an object public.", default=True),
            "versioning": _flag("Earlier versions of objects are kept.", default=False),
            "kms_key": _key(),
            "eventbridge": _flag("Send the bucket's events to EventBridge.", default=False),
            "tags": _tags(),
        },
    )


def _queue(ending: str = "") -> dict[str, Any]:
    dead = {"pattern": f"{ending}$|{_VARIABLE}", "patternErrorMessage": "expected the name or ARN of a FIFO queue"}
    settings = {
        "visibility_timeout": _number(
            "Seconds that a message is hidden while it is worked on; 30, or six times the timeout of the functions "
            "that the queue triggers, unless given.", 0, 43_200,
        ),
        "message_retention_period": _number("Seconds that a message is kept.", 60, 1_209_600, default=345_600),
        "delay": _number("Seconds until a new message can be received.", 0, 900, default=0),
        "receive_wait_time": _number("Seconds that a receiver waits for messages.", 0, 20, default=0),
        "maximum_message_size": _number("Bytes.", 1024, 1_048_576),
        "dead_letter_queue": _text(
            "Queue for messages that could not be handled; made as well.", **(dead if ending else {})
        ),
        "max_receive_count": _number("How often a message is tried before that.", 1, 1000, default=3),
        "kms_key": _key("sqs"),
        "tags": _tags(),
    }  # fmt: skip
    if ending:
        settings["content_based_deduplication"] = _deduplication()
        settings["high_throughput"] = _flag("Order and quota count for each message group alone.", default=False)
    return _settings("A queue.", settings)


def _deduplication() -> dict[str, Any]:
    return _flag("Messages of the same body are one message.", default=False)


def _topic(ending: str = "") -> dict[str, Any]:
    settings = {
        "display_name": _text("The sender of its text messages.", maxLength=100),
        "kms_key": _key("sns"),
        "tags": _tags(),
    }
    return _settings("A topic.", {**settings, "content_based_deduplication": _deduplication()} if ending else settings)


def _attribute(description: str) -> dict[str, Any]:
    return {
        "type": ["string", "object"],
        "description": f"{description}: its name, or name and type as {{id: number}}.",
        "minLength": 1,
        "maxLength": 255,
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": {"enum": ["string", "number", "binary"]},
    }


def _keys() -> dict[str, Any]:
    return {
        "partition_key": _attribute("Attribute by which items are spread"),
        "sort_key": _attribute("Attribute by which items of one partition key are sorted"),
    }


def _units() -> dict[str, Any]:
    return {
        "read_capacity_units": _number("Provisioned reads a second; on demand unless given.", 1, 1_000_000),
        "write_capacity_units": _number("Provisioned writes a second; on demand unless given.", 1, 1_000_000),
    }


def _table() -> dict[str, Any]:
    index = {
        **_keys(),
        "projection": {"enum": ["ALL", "KEYS_ONLY"], "description": "What the index holds.", "default": "ALL"},
        "projected_attributes": {
            "type": "array",
            "description": "Attributes that the index holds besides the keys; all unless given.",
            "items": {"type": "string", "minLength": 1, "maxLength": 255},
            "minItems": 1,
            "maxItems": 100,
        },
        **_units(),
    }
    indexes = _settings("A global secondary index.", index, "partition_key")
    return _settings(
        "A table.",
        {
            **_keys(),
            "global_secondary_indexes": {
                "type": "object",
                "description": "Global secondary indexes, by name.",
                "maxProperties": 20,
                "propertyNames": {
                    "pattern": f"^{_DOTTED[0]}{{3,255}}$",
                    "patternErrorMessage": "an index's name has 3 to 255 letters, digits, _, - and dots",
                },
                "additionalProperties": indexes,
            },
            **_units(),
            "stream_view_type": {
                "enum": ["NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"],
                "description": "Switches the table's stream on: what a record shows of the item.",
            },
            "time_to_live": _text("Attribute with the time, in seconds since 1970, when an item is deleted."),
            "point_in_time_recovery": _flag("Continuous backups of the last 35 days.", default=False),
            "deletion_protection": _flag("DynamoDB refuses to delete it.", default=False),
            "table_class": {
                "enum": ["STANDARD", "STANDARD_INFREQUENT_ACCESS"],
                "description": "Storage class.",
                "default": "STANDARD",
            },
            "kms_key": _key(),
            "tags": _tags(),
        },
        "partition_key",
    )


def _stream() -> dict[str, Any]:
    return _settings(
        "A stream.",
        {
            "shards": _number("Shards of provisioned capacity; on demand unless given.", 1, 10_000),
            "retention_period": _number("Hours that a record is kept.", 24, 8760, default=24),
            "kms_key": _key(),
            "tags": _tags(),
        },
    )
