"""Kinesis streams and their function: which records come, in which batches, and what follows a failure."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from clocks import Clock
from polling import polling, saved

from lambdacli import events
from lambdacli.serve.clock import Real

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lambdacli.serve.parts import Source


class Clicks:
    """What a user's own client does with a stream."""

    def __init__(self, source: Source, shards: int = 1) -> None:
        self.client = source.connection.client("kinesis")
        self.client.create_stream(StreamName="clicks", ShardCount=shards)

    def put(self, *data: str, key: str = "") -> None:
        records = [{"Data": each.encode(), "PartitionKey": key or each} for each in data]
        answer = self.client.put_records(StreamName="clicks", Records=records)
        assert answer["FailedRecordCount"] == 0


@pytest.fixture
def clicks(source: Source) -> Clicks:
    return Clicks(source)


def trigger(position: str = "TRIM_HORIZON", **settings: Any) -> dict[str, Any]:
    return {"kinesis": {"stream": "clicks", "starting_position": position, **settings}}


def data(events: Sequence[Any]) -> list[list[str]]:
    """What was put, event by event."""
    return [[base64.b64decode(each["kinesis"]["data"]).decode() for each in event["Records"]] for event in events]


def flat(batches: Sequence[Sequence[str]]) -> list[str]:
    return [each for batch in batches for each in batch]


DATA = "import base64; data = [base64.b64decode(r['kinesis']['data']).decode() for r in event['Records']]\n"
NUMBERS = "numbers = [r['kinesis']['sequenceNumber'] for r in event['Records']]\n"
BAD = f"{DATA}if 'bad' in data: raise ValueError('bad')\n"


def test_the_function_gets_lambdas_own_event_of_what_was_there_before(
    source: Source, tmp_path: Path, clicks: Clicks
) -> None:
    clicks.put("one", "two", "three")

    async def main() -> Any:
        async with polling(source, saved(tmp_path, "return", trigger())) as at:
            await at.until("succeeded", records=3)
            assert [each.what for each in at.heard.steps] == ["received", "batched", "succeeded"]
            assert {each.source for each in at.heard.steps} == {"kinesis clicks"}
            return at.got

    [event] = asyncio.run(main())
    assert events.check(event, "kinesis-get-records").departures == ()
    assert data([event]) == [["one", "two", "three"]]
    arn = f"arn:aws:kinesis:eu-west-1:{source.account}:stream/clicks"
    assert {each["eventSourceARN"] for each in event["Records"]} == {arn}
    models = pytest.importorskip("aws_lambda_powertools.utilities.parser.models")
    models.KinesisDataStreamModel.model_validate(event)


def test_latest_is_what_comes_after_the_start_and_nothing_of_it_is_missed(
    source: Source, tmp_path: Path, clicks: Clicks
) -> None:
    clicks.put("before")

    async def main() -> None:
        async with polling(source, saved(tmp_path, "return", trigger("LATEST"))) as at:
            clicks.put("after")
            begun = time.monotonic()
            await at.until("succeeded")
            assert time.monotonic() - begun < 3
            assert data(at.got) == [["after"]]

    asyncio.run(main())


def test_reading_may_begin_at_a_moment(source: Source, tmp_path: Path, clicks: Clicks) -> None:
    clicks.put("before")
    time.sleep(1.1)
    moment = time.time()
    clicks.put("after")

    async def main() -> None:
        settings = trigger("AT_TIMESTAMP", starting_position_timestamp=moment)
        async with polling(source, saved(tmp_path, "return", settings)) as at:
            await at.until("succeeded")
            assert data(at.got) == [["after"]]

    asyncio.run(main())


def test_batches_have_the_size_of_the_trigger_and_a_window_gathers_them(
    source: Source, tmp_path: Path, clicks: Clicks
) -> None:
    clicks.put(*map(str, range(5)), key="a")

    async def main() -> None:
        settings = trigger(batch_size=4, maximum_batching_window=2)
        async with polling(source, saved(tmp_path, "return", settings)) as at:
            await at.until("succeeded", records=4)
            clicks.put("5", key="a")
            await at.until("succeeded", records=6)
            assert data(at.got) == [["0", "1", "2", "3"], ["4", "5"]]

    asyncio.run(main())


def test_six_megabytes_split_a_batch(source: Source, tmp_path: Path, clicks: Clicks) -> None:
    for number in range(7):
        clicks.put(f"{number}{'x' * 900_000}", key="a")

    async def main() -> None:
        async with polling(source, saved(tmp_path, "return", trigger())) as at:
            await at.until("succeeded", records=7)
            batches = data(at.got)
            assert [each[0] for each in flat(batches)] == list("0123456")
            assert len(batches) == 2

    asyncio.run(main())


def test_records_that_pass_no_filter_do_not_come(source: Source, tmp_path: Path, clicks: Clicks) -> None:
    clicks.put(*(json.dumps({"kind": kind}) for kind in ("old", "new", "old")), "plain", key="a")

    async def main() -> None:
        settings = trigger(filters=[{"data": {"kind": ["new"]}}])
        async with polling(source, saved(tmp_path, "return", settings)) as at:
            await at.until("filtered", records=3)
            await at.until("succeeded")
            assert data(at.got) == [['{"kind": "new"}']]
            assert "kind" in at.heard.of("filtered")[0].detail

    asyncio.run(main())


def test_a_failed_batch_blocks_its_shard_until_it_succeeds(source: Source, tmp_path: Path, clicks: Clicks) -> None:
    clicks.put("bad", key="a")
    work = f"""
{DATA}
seen = os.path.join(HERE, "seen")
open(seen, "a").write("x")
if data == ['bad'] and len(open(seen).read()) < 3: raise ValueError
"""

    async def main() -> None:
        async with polling(source, saved(tmp_path, work, trigger(batch_size=1))) as at:
            clicks.put("good", key="a")
            await at.until("succeeded", records=2)
            assert data(at.got) == [["bad"], ["bad"], ["bad"], ["good"]]
            assert [each.detail for each in at.heard.of("retried")] == ["in 0.2 s: ValueError", "in 0.4 s: ValueError"]

    asyncio.run(main())


def test_after_its_attempts_a_batch_is_given_up_and_described_at_the_destination(
    source: Source, tmp_path: Path, clicks: Clicks
) -> None:
    sqs = source.connection.client("sqs")
    url = sqs.create_queue(QueueName="failures")["QueueUrl"]
    clicks.put("bad", "worse", key="a")

    async def main() -> None:
        settings = trigger(maximum_retry_attempts=1, on_failure={"sqs": "failures"}, batch_size=2)
        async with polling(source, saved(tmp_path, BAD, settings)) as at:
            clicks.put("good", key="a")
            await at.until("sent", records=2)
            await at.until("succeeded")
            assert data(at.got) == [["bad", "worse"], ["bad", "worse"], ["good"]]
            [discarded] = at.heard.of("discarded")
            assert discarded.detail == "its 2 attempts have failed: ValueError"
            assert at.heard.of("sent")[0].detail == "sqs failures"

    asyncio.run(main())
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["KinesisBatchInfo"]["batchSize"] == 2
    assert record["KinesisBatchInfo"]["shardId"] == "shardId-000000000000"


def test_bisecting_finds_the_record_that_fails(source: Source, tmp_path: Path, clicks: Clicks) -> None:
    clicks.put("a", "b", "c", "bad", "d", key="a")

    async def main() -> None:
        settings = trigger(maximum_retry_attempts=0, bisect_batch_on_function_error=True)
        async with polling(source, saved(tmp_path, BAD, settings)) as at:
            await at.until("succeeded", records=4)
            await at.until("discarded")
            assert data(at.got) == [
                ["a", "b", "c", "bad", "d"], ["a", "b"], ["c", "bad", "d"], ["c"], ["bad", "d"], ["bad"], ["d"],
            ]  # fmt: skip

    asyncio.run(main())


def test_reported_failures_are_gone_on_with_from_the_first_of_them(
    source: Source, tmp_path: Path, clicks: Clicks
) -> None:
    clicks.put("a", "b", "c", "d", key="a")
    work = f"""
{DATA}{NUMBERS}
if data == ['a', 'b', 'c', 'd']: return {{'batchItemFailures': [{{'itemIdentifier': numbers[i]}} for i in (3, 1)]}}
"""

    async def main() -> None:
        settings = trigger(report_batch_item_failures=True)
        async with polling(source, saved(tmp_path, work, settings)) as at:
            await at.until("succeeded", records=4)
            assert data(at.got) == [["a", "b", "c", "d"], ["b", "c", "d"]]
            assert [len(each.records) for each in at.heard.of("succeeded")] == [1, 3]

    asyncio.run(main())


def test_an_answer_that_makes_no_sense_fails_the_whole_batch(source: Source, tmp_path: Path, clicks: Clicks) -> None:
    clicks.put("a", "b", key="a")

    async def main() -> None:
        settings = trigger(report_batch_item_failures=True, maximum_retry_attempts=0)
        work = "return {'batchItemFailures': [{'itemIdentifier': 'nobody'}]}"
        async with polling(source, saved(tmp_path, work, settings)) as at:
            await at.until("discarded", records=2)
            assert "'nobody', which is not in the batch" in at.heard.of("failed")[0].detail

    asyncio.run(main())


def test_records_that_grow_too_old_are_given_up(source: Source, tmp_path: Path, clicks: Clicks) -> None:
    clicks.put("bad", key="a")
    clock = Clock()

    async def main() -> None:
        async with polling(source, saved(tmp_path, BAD, trigger(maximum_record_age=60)), clock=clock) as at:
            await at.until("retried")
            await clock.skip()
            await at.until("retried", records=2)
            await clock.passes(61)
            await at.until("retried", records=3)
            await clock.skip()
            await at.until("discarded")
            assert at.heard.of("discarded")[0].detail == "older than 60 s"
            clicks.put("good", key="a")
            await at.until("succeeded")

    asyncio.run(main())


def test_retries_come_slower_and_slower_and_go_on_for_ever(source: Source, tmp_path: Path, clicks: Clicks) -> None:
    clicks.put("bad", key="a")
    clock = Clock()

    async def main() -> None:
        async with polling(source, saved(tmp_path, BAD, trigger()), clock=clock) as at:
            for number in range(1, 11):
                await at.until("retried", records=number)
                await clock.skip()
            pauses = [float(each.detail.split()[1]) for each in at.heard.of("retried")]
            assert pauses[:10] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20, 20, 20]

    asyncio.run(main())


def test_keys_run_side_by_side_each_in_order(source: Source, tmp_path: Path, clicks: Clicks) -> None:
    for number in range(8):
        for key in "abcdef":
            clicks.put(f"{key}{number}", key=key)

    async def main() -> int:
        settings = trigger(parallelization_factor=4, batch_size=3)
        async with polling(source, saved(tmp_path, "time.sleep(0.05)", settings)) as at:
            most = 0
            while sum(len(each.records) for each in at.heard.of("succeeded")) < 48:
                most = max(most, at.fleet.running)
                await asyncio.sleep(0.005)
            order = flat(data(at.got))
            for key in "abcdef":
                assert [each for each in order if each[0] == key] == [f"{key}{number}" for number in range(8)]
            return most

    assert 1 < asyncio.run(main()) <= 4


def test_a_throttled_batch_waits_and_does_not_use_up_its_attempts(
    source: Source, tmp_path: Path, clicks: Clicks
) -> None:
    clicks.put("one", key="a")

    async def main() -> None:
        manifest = saved(tmp_path, "return", trigger(maximum_retry_attempts=0), reserved_concurrency=0)
        async with polling(source, manifest) as at:
            await at.until("throttled", records=2)
            at.fleet.change(saved(tmp_path, "return", trigger(maximum_retry_attempts=0)))
            await at.until("succeeded")
            assert not at.heard.of("discarded", "failed")

    asyncio.run(main())


COUNT = f"""
{DATA}
state = event['state']
if not event['isFinalInvokeForWindow']:
    state['all'] = state.get('all', []) + data
return {{'state': state}}
"""


def test_a_window_carries_its_state_and_ends_with_a_last_invocation(
    source: Source, tmp_path: Path, clicks: Clicks
) -> None:
    async def main() -> Any:
        settings = trigger(tumbling_window=2, batch_size=1)
        async with polling(source, saved(tmp_path, COUNT, settings)) as at:
            await asyncio.sleep(2 - time.time() % 2)  # the beginning of a window
            clicks.put("a", "b", key="a")
            await asyncio.sleep(2)
            clicks.put("c", key="a")
            await at.heard.until(lambda heard: sum("window" in each.detail for each in heard.of("succeeded")) == 2)
            return at.got

    got = asyncio.run(main())
    assert data(got) == [["a"], ["b"], [], ["c"], []]
    assert [each["isFinalInvokeForWindow"] for each in got] == [False, False, True, False, True]
    assert [each["state"].get("all", []) for each in got] == [[], ["a"], ["a", "b"], [], ["c"]]
    assert not any(each["isWindowTerminatedEarly"] for each in got)
    assert got[0]["window"] == got[2]["window"]
    assert got[0]["window"]["end"] == got[3]["window"]["start"]
    assert events.check(got[0], "kinesis-time-window").departures == ()


def test_a_windows_last_invocation_is_tried_again_with_the_same_state(
    source: Source, tmp_path: Path, clicks: Clicks
) -> None:
    clicks.put("a", key="a")
    work = """
seen = os.path.join(HERE, "seen")
if event['isFinalInvokeForWindow'] and not os.path.exists(seen):
    open(seen, "w").close()
    raise ValueError
return {'state': {'of': 'a'}}
"""

    async def main() -> Any:
        async with polling(source, saved(tmp_path, work, trigger(tumbling_window=1))) as at:
            await at.heard.until(lambda heard: any("window" in each.detail for each in heard.of("succeeded")))
            return at.got

    got = asyncio.run(main())
    assert [each["isFinalInvokeForWindow"] for each in got] == [False, True, True]
    assert [each["state"] for each in got] == [{}, {"of": "a"}, {"of": "a"}]


def test_a_state_that_is_too_large_ends_the_window_early(source: Source, tmp_path: Path, clicks: Clicks) -> None:
    clicks.put("a", key="a")
    work = "return {'state': {} if event['isFinalInvokeForWindow'] else {'much': 'x' * 1100000}}"

    async def main() -> Any:
        async with polling(source, saved(tmp_path, work, trigger(tumbling_window=900))) as at:
            await at.heard.until(lambda heard: any("window" in each.detail for each in heard.of("succeeded")))
            return at.got

    [_, last] = asyncio.run(main())
    assert (last["isFinalInvokeForWindow"], last["isWindowTerminatedEarly"]) == (True, True)
    assert len(last["state"]["much"]) == 1_100_000


def test_an_answer_without_state_is_a_failure_in_a_window(source: Source, tmp_path: Path, clicks: Clicks) -> None:
    clicks.put("a", key="a")

    async def main() -> None:
        settings = trigger(tumbling_window=900, maximum_retry_attempts=0)
        async with polling(source, saved(tmp_path, "return {}", settings)) as at:
            await at.until("discarded")
            assert "has no state" in at.heard.of("failed")[0].detail

    asyncio.run(main())


def test_shards_are_read_side_by_side_and_children_after_a_split(source: Source, tmp_path: Path) -> None:
    clicks = Clicks(source, shards=2)

    async def main() -> None:
        async with polling(source, saved(tmp_path, "return", trigger("LATEST"))) as at:
            clicks.put(*map(str, range(20)))
            await at.until("succeeded", records=20)
            assert len({record["eventID"].split(":")[0] for event in at.got for record in event["Records"]}) == 2
            [first, _] = clicks.client.list_shards(StreamName="clicks")["Shards"]
            middle = int(first["HashKeyRange"]["EndingHashKey"]) // 2
            clicks.client.split_shard(
                StreamName="clicks", ShardToSplit=first["ShardId"], NewStartingHashKey=str(middle)
            )
            clicks.put(*map(str, range(20, 60)))
            await at.until("succeeded", records=60)
            assert sorted(map(int, flat(data(at.got)))) == list(range(60))

    asyncio.run(main())


def test_what_runs_is_finished_and_the_rest_stays_in_the_stream(source: Source, tmp_path: Path, clicks: Clicks) -> None:
    clicks.put("a", "b", "c", key="a")

    async def main() -> None:
        manifest = saved(tmp_path, "time.sleep(0.5)", trigger(batch_size=1))
        async with polling(source, manifest) as at:
            await at.until("batched")
            await asyncio.sleep(0.1)
            off = saved(tmp_path, "time.sleep(0.5)", trigger(batch_size=1, enabled=False))
            await at.polled.change(off)
            await at.until("succeeded")
            await asyncio.sleep(0.7)
            assert data(at.got) == [["a"]]
            clicks.put("d", key="a")
            await at.polled.change(saved(tmp_path, "time.sleep(0.5)", trigger(batch_size=10)))
            await at.until("succeeded", records=4)
            assert data(at.got) == [["a"], ["b", "c", "d"]]

    asyncio.run(main())


def test_changes_that_follow_each_other_end_with_the_last_one(source: Source, tmp_path: Path, clicks: Clicks) -> None:
    clicks.put("a", "b", "c", key="a")
    work = "time.sleep(0.4)"

    async def main() -> None:
        async with polling(source, saved(tmp_path, work, trigger(batch_size=1))) as at:
            await at.heard.until(lambda _: bool(at.got))
            for size in (10, 7, 2):
                await at.polled.change(saved(tmp_path, work, trigger(batch_size=size)))
            await at.until("succeeded", records=3)
            assert data(at.got) == [["a"], ["b", "c"]]
            assert len(at.heard.of("received")) == 2  # nobody else reads it

    asyncio.run(main())


def test_a_stream_of_aws_itself_is_known_by_its_arn(source: Source, tmp_path: Path, clicks: Clicks) -> None:
    clicks.put("a", key="a")
    arn = f"arn:aws:kinesis:eu-west-1:{source.account}:stream/clicks"
    settings = {"kinesis": {"stream": arn, "starting_position": "TRIM_HORIZON"}}

    async def main() -> None:
        aws = source._replace(endpoint="", ours=False)
        async with polling(aws, saved(tmp_path, "return", settings)) as at:
            await at.until("succeeded")
            assert at.got[0]["Records"][0]["eventSourceARN"] == arn
            clicks.put("b", key="a")
            await at.until("succeeded", records=2)
            assert data(at.got) == [["a"], ["b"]]

    asyncio.run(main())


def test_a_batch_that_is_being_retried_when_everything_ends_is_told_as_returned(
    source: Source, tmp_path: Path, clicks: Clicks
) -> None:
    clicks.put("bad", key="a")

    async def main() -> None:
        async with polling(source, saved(tmp_path, BAD, trigger()), clock=Clock()) as at:
            await at.until("retried")
            await at.polled.pause()
            await at.until("returned")
            assert at.heard.of("returned")[0].records == at.heard.of("failed")[0].records

    asyncio.run(main())


def test_a_source_that_was_emptied_is_read_from_its_new_beginning(
    source: Source, tmp_path: Path, clicks: Clicks
) -> None:
    async def main() -> None:
        async with polling(source, saved(tmp_path, "return", trigger("LATEST")), clock=Real()) as at:
            clicks.put("old", key="a")
            await at.until("succeeded")
            clicks.client.delete_stream(StreamName="clicks")
            await at.heard.until(lambda heard: bool(heard.warnings))
            Clicks(source)
            clicks.put("new", key="a")
            await at.polled.again()
            await at.until("succeeded", records=2)
            assert data(at.got) == [["old"], ["new"]]
            [warning] = at.heard.warnings
            assert warning.startswith("functions.orders.triggers[0].kinesis.stream: kinesis clicks is not there")
            assert at.heard.notes == ["kinesis clicks: it is there again"]

    asyncio.run(main())
