"""Manifests made up by hypothesis: any functions, with any settings, triggers and resources of their own."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Manifest = dict[str, Any]

_NAMES = ("orders", "images", "reports")


def manifests() -> st.SearchStrategy[Manifest]:
    """A manifest of app `shop` that is valid, for code in `app.py` and `other.py`, and a layer in `layer`."""
    names = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: _function(name) for name in chosen})).map(_whole)


def _whole(functions: dict[str, Any]) -> Manifest:
    resources: dict[str, dict[str, Any]] = {}
    for function in functions.values():
        for kind, name, values in function.pop("resources"):
            resources.setdefault(kind, {})[name] = values
    defaults = {"runtime": "python3.13", "handler": "app.handler"}
    return {"app": "shop", "defaults": defaults, "functions": functions, "resources": resources}


def _function(name: str) -> st.SearchStrategy[dict[str, Any]]:
    settings = st.fixed_dictionaries(
        {"code": st.just("app.py")},
        optional={
            "memory": st.sampled_from([128, 256, 1024]),
            "timeout": st.sampled_from([5, 20]),
            "description": st.sampled_from(["one", "two"]),
            "environment": st.dictionaries(
                st.sampled_from(["LEVEL", "TABLE"]), st.sampled_from(["a", "b"]), max_size=2
            ),
            "architecture": st.sampled_from(["arm64", "x86_64"]),
            "log_retention": st.sampled_from([7, 30]),
            "reserved_concurrency": st.sampled_from([0, 3]),
            "tracing": st.just("Active"),
            "layers": st.just(["layer"]),
            "tags": st.dictionaries(st.sampled_from(["team", "cost"]), st.sampled_from(["a", "b"]), max_size=2),
            "maximum_retry_attempts": st.sampled_from([0, 1]),
            "permissions": st.just([{"allow": "s3:GetObject", "on": "arn:aws:s3:::papers/*"}]),
        },
    )
    triggers = st.lists(st.one_of(*_triggers(name)), max_size=3, unique_by=_kind)
    return st.tuples(settings, triggers).map(lambda both: _together(*both))


def _kind(trigger: tuple[dict[str, Any], list[Any]]) -> str:
    return next(iter(trigger[0]))


def _together(settings: dict[str, Any], triggers: list[tuple[dict[str, Any], list[Any]]]) -> dict[str, Any]:
    resources = [each for _, owned in triggers for each in owned]
    return {**settings, "triggers": [trigger for trigger, _ in triggers], "resources": resources}


def _triggers(name: str) -> list[st.SearchStrategy[tuple[dict[str, Any], list[Any]]]]:
    """Triggers of a function, each with the resources that it needs; no two functions share a name."""
    return [
        _trigger("sqs", {"queue": f"{name}-jobs"}, {"batch_size": [1, 5]}, ("queues", f"{name}-jobs", {})),
        _trigger("sns", {"topic": "news"}, {"filter_policy": [{"kind": ["a"]}, {"kind": ["b"]}]},
                 ("topics", "news", {})),
        _trigger("s3", {"bucket": "shop-papers", "prefix": f"{name}/"}, {"suffix": [".pdf", ".txt"]},
                 ("buckets", "shop-papers", {})),
        _trigger("kinesis", {"stream": "clicks", "starting_position": "LATEST"}, {"batch_size": [10, 50]},
                 ("streams", "clicks", {"shards": 1})),
        _trigger("dynamodb", {"table": "orders", "starting_position": "LATEST"}, {"tumbling_window": [10, 20]},
                 ("tables", "orders", {"partition_key": {"id": "string"}, "stream_view_type": "NEW_IMAGE"})),
        _trigger("schedule", {}, {"expression": ["rate(5 minutes)", "rate(1 day)"], "input": [{"a": 1}]},
                 needed=("expression",)),
        _trigger("eventbridge", {}, {"pattern": [{"source": ["a"]}, {"source": ["b"]}]}, needed=("pattern",)),
        _trigger("http", {}, {"route": [f"GET /{name}", f"POST /{name}/{{id}}"]}, needed=("route",)),
        _trigger("rest", {}, {"route": [f"GET /{name}", f"PUT /{name}/{{id}}"]}, needed=("route",)),
        _trigger("url", {}, {"auth_type": ["NONE", "AWS_IAM"], "cors": [{"allow_origins": ["*"]}]},
                 needed=("auth_type",)),
        _trigger("logs", {"log_group": "/shop/app"}, {"filter_pattern": ["ERROR", "WARN"]}),
        _trigger("iot", {}, {"sql": ["SELECT * FROM 'a/b'", "SELECT * FROM 'c/d'"]}, needed=("sql",)),
    ]  # fmt: skip


def _trigger(
    kind: str,
    always: dict[str, Any],
    maybe: dict[str, list[Any]],
    *owned: tuple[str, str, dict[str, Any]],
    needed: tuple[str, ...] = (),
) -> st.SearchStrategy[tuple[dict[str, Any], list[Any]]]:
    fixed = {key: st.just(value) for key, value in always.items()}
    fixed |= {key: st.sampled_from(maybe[key]) for key in needed}
    optional = {key: st.sampled_from(values) for key, values in maybe.items() if key not in needed}
    settings = st.fixed_dictionaries(fixed, optional=optional)
    return settings.map(lambda values: ({kind: values}, list(owned)))
