"""Sources that are there already: an emulator of the user's, an endpoint elsewhere, AWS itself."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from emulator import ACCOUNT, Emulator
from emulator.process import environ
from heard import Heard

from lambdacli import manifest as manifests
from lambdacli.connection import Connection, Target, loopback
from lambdacli.errors import MachineError, ManifestError, UsageError
from lambdacli.serve import sources
from lambdacli.serve.sources.given import Given, question

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.model import Manifest
    from lambdacli.serve.parts import Source

OTHER = "111122223333"


def written(folder: Path, *triggers: dict[str, Any], **settings: Any) -> Manifest:
    (folder / "app.py").write_text("def handler(event, context): pass")
    whole = {
        "app": "shop",
        "region": "eu-west-1",
        "defaults": {"runtime": "python3.13", "handler": "app.handler", "code": "app.py"},
        "functions": {"one": {"triggers": list(triggers)}},
        **settings,
    }
    path = folder / "lambdacli.yaml"
    path.write_text(json.dumps(whole, indent=1))
    return manifests.load(path, environ={})


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def aws(source: Source, monkeypatch: pytest.MonkeyPatch) -> Source:
    """The environment of somebody who has AWS, which is the emulator."""
    for name, value in environ(source.endpoint).items():
        monkeypatch.setenv(name, value)
    return source


async def found(given: Given) -> Source:
    try:
        return await given.start()
    finally:
        await given.stop()


def queues(source: Source) -> list[str]:
    urls = source.connection.client("sqs").list_queues().get("QueueUrls", [])
    return sorted(url.rpartition("/")[2] for url in urls)


def test_on_this_machine_what_is_missing_is_made_and_told(tmp_path: Path, source: Source) -> None:
    heard = Heard()
    given = Given(source.endpoint, written(tmp_path, {"sqs": "orders"}), heard)
    there = asyncio.run(found(given))
    assert (there.endpoint, there.account, there.ours) == (source.endpoint, ACCOUNT, False)
    assert queues(source) == ["orders"]
    made, address = heard.notes
    assert made == f"made at {source.endpoint}: queue orders"
    assert f"export AWS_ENDPOINT_URL={source.endpoint} AWS_ACCESS_KEY_ID=test" in address
    variables = {
        "AWS_ENDPOINT_URL": source.endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
    }  # fmt: skip
    assert given.environment() == variables


def test_what_is_there_is_not_told_of(tmp_path: Path, source: Source) -> None:
    source.connection.client("sqs").create_queue(QueueName="orders")
    heard = Heard()
    asyncio.run(found(Given(source.endpoint, written(tmp_path, {"sqs": "orders"}), heard)))
    assert len(heard.notes) == 1


def test_a_change_makes_what_is_new_there(tmp_path: Path, source: Source) -> None:
    async def main() -> None:
        given = Given(source.endpoint, written(tmp_path, {"sqs": "orders"}), Heard())
        await given.start()
        await given.change(written(tmp_path, {"sqs": "returns"}))
        await given.stop()

    asyncio.run(main())
    assert queues(source) == ["orders", "returns"]


def test_an_emulator_that_its_owner_starts_again_gets_everything_again(
    tmp_path: Path, source: Source, emulator: Emulator
) -> None:
    heard = Heard()

    async def main() -> None:
        back = asyncio.Event()

        async def again() -> None:
            back.set()

        given = Given(f"{source.endpoint}/", written(tmp_path, {"sqs": "orders"}), heard)
        given.on_restart.append(again)
        await given.start()
        emulator.reset()
        await asyncio.wait_for(back.wait(), 20)
        await given.stop()

    asyncio.run(main())
    assert queues(source) == ["orders"]
    assert heard.warnings == [f"what was at {source.endpoint} is lost: it is made again"]


def test_the_users_own_keys_are_used_where_there_are_any(
    tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", OTHER)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "Geheimnis")
    heard = Heard()
    given = Given(source.endpoint, written(tmp_path, {"sqs": "orders"}), heard)
    assert asyncio.run(found(given)).account == OTHER
    assert given.environment() == {"AWS_ENDPOINT_URL": source.endpoint}
    assert queues(source) == []  # they are in the other account
    assert "Geheimnis" not in " ".join(heard.notes)


def test_nobody_there_is_said_at_once(tmp_path: Path) -> None:
    given = Given("http://127.0.0.1:1", written(tmp_path, {"sqs": "orders"}), Heard())
    with pytest.raises(MachineError, match=r"nobody answers at http://127\.0\.0\.1:1") as caught:
        asyncio.run(found(given))
    assert caught.value.hint == "is it running? `--sources local` starts one of its own"


@pytest.mark.parametrize("endpoint", ["localhost:4566", "ftp://localhost", "http://", "locale"])
def test_an_endpoint_is_a_url(tmp_path: Path, endpoint: str) -> None:
    with pytest.raises(UsageError, match="is no URL"):
        Given(endpoint, written(tmp_path), Heard())


@pytest.mark.usefixtures("aws")
def test_on_aws_what_is_missing_is_an_error_with_its_place_and_nothing_is_made(tmp_path: Path, source: Source) -> None:
    source.connection.client("sqs").create_queue(QueueName="there")
    manifest = written(
        tmp_path,
        {"sqs": "there"},
        {"sqs": "orders"},
        {"kinesis": {"stream": "clicks", "starting_position": "LATEST"}},
        {"s3": "pictures"},  # AWS pushes these to what is deployed, not here
        {"sqs": "arn:aws:sqs:us-east-1:999999999999:far"},  # nobody here is asked about another account
        resources={"queues": {"orders": {}}},
    )
    with pytest.raises(ManifestError) as caught:
        asyncio.run(found(Given("", manifest, Heard())))
    told = {(each.path, each.message) for each in caught.value.problems}
    assert told == {
        ("functions.one.triggers[1].sqs", "there is no SQS queue orders"),
        ("functions.one.triggers[2].kinesis", "there is no Kinesis stream clicks"),
    }
    assert all(each.line > 1 for each in caught.value.problems)
    assert queues(source) == ["there"]


@pytest.mark.usefixtures("aws")
def test_on_aws_functions_are_given_nothing_and_the_manifest_may_change(tmp_path: Path, source: Source) -> None:
    heard = Heard()

    async def main() -> None:
        given = Given("", written(tmp_path), heard)
        there = await given.start()
        assert (there.endpoint, there.account, there.ours) == ("", ACCOUNT, False)
        assert (given.environment(), sources.environment(there), sources.line(there)) == ({}, {}, "")
        await given.change(written(tmp_path, {"sqs": "orders"}))
        await given.stop()

    asyncio.run(main())
    [trouble] = heard.troubles
    assert isinstance(trouble, ManifestError)
    assert heard.notes == []
    assert queues(source) == []


@pytest.mark.usefixtures("aws")
def test_on_aws_the_account_is_the_manifests(tmp_path: Path) -> None:
    manifest = written(tmp_path, account=OTHER)
    with pytest.raises(UsageError, match=f"belong to account {ACCOUNT}, not to {OTHER}"):
        asyncio.run(found(Given("", manifest, Heard())))


@pytest.mark.usefixtures("aws")
def test_before_aws_is_read_people_are_asked_with_all_that_it_means(tmp_path: Path) -> None:
    manifest = written(
        tmp_path,
        {"sqs": "orders"},
        {"sqs": {"queue": "paused", "enabled": False}},
        {"dynamodb": {"table": "stock", "starting_position": "LATEST", "on_failure": {"sqs": "failed"}}},
        {"kinesis": {"stream": "clicks", "starting_position": "LATEST"}},
    )
    assert question(manifest) == (
        f"This is AWS: account {ACCOUNT}, Region eu-west-1."
        " Messages of orders will be taken, and deleted once they are handled."
        " Records of clicks, stock will be read."
    )


@pytest.mark.usefixtures("source")
def test_a_target_is_reached_whatever_the_environment_says(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    connection = Connection(region="eu-west-1", target=Target(emulator.url, ("test", "test")))
    assert connection.once("sqs", "list_queues", {})["ResponseMetadata"]["HTTPStatusCode"] == 200
    location = {"LocationConstraint": "eu-west-1"}
    connection.once("s3", "create_bucket", {"Bucket": "a.dotted.name", "CreateBucketConfiguration": location})
    connection.once("s3", "put_object", {"Bucket": "a.dotted.name", "Key": "a b", "Body": b""})
    connection.close()


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:4566", True), ("http://127.0.0.1", True), ("http://127.1.2.3", True),
        ("http://[::1]:1", True), ("http://s3.localhost:4566", True), ("http://127.0.0.1.example.com", False),
        ("http://0.0.0.0", False), ("https://sqs.eu-west-1.amazonaws.com", False), ("http://localstack:4566", False),
        ("nothing", False),
    ],
)  # fmt: skip
def test_only_this_machine_is_this_machine(url: str, *, here: bool) -> None:
    assert loopback(url) is here
