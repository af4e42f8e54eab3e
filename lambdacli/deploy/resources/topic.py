"""SNS topics. Source: CreateTopic, SetTopicAttributes and GetTopicAttributes in the SNS API reference."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, _named, _ours

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties

# what a topic has that nobody has told otherwise
DEFAULTS: Mapping[str, Any] = MappingProxyType({
    "DisplayName": "", "KmsMasterKeyId": "", "FifoTopic": False, "ContentBasedDeduplication": False,
})  # fmt: skip
_FLAGS = ("FifoTopic", "ContentBasedDeduplication")


class _Topic(_named.Named):
    """A topic, by name or ARN. It holds no data: what is published is delivered or gone."""

    kind = "topic"
    label = "SNS topic"
    service = "sns"
    section = "topics"
    defaults = DEFAULTS
    immutable = frozenset({"FifoTopic"})

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The topic; of one that is only referred to, whether it exists."""
        arn = self.arn(name, aws.place)
        if _named.foreign(name, aws.place):
            return Actual({}, {"arn": arn}, owned=False)
        answer = aws.get("sns", "get_topic_attributes", TopicArn=arn)
        if answer is None:
            return None
        if not properties:
            return Actual({}, {"arn": arn}, owned=False)
        tags = _named.mapping((aws.get("sns", "list_tags_for_resource", ResourceArn=arn) or {}).get("Tags", ()))
        said = {key: text == "true" if key in _FLAGS else text for key, text in answer["Attributes"].items()}
        return Actual({**DEFAULTS, **said, "Tags": tags}, {"arn": arn}, owned=_ours.tagged(tags, aws.place))

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Made again with the same attributes, it is the same topic."""
        given = {key: value for key, value in properties.items() if key != "Tags" and value not in ("", False)}
        attributes = {key: _text(value) for key, value in given.items()}
        tags = _named.pairs(properties["Tags"])
        made = aws.call("sns", "create_topic", Name=name, Attributes=attributes, Tags=tags)
        return {"arn": made["TopicArn"]}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        arn = self.arn(name, aws.place)
        for key in sorted(changed - {"Tags"}):
            value = _text(properties[key])
            aws.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName=key, AttributeValue=value)
        if "Tags" in changed:
            aws.call("sns", "tag_resource", ResourceArn=arn, Tags=_named.pairs(properties["Tags"]))
            if lost := _named.lost(properties["Tags"], actual.properties.get("Tags", {})):
                aws.call("sns", "untag_resource", ResourceArn=arn, TagKeys=lost)
        return {"arn": arn}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        aws.remove("sns", "delete_topic", TopicArn=self.arn(name, aws.place))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


KIND = _Topic()
