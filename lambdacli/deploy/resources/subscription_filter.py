"""A log group's subscription filter that sends its entries to a function.

Source: PutSubscriptionFilter and DescribeSubscriptionFilters in CloudWatch Logs' API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.deploy.resources import Actual, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Place

_FUNCTION = 6  # where its name stands in an ARN
_TEXTS = ("filterPattern", "destinationArn", "fieldSelectionCriteria")


class _Name(NamedTuple):
    function: str
    group: str
    filter: str


class _SubscriptionFilter(Kind):
    """Named by the function, the log group, and after a colon the filter."""

    kind = "subscription_filter"
    label = "subscription filter"
    rank = 70

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        """A log group elsewhere cannot invoke, its own must not; a filter of somebody else is not taken over."""
        if str(properties["logGroupName"]).startswith("arn:"):
            return "the log group is in another Region or account: only those of this one invoke a function"
        group, target = str(properties["logGroupName"]), str(properties["destinationArn"]).split(":")
        if group == f"/aws/lambda/{target[_FUNCTION] if len(target) > _FUNCTION else ''}":
            return "the function would be invoked by its own log, again and again"
        if actual is not None and not actual.owned:
            destination = actual.properties["destinationArn"]
            return f"there is such a filter already, to {destination}: `filter_name` makes another"
        return ""

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        named = _parsed(name)
        if named.group.startswith("arn:"):
            return None
        filters = aws.listed(
            "logs", "describe_subscription_filters", "subscriptionFilters", logGroupName=named.group
        )  # one call for all filters of the group
        for each in filters:
            if each["filterName"] == named.filter:
                owned = each["destinationArn"].startswith(f"{aws.place.function_arn(named.function)}:")
                return Actual(_properties(each), owned=owned)
        return None

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """In the log groups that may invoke the function."""
        start = aws.place.arn("logs", "log-group:")
        for arn in function.sources("logs"):
            group = arn.removeprefix(start).removesuffix(":*")
            filters = aws.listed("logs", "describe_subscription_filters", "subscriptionFilters", logGroupName=group)
            for each in filters:
                if each["destinationArn"] == function.alias_arn:
                    yield f"{function.name}/{group}:{each['filterName']}", Actual(_properties(each))

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Put it: the same call again changes it."""
        given = {key: value for key, value in properties.items() if value or key == "filterPattern"}
        aws.call("logs", "put_subscription_filter", filterName=_parsed(name).filter, **given)
        return {}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        named = _parsed(name)
        aws.remove("logs", "delete_subscription_filter", logGroupName=named.group, filterName=named.filter)


def _parsed(name: str) -> _Name:
    function, _, path = name.partition("/")
    group, _, filter_name = path.rpartition(":")
    return _Name(function, group, filter_name)


def _properties(found: Mapping[str, Any]) -> dict[str, Any]:
    texts = {key: found.get(key) or "" for key in _TEXTS}
    return {
        "logGroupName": found.get("logGroupName", ""),
        **texts,
        "applyOnTransformedLogs": bool(found.get("applyOnTransformedLogs")),
        "emitSystemFields": sorted(found.get("emitSystemFields", ())),
    }


KIND = _SubscriptionFilter()
