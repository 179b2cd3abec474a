"""Batches through ``lambda_handler``: what is stored, announced, dead-lettered or returned. The rest completes."""

from __future__ import annotations

import json
import time
from types import ModuleType

import pytest

from tests.fakes.handler_aws import MAX_MESSAGE, FakeAws
from tests.handler.batches import announced, handle
from tests.handler.worlds import Context, cause, job, of_tenant, record


def stale_attempt_deadline(aws: FakeAws, app: ModuleType, job_id: str, ended: float) -> None:
    """The idempotency record of a job whose environment was killed: run it, then put the record back in time."""
    before = set(aws.items)
    handle(app, record("seed", job(job_id=job_id)))
    [key] = set(aws.items) - before
    item = aws.items[key]
    item["status"] = {"S": "INPROGRESS"}
    item["in_progress_expiration"] = {"N": str(int(ended * 1000))}
    item.pop("data")
    aws.objects.clear()
    aws.events.clear()


def test_a_batch_is_scored_stored_and_announced_in_one_call(app: ModuleType, aws: FakeAws) -> None:
    assert handle(app, *(record(f"m{n}", job(job_id=f"j{n}")) for n in range(10))) == []
    assert aws.result("j3")["result"]["summary"]["rows"] == 3
    assert [event["message_id"] for event in announced(aws)] == [f"m{n}" for n in range(10)]
    event = announced(aws)[0]
    assert event["bucket"] == "results" and event["size"] == len(aws.objects["results", event["key"]])
    assert aws.calls["PutEvents"] == 1


def test_a_body_of_a_mebibyte_is_worked_on_or_returned_but_never_lost(app: ModuleType, aws: FakeAws) -> None:
    body = job(data={"columns": {"a": [1] * 50_000, "b": [2] * 50_000}})
    body += " " * (MAX_MESSAGE - len(body))
    poison = "x" * MAX_MESSAGE  # its cause does not fit beside it: SQS itself moves it after its receives
    assert handle(app, record("big", body), record("poison", poison)) == ["poison"]
    assert aws.result("job-1")["result"]["summary"]["rows"] == 50_000


def test_a_batch_where_all_fail_is_returned_whole(app: ModuleType, aws: FakeAws) -> None:
    aws.fail("PutItem", 500, "InternalServerError")
    assert handle(app, record("m1", job(job_id="a")), record("m2", job(job_id="b"))) == ["m1", "m2"]


def test_a_duplicate_runs_once_and_is_announced_again(app: ModuleType, aws: FakeAws) -> None:
    assert handle(app, record("m1", job()), record("m2", job())) == []
    assert handle(app, record("m3", job())) == []
    assert aws.calls["PutObject"] == 1
    assert [(event["job_id"], event["message_id"]) for event in announced(aws)] == [
        ("job-1", "m1"), ("job-1", "m2"), ("job-1", "m3"),
    ]  # fmt: skip


def test_a_job_id_that_was_used_for_another_job_is_refused(app: ModuleType, aws: FakeAws) -> None:
    other = job(data={"columns": {"a": [9], "b": [9]}})
    assert handle(app, record("m1", job()), record("m2", other)) == []
    assert cause(aws.sent[0]) == "JobIdReused"


def test_a_short_failure_of_s3_is_retried_and_a_long_one_returned(app: ModuleType, aws: FakeAws) -> None:
    aws.fail("PutObject", 503, "SlowDown", times=2)
    assert handle(app, record("m1", job())) == []
    aws.fail("PutObject", 500, "InternalError")
    assert handle(app, record("m2", job(job_id="other"))) == ["m2"]
    aws.fail("PutObject", 500, "InternalError", times=0)
    assert handle(app, record("m2", job(job_id="other"), receives=2)) == []
    assert aws.result("other")


def test_a_result_that_the_bus_refused_is_returned_and_announced_later(app: ModuleType, aws: FakeAws) -> None:
    aws.refused_events.add("a")
    assert handle(app, record("m1", job(job_id="a")), record("m2", job(job_id="b"))) == ["m1"]
    aws.refused_events.clear()
    assert handle(app, record("m1", job(job_id="a"), receives=2)) == []
    assert [event["job_id"] for event in announced(aws)] == ["b", "a"]
    assert aws.calls["PutObject"] == 2


def test_all_results_are_returned_when_the_bus_is_down(app: ModuleType, aws: FakeAws) -> None:
    aws.fail("PutEvents", 503, "ServiceUnavailable")
    assert handle(app, record("m1", job(job_id="a")), record("m2", job(job_id="b"))) == ["m1", "m2"]


def test_who_has_the_fewest_chances_left_runs_first(app: ModuleType, aws: FakeAws) -> None:
    receives = {"a": 1, "b": 3, "c": 2, "d": 3}
    assert handle(app, *(record(name, job(job_id=name), receives=count) for name, count in receives.items())) == []
    assert [event["job_id"] for event in announced(aws)] == ["b", "d", "c", "a"]


def test_dangerous_jobs_run_after_the_quick_ones_are_settled(app: ModuleType, aws: FakeAws) -> None:
    bootstrap = job("describe", "bootstrap", params={"resamples": 10})
    encoding = job("prepare", "encoding", params={"max_categories": 9})
    batch = [record("m1", bootstrap), record("m2", encoding, receives=2), record("m3", job(job_id="quick"))]
    assert handle(app, *batch) == []
    assert [event["job_id"] for event in announced(aws)] == ["quick", "encoding", "bootstrap"]
    assert aws.deleted == ["handle-m3", "handle-m2"]


def test_a_table_that_lies_elsewhere_waits_until_the_others_are_settled(app: ModuleType, aws: FakeAws) -> None:
    aws.objects["inputs", "t.csv"] = b"a,b\n1,2\n"
    batch = [
        record("m1", job(job_id="named", data="s3://inputs/t.csv"), receives=2),
        record("m2", job(job_id="inline")),
    ]
    assert handle(app, *batch) == []
    assert [event["job_id"] for event in announced(aws)] == ["inline", "named"]
    assert aws.deleted == ["handle-m2"]


def test_suspects_run_last_after_what_is_finished_has_been_settled(app: ModuleType, aws: FakeAws) -> None:
    stale_attempt_deadline(aws, app, "newer", time.time() - 10)
    stale_attempt_deadline(aws, app, "older", time.time() - 100)
    newer, older = (record(f"m-{name}", job(job_id=name), receives=2) for name in ("newer", "older"))
    innocent = record("m-innocent", job(job_id="innocent"), receives=2)
    assert handle(app, newer, older, innocent) == []
    assert [event["job_id"] for event in announced(aws)] == ["innocent", "older", "newer"]
    assert aws.deleted == ["handle-m-innocent", "handle-m-older"]
    assert aws.calls["DeleteMessageBatch"] == 2


def test_a_suspect_does_not_wait_for_messages_that_sqs_would_not_delete(app: ModuleType, aws: FakeAws) -> None:
    stale_attempt_deadline(aws, app, "suspect", time.time() - 10)
    aws.fail("DeleteMessageBatch", 403, "AccessDenied")
    records = [record("m1", job(job_id="suspect"), receives=2), record("m2", job(job_id="other"))]
    assert handle(app, *records) == []
    assert aws.result("suspect") and aws.result("other")


def test_a_job_that_runs_elsewhere_at_this_moment_is_returned(app: ModuleType, aws: FakeAws) -> None:
    stale_attempt_deadline(aws, app, "busy", time.time() + 60)
    assert handle(app, record("m1", job(job_id="busy"), receives=2), record("m2", job())) == ["m1"]


def test_what_cannot_be_finished_in_time_is_returned(app: ModuleType, aws: FakeAws) -> None:
    context = Context(seconds=7.2, step=1.1)  # two looks at the start, one before a job, one of its idempotency record
    given_back = handle(app, *(record(f"m{n}", job(job_id=f"j{n}")) for n in range(4)), context=context)
    assert given_back == ["m2", "m3"]
    assert [event["job_id"] for event in announced(aws)] == ["j0", "j1"]


def out_of_time() -> Context:
    """Enough for one job: two looks at the start, one before each job, one of its idempotency record."""
    return Context(seconds=5.5, step=1.1)


def test_a_job_that_no_time_is_left_for_on_its_last_receive_is_sent_again(app: ModuleType, aws: FakeAws) -> None:
    own = {"tenant": {"stringValue": "a", "dataType": "String", "stringListValues": [], "binaryListValues": []}}
    batch = [record(f"m{n}", job(job_id=f"j{n}"), receives=3, attributes=own) for n in range(3)]
    assert handle(app, *batch, context=out_of_time()) == []
    assert [event["job_id"] for event in announced(aws)] == ["j0"]
    assert [message["MessageBody"] for message in aws.sent] == [job(job_id="j1"), job(job_id="j2")]
    assert {message["QueueUrl"] for message in aws.sent} == {f"{aws.url}/000000000000/scilearn-jobs"}
    assert aws.sent[0]["MessageAttributes"] == {"tenant": {"StringValue": "a", "DataType": "String"}}


def test_a_job_that_is_sent_again_keeps_its_tenant(app: ModuleType, aws: FakeAws) -> None:
    batch = [of_tenant(record(f"m{n}", job(job_id=f"j{n}"), receives=3), f"tenant-{n}") for n in range(2)]
    assert handle(app, *batch, context=out_of_time()) == []
    assert [message.get("MessageGroupId") for message in aws.sent] == ["tenant-1"]


def test_a_job_that_sqs_does_not_take_again_is_returned(app: ModuleType, aws: FakeAws) -> None:
    aws.fail("SendMessage", 403, "AccessDenied")
    batch = [record(f"m{n}", job(job_id=f"j{n}"), receives=3) for n in range(2)]
    assert handle(app, *batch, context=out_of_time()) == ["m1"]


def test_a_round_in_which_no_job_was_begun_sends_none_again(app: ModuleType, aws: FakeAws) -> None:
    assert handle(app, record("m1", job(), receives=3), context=Context(seconds=2.0, step=0.7)) == ["m1"]
    assert aws.sent == []


def test_a_suspect_is_not_sent_again(app: ModuleType, aws: FakeAws) -> None:
    stale_attempt_deadline(aws, app, "suspect", time.time() - 10)
    batch = [record("m1", job(job_id="suspect"), receives=3), record("m2", job(job_id="other"), receives=3)]
    assert handle(app, *batch, context=out_of_time()) == ["m1"]
    assert aws.sent == []


def test_a_crowd_of_slow_jobs_is_worked_off_and_none_fails_unstarted(app: ModuleType, aws: FakeAws) -> None:
    queue = [(f"slow-{n}", 0) for n in range(40)]
    while queue:
        batch, queue = queue[:10], queue[10:]
        assert all(receives < 3 for _, receives in batch), "it would be in the dead-letter queue now"
        records = [record(name, job(job_id=name), receives=receives + 1) for name, receives in batch]
        given_back = handle(app, *records, context=Context(seconds=80, step=10))  # 20 s a job, of 60
        queue += [(name, receives + 1) for name, receives in batch if name in given_back]
        queue += [(json.loads(message["MessageBody"])["job_id"], 0) for message in aws.sent]
        aws.sent.clear()
    assert len({event["job_id"] for event in announced(aws)}) == 40


def test_a_job_whose_record_vanished_meanwhile_is_still_known_by_its_content(app: ModuleType, aws: FakeAws) -> None:
    aws.forgetful = True
    handle(app, record("m1", job()))
    assert handle(app, record("m1", job(), receives=2)) == []
    assert aws.sent == [] and aws.calls["PutObject"] == 1


@pytest.mark.parametrize("seconds", [0.8, 1, 3])
def test_the_shortest_function_runs_a_job(app: ModuleType, aws: FakeAws, seconds: float) -> None:
    assert handle(app, record("m1", job()), context=Context(seconds)) == []


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem", "PutEvents"])
def test_an_answer_that_is_lost_on_the_way_changes_nothing(
    app: ModuleType, aws: FakeAws, operation: str, kept: bool
) -> None:
    if kept:
        handle(app, record("m0", job(job_id="before")))
    aws.unanswered.add(operation)
    assert handle(app, record("m1", job())) == []
    assert aws.calls[operation] == 2 + kept and aws.result("job-1")


@pytest.mark.parametrize("operation", ["PutItem", "PutObject", "PutEvents"])
def test_a_service_that_hangs_costs_no_more_than_the_invocation_has(
    app: ModuleType, aws: FakeAws, operation: str
) -> None:
    aws.hanging.add(operation)

    def took(number: int) -> float:
        began = time.monotonic()
        given_back = handle(app, record(f"m{number}", job(job_id=f"job-{number}")), context=Context(seconds=4))
        ended = time.monotonic() - began
        assert given_back == [f"m{number}"]
        assert ended > 2
        return ended

    assert any(took(number) < 4 for number in range(5)), "a busy machine may be late once; what waits longer, always"


def test_one_job_as_the_event_itself_is_run_and_a_bad_one_fails(app: ModuleType, aws: FakeAws) -> None:
    pointer = app.lambda_handler(json.loads(job()), Context())
    assert pointer["key"] == "results/job-1.json" and aws.result("job-1")
    with pytest.raises(Exception, match="no job of kind"):
        app.lambda_handler(json.loads(job(kind="cluster")), Context())
