"""Calls to AWS: what is tried again and for how long, pages, answers that are kept, and what people are told."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from answering import HANGUP, Answer, Answering, error, ok
from planned import ACCOUNT, REGION, place

from lambdacli.connection import Connection, Stopped, identity
from lambdacli.deploy import actual
from lambdacli.deploy.aws import Aws
from lambdacli.errors import MachineError
from lambdacli.refusals import Refused, patience
from lambdacli.resource import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME = {"FunctionName": "orders"}


class Clock(Connection):
    """A connection whose waiting takes no time."""

    def __init__(self) -> None:
        super().__init__("", REGION)
        self.seconds = 0.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.seconds

    def pause(self, seconds: float) -> None:
        if self.stopping.is_set():
            raise Stopped
        self.pauses.append(seconds)
        self.seconds += seconds


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    running = Answering()
    monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "Geheimnis")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    yield running
    running.close()


def _aws(clock: Connection, *, cached: bool = True) -> Aws:
    return Aws(clock, place(), {}, cached=cached)


def _refused(call: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value


_ASSUMED = "The role defined for the function cannot be assumed by Lambda."
_NOT_PERMITTED = "The provided execution role does not have permissions to call ReceiveMessage on SQS"
_GOING_ON = "The operation cannot be performed at this time. An update is in progress for resource: x"


@pytest.mark.parametrize(
    "refusal",
    [
        error("TooManyRequestsException", "Rate exceeded", 429),
        error("ThrottlingException", "Rate exceeded"),
        error("ServiceException", "An error occurred", 500),
        error("SomethingNobodyHasHeardOf", "oops", 503),
        Answer(502, b"<html>Bad gateway</html>"),
        error("InvalidParameterValueException", _ASSUMED),
        error("ResourceConflictException", _GOING_ON, 409),
        error("InvalidParameterValueException", _NOT_PERMITTED),
        HANGUP,
    ],
    ids=lambda each: f"{each.status} {each.error}",
)  # fmt: skip
def test_what_passes_by_itself_is_tried_again(server: Answering, refusal: Answer) -> None:
    server.plans(refusal, refusal, refusal, ok(FunctionName="orders"))
    clock = Clock()
    answer = _aws(clock).call("lambda", "update_function_configuration", **_NAME)
    assert answer["FunctionName"] == "orders"
    assert len(server.asked) == 4
    assert len(clock.pauses) == 3


@pytest.mark.parametrize(
    ("refusal", "hint"),
    [
        (error("AccessDeniedException", "User: x is not authorized", 403), "policy --deployer"),
        (error("ExpiredTokenException", "The security token included in the request is expired", 403), "sign in again"),
        (error("InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes"), ""),
        (error("ResourceConflictException", "Function already exist: orders", 409), ""),
        (error("CodeStorageExceededException", "Code storage limit exceeded."), ""),
    ],
)  # fmt: skip
def test_what_does_not_pass_is_told_at_once(server: Answering, refusal: Answer, hint: str) -> None:
    server.plans(refusal)
    clock = Clock()
    refused = _refused(lambda: _aws(clock).call("lambda", "update_function_configuration", **_NAME))
    assert refused.message.startswith(f"lambda:UpdateFunctionConfiguration: {refusal.error}: ")
    assert hint in refused.hint
    assert refused.exit_code == 1
    assert len(server.asked) == 1
    assert not clock.pauses


@pytest.mark.parametrize(
    ("refusal", "seconds"),
    [
        (error("TooManyRequestsException", "Rate exceeded", 429), 300),
        (error("InvalidParameterValueException", _ASSUMED), 60),
        (error("ServiceException", "An error occurred", 500), 60),
        (HANGUP, 20),
    ],
)
def test_patience_has_an_end(server: Answering, refusal: Answer, seconds: float) -> None:
    server.plans(refusal)
    clock = Clock()
    refused = _refused(lambda: _aws(clock).call("lambda", "update_function_configuration", **_NAME))
    assert patience(refused) == seconds
    assert seconds < clock.seconds <= seconds + 10
    assert len(server.asked) < 60  # the pauses grow


@pytest.mark.parametrize(
    ("service", "operation", "code", "text"),
    [
        ("elbv2", "register_targets", "AccessDenied",
         "elasticloadbalancing principal does not have permission to invoke arn:aws:lambda:f from target group g"),
        ("dynamodb", "update_continuous_backups", "ContinuousBackupsUnavailableException",
         "Backups are being enabled for the table: items. Please retry later"),
        ("iot", "replace_topic_rule", "ConflictingResourceUpdateException", "two pending updates"),
    ],
)  # fmt: skip
def test_what_is_on_its_way_is_waited_for(service: str, operation: str, code: str, text: str) -> None:
    assert patience(Refused(service, operation, code, text)) > 0
    assert patience(Refused(service, operation, "AccessDenied", "User: me is not authorized to perform: it")) == 0


def test_pauses_grow_and_differ(server: Answering) -> None:
    server.plans(error("TooManyRequestsException", "Rate exceeded", 429))
    one, other = Clock(), Clock()
    for clock in (one, other):
        _refused(lambda clock=clock: _aws(clock).call("lambda", "get_function", **_NAME))
    assert one.pauses[0] < 0.21
    assert max(one.pauses) <= 10
    assert sum(one.pauses[:4]) < sum(one.pauses[4:8])
    assert one.pauses != other.pauses


def test_what_may_not_be_made_twice_is_not_asked_for_twice(server: Answering) -> None:
    server.plans(HANGUP, ok())
    refused = _refused(lambda: _aws(Clock()).create("lambda", "create_function", **_function()))
    assert refused.lost
    assert len(server.asked) == 1


def test_what_was_surely_not_done_is_asked_for_again(server: Answering) -> None:
    server.plans(error("TooManyRequestsException", "Rate exceeded", 429), ok(FunctionName="orders"))
    assert _aws(Clock()).create("lambda", "create_function", **_function())["FunctionName"] == "orders"


def _function(**more: Any) -> dict[str, Any]:
    return {**_NAME, "Role": f"arn:aws:iam::{ACCOUNT}:role/r", "Code": {"ZipFile": b"x"}, **more}


def test_nobody_there(monkeypatch: pytest.MonkeyPatch, server: Answering) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    refused = _refused(lambda: _aws(Clock()).create("lambda", "create_function", **_function()))
    assert not refused.lost  # so that it was tried again
    assert f"127.0.0.1:{port}" in refused.message
    assert not server.asked


def test_whose_credentials_these_are(server: Answering) -> None:
    body = f"<R xmlns='x'><GetCallerIdentityResult><Account>{ACCOUNT}</Account></GetCallerIdentityResult></R>"
    server.plans(Answer(200, body.encode()))
    assert identity(Clock()) == ACCOUNT


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch"])
def test_credentials_that_are_not_valid_any_more(server: Answering, code: str) -> None:
    text = f"<ErrorResponse><Error><Code>{code}</Code><Message>It is not valid</Message></Error></ErrorResponse>"
    server.plans(Answer(403, text.encode()))
    with pytest.raises(MachineError) as caught:
        identity(Clock())
    assert "It is not valid" in caught.value.message
    assert caught.value.exit_code == 3
    assert caught.value.hint


def test_no_credentials(server: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    with pytest.raises(MachineError) as caught:
        identity(Clock())
    assert "--profile" in caught.value.hint
    assert not server.asked


def test_no_such_profile(server: Answering) -> None:  # noqa: ARG001 - nobody is asked
    with pytest.raises(MachineError) as caught:
        Connection("nobody", REGION).client("lambda")
    assert "nobody" in caught.value.message
    assert "list-profiles" in caught.value.hint


def test_an_endpoint_without_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "127.0.0.1:4566")
    with pytest.raises(MachineError) as caught:
        identity(Clock())
    assert "127.0.0.1:4566" in caught.value.message
    assert caught.value.hint.startswith("AWS_ENDPOINT_URL is a whole address")


def test_an_answer_that_nobody_can_read(server: Answering) -> None:
    server.plans(Answer(200, b"<html><p>Sign in to the network</html>"))
    clock = Clock()
    refused = _refused(lambda: _aws(clock).get("iam", "get_role", RoleName="r"))
    assert refused.lost
    assert "none of AWS's" in refused.message
    assert clock.seconds > 20


_HIDDEN = "correct horse"


@pytest.mark.parametrize(
    "answer",
    [
        error("ValidationException", f"Value '{{1A={_HIDDEN}, B=x}}' at 'environment.variables' failed"),
        error("AccessDeniedException", f"not for {_HIDDEN}", 403),
        error(
            "InvalidParameterValueException", 'exceeded the 4KB limit. String measured: {"KEY":"one\\ncorrect  horse"}'
        ),
        error("InvalidParameterValueException", "line one of correct  horse\nand others"),
    ],
)
def test_values_of_the_environment_are_in_no_message(server: Answering, answer: Answer) -> None:
    server.plans(answer)
    given = {**_NAME, "Environment": {"Variables": {"1A": _HIDDEN, "B": "x", "KEY": "one\ncorrect  horse"}}}
    refused = _refused(lambda: _aws(Clock()).call("lambda", "update_function_configuration", **given))
    assert _HIDDEN not in refused.message
    assert "***" in refused.message
    assert "Geheimnis" not in refused.message


def test_parameters_that_no_call_has(server: Answering) -> None:
    given = {**_NAME, "Environment": {"Variables": {"A": _HIDDEN}, "Nonsense": _HIDDEN}}
    refused = _refused(lambda: _aws(Clock()).call("lambda", "update_function_configuration", **given))
    assert refused.code == "InvalidParameter"
    assert "Nonsense" in refused.message
    assert _HIDDEN not in refused.message
    assert not server.asked


@pytest.mark.parametrize(
    ("service", "operation", "key", "pages", "asked"),
    [
        (
            "lambda", "list_functions", "Functions",
            [ok(Functions=[{"FunctionName": "a"}], NextMarker="m"), ok(Functions=[], NextMarker="n"),
             ok(Functions=[{"FunctionName": "b"}])],
            [None, "m", "n"],
        ),
        (
            "logs", "describe_log_groups", "logGroups",
            [ok(logGroups=[{"logGroupName": "a"}], nextToken="t"), ok(logGroups=[{"logGroupName": "b"}])],
            [None, "t"],
        ),
        (
            "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList",
            [ok(ResourceTagMappingList=[{"ResourceARN": "a"}], PaginationToken="p"),
             ok(ResourceTagMappingList=[{"ResourceARN": "b"}], PaginationToken="")],
            [None, "p"],
        ),
        (
            "kinesis", "list_streams", "StreamNames",
            [ok(StreamNames=["a"], HasMoreStreams=True, NextToken="k"),
             ok(StreamNames=["b"], HasMoreStreams=False, NextToken="k2")],
            [None, "k"],
        ),
        ("lambda", "list_tags", "Tags", [ok(Tags={"a": "1", "b": "2"})], [None]),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)  # fmt: skip
def test_every_page_is_read(
    server: Answering, service: str, operation: str, key: str, pages: list[Answer], asked: list[str | None]
) -> None:
    server.plans(*pages)
    given = {"Resource": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"} if operation == "list_tags" else {}
    found = _aws(Clock()).listed(service, operation, key, **given)
    names = [next(iter(each.values())) if isinstance(each, dict) else each for each in found]
    assert names == ["a", "b"]
    tokens = ("Marker", "nextToken", "NextToken", "PaginationToken")
    said = [next((each.given[token] for token in tokens if each.given.get(token)), None) for each in server.asked]
    assert said == asked


def test_pages_with_two_tokens(server: Answering) -> None:
    """The second page's second token is not sent for the third page, which has none."""

    def page(content: str, after: str = "") -> Answer:
        return Answer(200, f"<ListVersionsResult><IsTruncated>{'true' if after else 'false'}</IsTruncated>{after}"
                           f"<Version><Key>{content}</Key></Version></ListVersionsResult>".encode())  # fmt: skip

    server.plans(
        page("a", "<NextKeyMarker>k1</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>"),
        page("b", "<NextKeyMarker>k2</NextKeyMarker>"),
        page("c"),
    )
    found = _aws(Clock()).listed("s3", "list_object_versions", "Versions", Bucket="photos")
    assert [each["Key"] for each in found] == ["a", "b", "c"]
    assert [each.given.get("key-marker") for each in server.asked] == [None, "k1", "k2"]
    assert [each.given.get("version-id-marker") for each in server.asked] == [None, "v1", None]


def test_a_throttled_page_is_asked_for_again(server: Answering) -> None:
    server.plans(
        ok(Functions=[{"FunctionName": "a"}], NextMarker="m"),
        error("TooManyRequestsException", "Rate exceeded", 429),
        ok(Functions=[{"FunctionName": "b"}]),
    )
    assert len(_aws(Clock()).listed("lambda", "list_functions", "Functions")) == 2
    assert [each.given.get("Marker") for each in server.asked] == [None, "m", "m"]


def test_what_is_not_there_is_none(server: Answering) -> None:
    server.plans(error("ResourceNotFoundException", "Function not found", 404))
    aws = _aws(Clock())
    assert aws.get("lambda", "get_function", **_NAME) is None
    assert aws.listed("lambda", "list_aliases", "Aliases", **_NAME) == []
    aws.remove("lambda", "delete_function", **_NAME)
    assert _refused(lambda: aws.call("lambda", "update_function_configuration", **_NAME)).absent


def test_a_reading_call_is_made_once_by_however_many_threads(server: Answering) -> None:
    slowly = threading.Event()

    def answer(_number: int, request: Any) -> Answer:
        assert slowly.wait(10)
        return ok(Configuration={"FunctionName": request.path})

    server.answer = answer
    aws = _aws(Clock())
    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(aws.get, "lambda", "get_function", FunctionName=f"f{number % 2}") for number in range(8)]
        slowly.set()
        answers = [each.result() for each in asking]
    assert len(server.asked) == 2
    assert answers[0] is answers[2]
    assert answers[0] != answers[1]


def test_a_failure_is_not_kept(server: Answering) -> None:
    server.plans(error("AccessDeniedException", "no", 403), ok(Configuration={}))
    aws = _aws(Clock())
    _refused(lambda: aws.get("lambda", "get_function", **_NAME))
    assert aws.get("lambda", "get_function", **_NAME) is not None


def test_a_failure_is_that_of_all_who_wait_for_it(server: Answering) -> None:
    together, slowly = threading.Barrier(5), threading.Event()

    def answer(_number: int, _request: Any) -> Answer:
        assert slowly.wait(10)
        return error("AccessDeniedException", "no", 403)

    def ask() -> None:
        together.wait(10)
        aws.get("lambda", "get_function", **_NAME)

    server.answer = answer
    aws = _aws(Clock())
    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        together.wait(10)
        time.sleep(0.2)  # so that they wait
        slowly.set()
        failures = [each.exception() for each in asking]
    assert all(isinstance(each, Refused) for each in failures)
    assert len(server.asked) < 4


def test_fresh_calls_are_made_each_time(server: Answering) -> None:
    server.plans(ok(Configuration={}))
    aws = _aws(Clock()).fresh()
    aws.get("lambda", "get_function", **_NAME)
    aws.get("lambda", "get_function", **_NAME)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "operation", ["create_function", "delete_function", "put_function_concurrency", "tag_resource"]
)
def test_nothing_is_changed_by_reading(server: Answering, operation: str) -> None:
    aws = _aws(Clock())
    with pytest.raises(ValueError, match="may change something"):
        aws.get("lambda", operation, **_NAME)
    with pytest.raises(ValueError, match="may change something"):
        aws.listed("lambda", operation, "Functions", **_NAME)
    assert not server.asked


def test_waiting_ends_when_it_is_there_or_too_late(server: Answering) -> None:
    server.plans(*[ok(State="Pending")] * 3, ok(State="Active"))
    aws = _aws(Clock()).fresh()

    def active() -> Any:
        found = aws.get("lambda", "get_function_configuration", **_NAME)
        return found if found and found["State"] == "Active" else None

    assert aws.until(active, "the function")["State"] == "Active"
    refused = _refused(lambda: aws.until(lambda: None, "the function", 30))
    assert "the function is not there after 30 s" in refused.message


def test_ctrl_c_ends_waiting(server: Answering) -> None:
    server.plans(error("TooManyRequestsException", "Rate exceeded", 429))
    connection = Connection("", REGION)
    threading.Timer(0.2, connection.stopping.set).start()
    with pytest.raises(Stopped):
        _aws(connection).call("lambda", "get_function", **_NAME)


def test_after_a_failure_nothing_more_is_read(server: Answering) -> None:
    server.plans(error("AccessDenied", "no", 403))
    wanted = [Resource("queue", f"queue{number}", {}, owned=False) for number in range(200)]
    refused = _refused(lambda: actual.read(_aws(Clock()), wanted))
    assert refused.code == "AccessDenied"
    assert len(server.asked) < 100


def test_an_upload_is_that_of_the_thread_that_wants_it(server: Answering, tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_bytes(b"x" * 7_000_000)
    server.plans(Answer(200, b"<PutObjectResult/>"))
    clock, told = Clock(), []
    clock.uploading = lambda *each: told.append(each)
    clock.upload(tmp_path / "code.zip", Bucket="packages", Key="code.zip")
    assert told[-1] == (7_000_000, 7_000_000, threading.get_ident())
    assert {each[1:] for each in told} == {told[-1][1:]}
