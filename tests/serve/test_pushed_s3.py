"""Buckets: what a client puts or deletes reaches the function with the event that S3 would send."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from pushing import departures, running

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.serve.parts import Source


@pytest.fixture
def s3(source: Source) -> Any:
    client = source.connection.client("s3")
    client.create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return client


async def put(s3: Any, key: str, body: bytes = b"x") -> None:
    await asyncio.to_thread(s3.put_object, Bucket="photos", Key=key, Body=body)


def test_an_object_that_is_put(tmp_path: Path, source: Source, s3: Any) -> None:
    async def main() -> None:
        async with running(tmp_path, source, {"thumbnail": [{"s3": {"bucket": "photos"}}]}) as served:
            await put(s3, "in/a.jpg", b"12345")
            [got] = await served.got()
            assert departures(got.event, "s3-put") == []
            [record] = got.event["Records"]
            assert record["eventName"] == "ObjectCreated:Put"
            assert record["s3"]["bucket"]["name"] == "photos"
            assert record["s3"]["object"] | {"key": "in/a.jpg", "size": 5} == record["s3"]["object"]
            assert (got.source, got.record) == ("s3 photos", "in/a.jpg")
            assert [(each.what, each.records) for each in served.heard.steps] == [("received", ("in/a.jpg",))]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("key", "encoded"),
    [
        ("a b/c.jpg", "a+b/c.jpg"),
        ("a+b", "a%2Bb"),
        ("über/ß.txt", "%C3%BCber/%C3%9F.txt"),
        ("x(1)&y=z;q", "x%281%29%26y%3Dz%3Bq"),
        ("100%/é~", "100%25/%C3%A9~"),
    ],
)
def test_keys_as_s3_encodes_them(tmp_path: Path, source: Source, s3: Any, key: str, encoded: str) -> None:
    async def main() -> None:
        async with running(
            tmp_path, source, {"thumbnail": [{"s3": {"bucket": "photos", "suffix": key[-1]}}]}
        ) as served:
            await put(s3, key)
            [got] = await served.got()
            assert got.event["Records"][0]["s3"]["object"]["key"] == encoded
            assert got.record == key

    asyncio.run(main())


def test_what_is_removed_has_neither_size_nor_tag(tmp_path: Path, source: Source, s3: Any) -> None:
    async def main() -> None:
        trigger = {"s3": {"bucket": "photos", "events": ["s3:ObjectRemoved:*"]}}
        async with running(tmp_path, source, {"forget": [trigger]}) as served:
            await put(s3, "a")
            assert await served.filtered() == ["s3:ObjectCreated:Put is none of s3:ObjectRemoved:*"]
            await asyncio.to_thread(s3.delete_object, Bucket="photos", Key="a")
            [got] = await served.got()
            assert departures(got.event, "s3-delete") == []
            assert set(got.event["Records"][0]["s3"]["object"]) == {"key", "sequencer"}

    asyncio.run(main())


def test_prefix_and_suffix_are_those_of_the_key_itself(tmp_path: Path, source: Source, s3: Any) -> None:
    async def main() -> None:
        trigger = {"s3": {"bucket": "photos", "prefix": "my photos/", "suffix": " 1.jpg"}}
        async with running(tmp_path, source, {"thumbnail": [trigger]}) as served:
            await put(s3, "other/b 1.jpg")
            await put(s3, "my photos/b.jpg")
            await put(s3, "my photos/b 1.jpg")
            [got] = await served.got()
            assert got.record == "my photos/b 1.jpg"
            assert sorted(await served.filtered(2)) == [
                "key 'my photos/b.jpg' does not end with suffix ' 1.jpg'",
                "key 'other/b 1.jpg' does not begin with prefix 'my photos/'",
            ]

    asyncio.run(main())


def test_every_trigger_that_fits_gets_it(tmp_path: Path, source: Source, s3: Any) -> None:
    async def main() -> None:
        functions = {
            "one": [{"s3": {"bucket": "photos", "events": ["s3:ObjectCreated:Put"]}}],
            "two": [{"s3": {"bucket": "photos", "events": ["s3:ObjectCreated:Copy"]}}, {"s3": "photos"}],
        }
        async with running(tmp_path, source, functions) as served:
            await put(s3, "a")
            assert sorted(each.function for each in await served.got(2)) == ["one", "two"]
            copied = {"Bucket": "photos", "Key": "b", "CopySource": "photos/a"}
            await asyncio.to_thread(s3.copy_object, **copied)
            found = await served.got(2)
            assert [each.function for each in found] == ["two", "two"]
            assert departures(found[0].event, "s3-copy") == []

    asyncio.run(main())


def test_what_others_have_set_up_stays(tmp_path: Path, source: Source, s3: Any) -> None:
    source = source._replace(ours=False)
    sqs = source.connection.client("sqs")
    sqs.create_queue(QueueName="others")
    others = {
        "QueueConfigurations": [
            {
                "Id": "theirs",
                "QueueArn": f"arn:aws:sqs:eu-west-1:{source.account}:others",
                "Events": ["s3:ObjectAcl:Put"],
            }
        ],
        "EventBridgeConfiguration": {},
    }
    s3.put_bucket_notification_configuration(Bucket="photos", NotificationConfiguration=others)

    def entries() -> set[str]:
        now = s3.get_bucket_notification_configuration(Bucket="photos")
        assert "EventBridgeConfiguration" in now
        return {each["Id"] for each in now["QueueConfigurations"]}

    async def main() -> None:
        async with running(tmp_path, source, {"thumbnail": [{"s3": "photos"}]}) as served:
            assert entries() == {"theirs", "lambdacli-serve-shop-dev-s3"}
            await put(s3, "a")
            await served.got()
            await served.change({"thumbnail": []})
            assert entries() == {"theirs"}
            await served.change({"thumbnail": [{"s3": "photos"}]})
            await put(s3, "b")
            assert (await served.got())[0].record == "b"
        assert entries() == {"theirs"}
        assert [each.rpartition("/")[2] for each in sqs.list_queues()["QueueUrls"]] == ["others"]

    asyncio.run(main())


def test_a_bucket_that_comes_later(tmp_path: Path, source: Source) -> None:
    s3 = source.connection.client("s3")

    async def main() -> None:
        async with running(tmp_path, source, {"thumbnail": [{"s3": "photos"}]}) as served:
            assert [each for each in served.heard.warnings if "s3 photos is not there" in each]
            s3.create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
            await served.until(lambda: served.heard.notes == ["s3 photos: it is there now"])
            await put(s3, "a")
            await served.got()
            assert len(served.heard.warnings) == 1

    asyncio.run(main())


def test_every_way_to_change_an_object(tmp_path: Path, source: Source, s3: Any) -> None:
    s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})

    def upload() -> None:
        begun = s3.create_multipart_upload(Bucket="photos", Key="big")
        about = {"Bucket": "photos", "Key": "big", "UploadId": begun["UploadId"]}
        part = s3.upload_part(**about, PartNumber=1, Body=b"x")
        s3.complete_multipart_upload(**about, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})

    def change() -> None:
        upload()
        s3.copy_object(Bucket="photos", Key="big", CopySource="photos/big", MetadataDirective="REPLACE")
        s3.delete_object(Bucket="photos", Key="big")

    async def main() -> None:
        events = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
        async with running(tmp_path, source, {"all": [{"s3": {"bucket": "photos", "events": events}}]}) as served:
            await asyncio.to_thread(change)
            names = {
                "ObjectCreated:CompleteMultipartUpload": "s3-multipart-upload",
                "ObjectCreated:Copy": "s3-copy",
                "ObjectRemoved:DeleteMarkerCreated": "s3-delete-marker-created",
            }
            found = {each.event["Records"][0]["eventName"]: each.event for each in await served.got(3)}
            assert {name: departures(event, names[name]) for name, event in found.items()} == {
                name: [] for name in names
            }

    asyncio.run(main())


def test_what_the_local_source_never_sends_is_told(tmp_path: Path, source: Source, s3: Any) -> None:
    assert s3

    async def main() -> None:
        events = ["s3:ObjectCreated:*", "s3:ObjectTagging:*", "s3:LifecycleTransition"]
        functions = {"all": [{"s3": {"bucket": "photos", "events": events}}]}
        async with running(tmp_path, source, functions) as served:
            await served.change(functions)
            never = "the local source never sends s3:ObjectTagging:*, s3:LifecycleTransition"
            assert served.heard.warnings == [f"functions.all.triggers[0].s3.events: {never}"]
            await put(s3, "a")
            await served.got()

    asyncio.run(main())
