"""From any manifest to any other, whatever happens on the way: what is there in the end is what the manifest says."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from cloud import Cloud
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from planned import ACCOUNT, function, package, place, wanted

from lambdacli.deploy import actual, plan
from lambdacli.deploy.apply import apply
from lambdacli.deploy.aws import Aws
from lambdacli.model import Deploying, Destination
from lambdacli.resource import Resource

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.deploy.apply import Report
    from lambdacli.deploy.package import Package
    from lambdacli.deploy.plan import Plan
    from lambdacli.model import Function
    from lambdacli.resource import Place

_NAMES = ("a", "b", "c")
_LIMIT = f"arn:aws:iam::{ACCOUNT}:policy/limit"


def _function(name: str, values: dict[str, Any]) -> Function:
    given_ = dict(values)
    given_.pop("content")
    if target := given_.pop("sends_to", None):
        given_["on_failure"] = Destination("function", target)
    return function(name, **given_)


_settings = st.fixed_dictionaries(
    {"content": st.sampled_from(("one", "two"))},
    optional={
        "timeout": st.sampled_from((5, 9)),
        "environment": st.sampled_from(({"A": "1"}, {"A": "2", "B": "x"})),
        "layers": st.sampled_from((("/project/lib",), ("/project/lib", "/project/more"))),
        "description": st.sampled_from(("does", "does not")),
        "architecture": st.just("arm64"),
        "tracing": st.just("Active"),
        "reserved_concurrency": st.sampled_from((0, 3)),
        "provisioned_concurrency": st.sampled_from((1, 2)),
        "tags": st.sampled_from(({"team": "x"}, {"team": "y", "cost": "1"})),
        "log_retention": st.sampled_from((0, 7)),
        "maximum_retry_attempts": st.sampled_from((0, 1)),
        "role": st.just(f"arn:aws:iam::{ACCOUNT}:role/theirs"),
        "sends_to": st.sampled_from(_NAMES),
    },
)
_manifests = st.tuples(
    st.dictionaries(st.sampled_from(_NAMES), _settings, max_size=3),
    st.sampled_from(("layer", "other layer")),
    st.sampled_from(("", _LIMIT)),
)


class World:
    """An account in memory, and packages that stand for themselves."""

    def __init__(self, folder: Path) -> None:
        self.cloud = Cloud()
        self.folder = folder

    def plan(self, manifest: tuple[Any, ...]) -> tuple[Plan, Aws]:
        functions, layer, boundary = manifest
        made = {name: _function(name, values) for name, values in functions.items()}
        for name, each in made.items():
            if each.on_failure and each.on_failure.target not in made:
                made[name] = each._replace(on_failure=None)
        where = place(*made.values(), deploying=Deploying(keep_versions=2, permissions_boundary=boundary))
        contents = {name: values["content"] for name, values in functions.items()} | {"lib": layer, "more": layer}
        return self._planned(where, contents)

    def _planned(self, where: Place, contents: dict[str, str]) -> tuple[Plan, Aws]:
        packages = {each.sha256: self._zip(each) for each in map(package, (*contents.values(), "one", "layer"))}
        aws = Aws(self.cloud, where, packages)
        resources = wanted(where, **contents)
        return plan.make(where, resources, actual.read(aws, resources)), aws

    def _zip(self, made: Package) -> Package:
        path = self.folder / made.path.name
        if not path.exists():
            path.write_bytes(made.sha256.encode())  # the account in memory takes what it is sent for its digest
        return made._replace(path=path)

    def deploy(self, manifest: tuple[Any, ...]) -> Report:
        made, aws = self.plan(manifest)
        assert made.lacks == ()
        return apply(made, aws, lambda *_: None)

    def settled(self, manifest: tuple[Any, ...]) -> Any:
        """All went well, and nothing is left to do; what is there."""
        report = self.deploy(manifest)
        _went_well(report)
        self.cloud.writes.clear()
        assert self.plan(manifest)[0].actions == ()
        assert self.cloud.writes == []
        return self.cloud.seen()


def _went_well(report: Report) -> None:
    assert [(each.action.key, each.error) for each in (*report.failed, *report.skipped)] == []


@pytest.fixture(scope="module")
def zips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("zips")


_often = settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate])


@_often
@given(_manifests, _manifests)
def test_a_deployment_leads_from_any_manifest_to_any_other(zips: Path, first: Any, second: Any) -> None:
    world, fresh = World(zips), World(zips)
    world.settled(first)
    assert world.settled(second) == fresh.settled(second)


@_often
@given(_manifests, _manifests, st.integers(1, 40), st.sampled_from(("killed", "lost", "unheard", "refused")))
def test_whatever_happens_to_a_call_the_next_deployment_ends_it(
    zips: Path, first: Any, second: Any, number: int, what: str
) -> None:
    world, fresh = World(zips), World(zips)
    world.settled(first)
    world.cloud.again()
    world.cloud.happens = lambda count, _: what if count == number else ""
    report = world.deploy(second)
    if what != "killed":
        _went_well(report)
    world.cloud.again()
    assert world.settled(second) == fresh.settled(second)


@_often
@given(_manifests, st.sampled_from(("lost", "unheard", "refused")), st.integers(2, 4))
def test_every_other_answer_may_get_lost(zips: Path, manifest: Any, what: str, often: int) -> None:
    world, fresh = World(zips), World(zips)
    world.cloud.happens = lambda count, _: what if count % often else ""
    world.deploy(manifest)
    world.cloud.again()
    assert world.settled(manifest) == fresh.settled(manifest)


@_often
@given(_manifests, st.integers(1, 40))
def test_nothing_is_left_in_the_end(zips: Path, manifest: Any, number: int) -> None:
    world = World(zips)
    world.settled(manifest)
    world.cloud.again()
    world.cloud.happens = lambda count, _: "killed" if count == number else ""
    nothing = ({}, "layer", "")
    world.deploy(nothing)
    world.cloud.again()
    world.settled(nothing)
    assert world.cloud.seen() == {"roles": {}, "groups": {}, "functions": {}, "layers": {}}


_LONG = "a-function-with-a-name-that-is-much-longer-than-aws-permits-it-to-be"


def test_names_that_aws_would_not_take_are_found_again(zips: Path) -> None:
    world = World(zips)
    given_ = {"content": "one", "layers": (f"/project/{_LONG}",)}
    manifest = ({_LONG: given_}, "layer", "")
    world.settled(manifest)
    (name,) = world.cloud.functions
    assert len(name) == 64
    assert all(len(each) <= 64 for each in (*world.cloud.roles, *world.cloud.layers))
    world.settled(({_LONG: {**given_, "role": f"arn:aws:iam::{ACCOUNT}:role/theirs"}}, "layer", ""))
    world.settled(({}, "layer", ""))
    assert world.cloud.seen() == {"roles": {}, "groups": {}, "functions": {}, "layers": {}}


@pytest.mark.parametrize("call", ["lambda:create_function", "lambda:update_function_configuration"])
def test_an_update_that_is_still_going_on_is_waited_for(zips: Path, call: str) -> None:
    world = World(zips)
    second = ({"a": {"content": "two", "timeout": 9}}, "layer", "")
    if "update" in call:
        world.settled(({"a": {"content": "one"}}, "layer", ""))
    world.cloud.again()
    world.cloud.happens = lambda _, made: "killed" if made == call else ""
    world.deploy(second)
    assert world.cloud.functions["shop-dev-a"]["latest"]["updating"]
    world.cloud.again()
    world.settled(({"a": {"content": "two", "timeout": 9, "description": "changed meanwhile"}}, "layer", ""))


def test_what_somebody_else_changes_between_plan_and_work_is_not_overwritten(zips: Path) -> None:
    world = World(zips)
    world.settled(({"a": {"content": "one"}}, "layer", ""))
    made, aws = world.plan(({"a": {"content": "one", "timeout": 9}}, "layer", ""))
    world.cloud.functions["shop-dev-a"]["latest"] |= {"RevisionId": "another", "Timeout": 60}
    report = apply(made, aws, lambda *_: None)
    (failed,) = report.failed
    assert failed.action.key.kind == "function"
    assert "deploy again" in getattr(failed.error, "hint", "")
    assert world.cloud.functions["shop-dev-a"]["latest"]["Timeout"] == 60
    assert {each.action.key.kind for each in report.skipped} == {"alias", "versions", "record"}


def test_what_somebody_else_was_faster_to_make_is_theirs(zips: Path) -> None:
    world, theirs = World(zips), World(zips)
    theirs.settled(({"a": {"content": "two"}}, "layer", ""))
    made, aws = world.plan(({"a": {"content": "one"}}, "layer", ""))
    world.cloud.functions["shop-dev-a"] = {**theirs.cloud.functions["shop-dev-a"], "tags": {"whose": "theirs"}}
    before = copy.deepcopy(world.cloud.seen()["functions"])
    report = apply(made, aws, lambda *_: None)
    assert [each.action.key.kind for each in report.failed] == ["function"]
    assert "already exist" in str(report.failed[0].error)
    assert world.cloud.seen()["functions"] == before


def test_what_is_there_by_now_and_cannot_be_changed_is_made_anew(zips: Path) -> None:
    world = World(zips)
    world.settled(({"a": {"content": "one"}}, "layer", ""))
    _, aws = world.plan(({"a": {"content": "one"}}, "layer", ""))
    given_ = {"Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com", "SourceArn": "arn:aws:sns:::t"}
    permission = Resource("permission", "a/lambdacli-sns-1", given_, function="a")
    made = plan.make(aws.place, [permission], plan.State({permission.key: None}, {}))
    whose = {"FunctionName": "shop-dev-a", "Qualifier": "live"}
    other = {**given_, "Principal": "s3.amazonaws.com"}
    aws.call("lambda", "add_permission", **whose, StatementId="lambdacli-sns-1", **other)
    _went_well(apply(made, aws, lambda *_: None))
    (statement,) = world.cloud.functions["shop-dev-a"]["policies"]["live"]
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}


def test_a_failure_stops_what_depends_on_it_and_nothing_else(zips: Path) -> None:
    world = World(zips)
    manifest = ({"a": {"content": "one", "provisioned_concurrency": 1}, "b": {"content": "one"}}, "layer", "")
    world.cloud.denied = "lambda:put_provisioned_concurrency_config"
    report = world.deploy(manifest)
    assert [str(each.action.key) for each in report.failed] == ["provisioned_concurrency a"]
    assert {str(each.action.key) for each in report.skipped} == {"versions a", "record a"}
    assert not report.interrupted
    done = {str(each.action.key) for each in report.results if each.state == "done"}
    assert {"alias a", "record b"} <= done
    world.cloud.denied = ""
    made, _ = world.plan(manifest)
    assert {str(action.key) for action in made.actions} == {"provisioned_concurrency a", "record a"}
    assert not any(action.drift for action in made.actions)
    world.settled(manifest)


def test_ctrl_c_ends_what_is_being_done_and_begins_nothing(zips: Path) -> None:
    world = World(zips)
    manifest = ({"a": {"content": "one"}, "b": {"content": "one"}}, "layer", "")
    made, aws = world.plan(manifest)
    report = apply(made, aws, lambda action, _: action.key.kind == "role" and world.cloud.stopping.set())
    assert report.interrupted
    assert not report.failed
    assert {each.action.key.kind for each in report.skipped} >= {"function", "alias", "record"}
    world.cloud.stopping.clear()
    assert world.settled(manifest)["functions"].keys() == {"shop-dev-a", "shop-dev-b"}


def test_each_action_is_told_as_it_begins_and_ends(zips: Path) -> None:
    world, told = World(zips), []
    made, aws = world.plan(({"a": {"content": "one"}}, "layer", ""))
    apply(made, aws, lambda action, phase: told.append((action.key, phase)), workers=1)
    assert told == [(action.key, phase) for action in made.actions for phase in ("started", "done")]
