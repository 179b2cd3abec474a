"""Queues that no Lambda function reads, and the parts along a workload's path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ops.aws import policies
from ops.aws.policies import Grant
from ops.cli.app import run
from ops.deadletters.queue import open_queue
from ops.errors import UsageError
from ops.insight.report_types import Level
from ops.insight.reports import overview
from ops.insight.reports.overview import OverviewReport
from ops.insight.reports.overview_parts.pipeline import PipelineNode
from ops.insight.time_window import last
from tests.cases.workloads.account_parts import ACCOUNT, API, FUNCTION, MAPPING, QUEUE, M, Queue, Reads, arn, stack, url
from tests.cases.workloads.accounts import Account
from tests.cases.workloads.served import Served, aimed, described
from tests.fakes.aws import serve

TOPIC, RULE = arn("sns", "news"), arn("events", "rule/nightly")


def statement(service: str, condition: Any, **more: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Condition": condition,
        **more,
    }


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


FROM_TOPIC = statement("sns", {"ArnEquals": {"aws:SourceArn": TOPIC}})
FROM_RULE = statement("events", {"ArnLike": {"AWS:SourceArn": [RULE]}})


@pytest.mark.parametrize(
    ("text", "granted"),
    [
        (policy(FROM_TOPIC, FROM_RULE), (Grant("sns", TOPIC), Grant("events", RULE))),
        (policy(statement("s3", {"StringEquals": {"aws:SourceAccount": ACCOUNT}})), (Grant("s3", ""),)),
        (policy(statement("s3", {"ArnLike": {"aws:sourcearn": "arn:aws:s3:::in"}})), (Grant("s3", "arn:aws:s3:::in"),)),
        (policy({**FROM_TOPIC, "Principal": "*"}), (Grant("sns", TOPIC),)),
        (policy({**FROM_TOPIC, "Principal": {"AWS": "*"}}), (Grant("sns", TOPIC),)),
        (policy({**FROM_TOPIC, "Effect": "Deny"}), ()),
        (policy(statement("sns", {"ArnNotEquals": {"aws:SourceArn": TOPIC}})), (Grant("sns", ""),)),
        (policy({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sqs:*"}), ()),
        (json.dumps({"Statement": FROM_TOPIC}), (Grant("sns", TOPIC),)),
        ("", ()),
        ("no JSON", ()),
        ("[1]", ()),
        (json.dumps({"Statement": ["x", 3, None]}), ()),
    ],
)
def test_what_a_policy_lets_in(text: str, granted: tuple[Grant, ...]) -> None:
    assert policies.parse_grants(text) == granted


def report(served: Served, account: Account, **named: str) -> OverviewReport:
    return overview.report(served[1], described(served, account, **named), last(15, 60))


@dataclass(frozen=True)
class Unread:
    name: str
    account: Account
    level: Level
    said: str


NONE = "no event source mapping reads tasks in this account and region"
UNREAD = (
    Unread(
        "a container reads it",
        Account({"tasks": Queue(depth=3)}, per_minute={"NumberOfMessagesDeleted": 5.0}),
        Level.OK,
        f"OK: {NONE}; messages are deleted at 5/min: another consumer probably reads it.",
    ),
    Unread(
        "received and not deleted yet",
        Account({"tasks": Queue()}, per_minute={"NumberOfMessagesReceived": 2.0, "NumberOfMessagesDeleted": 0.0}),
        Level.OK,
        f"OK: {NONE}; messages are received: another consumer may read it.",
    ),
    Unread(
        "it holds what nobody takes",
        Account({"tasks": Queue(depth=3)}),
        Level.WARNING,
        f"Warning: {NONE}, and no messages are received; 3 queued.",
    ),
    Unread("it is empty", Account({"tasks": Queue()}), Level.OK, f"OK: {NONE}; it is empty."),
)


@pytest.mark.parametrize("unread", UNREAD, ids=lambda unread: unread.name)
def test_a_queue_that_no_mapping_reads(
    served: Served, unread: Unread, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = report(served, unread.account, queue="tasks")
    assert (found.finding.level, found.finding.text) == (unread.level, unread.said)
    assert found.stops.readers == (PipelineNode("Function", "", "no event source mapping"),)
    with serve(unread.account.answer, monkeypatch):
        assert run(["status", "--queue", "tasks"]) == 0
    said = capsys.readouterr()
    assert "add an event source mapping" not in said.out + said.err


DEAD = {
    "a rule's": (
        Account({"dead": Queue(policy=policy(FROM_RULE), depth=2)}, targets={"nightly": {"dlq": arn("sqs", "dead")}}),
        "EventBridge rule nightly",
    ),
    "a topic's subscription's": (
        Account({"dead": Queue(policy=policy(FROM_TOPIC), depth=2)}, subscriptions={TOPIC: arn("sqs", "dead")}),
        "SNS topic news",
    ),
    "of two queues": (
        Account({"dead": Queue(depth=2), "a": Queue(dlq="dead"), "b": Queue(dlq="dead")}),
        "a, b",
    ),
}


@pytest.mark.parametrize("whose", DEAD)
def test_a_dead_letter_queue_is_described_as_that(served: Served, whose: str) -> None:
    account, serves = DEAD[whose]
    found = described(served, account, queue="dead")
    assert (", ".join(found.serves), found.dlq) == (serves, found.queue)
    assert found.notes == (f"dead is the dead-letter queue of {serves}.",)
    told = report(served, account, queue="dead")
    assert told.finding.level is Level.CRITICAL
    assert "2 dead letters" in told.finding.text
    assert next(card for card in told.cards if card.key == "dead").value == 2


def test_a_target_of_a_rule_is_no_dead_letter_queue(served: Served) -> None:
    account = Account({"tasks": Queue(policy=policy(FROM_RULE))}, targets={"nightly": {"arn": arn("sqs", "tasks")}})
    found = described(served, account, queue="tasks")
    assert (found.serves, [str(sender) for sender in found.senders]) == ((), ["EventBridge rule nightly"])
    assert any("Its policy lets in EventBridge rule nightly." in note for note in found.notes)
    refused = replace(account, denied=frozenset({"ListTargetsByRule"}))
    assert described(served, refused, queue="tasks").serves == (), "what may not be asked proves nothing"


TASKS = {"tasks": Queue()}
OF_ITSELF = {
    "a function's dead-letter queue: nothing shows whose it is": (Account(TASKS), "tasks"),
    "a rule's": (DEAD["a rule's"][0], "dead"),
    "of two queues": (DEAD["of two queues"][0], "dead"),
}


@pytest.mark.parametrize("whose", OF_ITSELF)
def test_the_messages_of_a_dead_letter_queue_are_reached_by_its_own_name(
    served: Served, whose: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.deadletters.queue.state_folder", lambda target: tmp_path)
    account, name = OF_ITSELF[whose]
    found = described(served, account, queue=name)
    assert open_queue(aimed(served[1], queue=name), found).queue.name == name


NOT_ONE = {
    "a rule delivers to it": (
        Account({"tasks": Queue(policy=policy(FROM_RULE))}, targets={"nightly": {"arn": arn("sqs", "tasks")}}),
        {"queue": "tasks"},
        "--from tasks",
    ),
    "only its stack was named": (
        Account(TASKS, stacks={"shop": stack((QUEUE, "tasks"))}),
        {"stack": "shop"},
        "--from tasks",
    ),
    "a function reads it": (Account(TASKS, {M[1]: Reads("tasks", "worker")}), {"queue": "tasks"}, "redrive policy"),
    "whether a function reads it is not known": (
        Account(TASKS, denied=frozenset({"ListEventSourceMappings"})),
        {"queue": "tasks"},
        "--from tasks",
    ),
}


@pytest.mark.parametrize("why", NOT_ONE)
def test_work_that_waits_is_not_taken_for_dead_letters(served: Served, why: str) -> None:
    account, named, advice = NOT_ONE[why]
    found = described(served, account, **named)
    with pytest.raises(UsageError, match="tasks has no dead-letter queue") as caught:
        open_queue(aimed(served[1], **named), found)
    assert advice in caught.value.next_step


BUCKET = statement("s3", {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::uploads-prod"}})
PATHS = {
    "nothing in front and no results": (Queue(), (), {}, (), ()),
    "a bucket and a topic": (
        Queue(policy=policy(BUCKET, FROM_TOPIC)),
        (),
        {},
        (PipelineNode("S3 bucket", "uploads-prod"), PipelineNode("SNS topic", "news")),
        (),
    ),
    "a rule on a bus of its own": (
        Queue(policy=policy(statement("events", {"ArnEquals": {"aws:SourceArn": arn("events", "rule/orders/Paid")}}))),
        (),
        {},
        (PipelineNode("EventBridge rule", "Paid"),),
        (),
    ),
    "an API, and results": (
        Queue(),
        ((API, "a1b2c3d4"),),
        {"ResultsBucketName": "results-1", "ResultsQueueUrl": url("results")},
        (PipelineNode("API", "a1b2c3d4"),),
        (PipelineNode("Results bucket", "results-1"), PipelineNode("Results queue", "results")),
    ),
}


@pytest.mark.parametrize("path", PATHS)
def test_the_path_shows_what_this_workload_has(served: Served, path: str) -> None:
    queue, resources, outputs, senders, results = PATHS[path]
    account = Account(
        {"Orders_Queue": queue},
        {M[1]: Reads("Orders_Queue", "Worker:live"), M[2]: Reads("Orders_Queue", "audit")},
        {"shop": stack((QUEUE, "Orders_Queue"), (FUNCTION, "Worker"), (MAPPING, M[1]), *resources, outputs=outputs)},
    )
    stops = report(served, account, stack="shop").stops
    assert (stops.senders, stops.results) == (senders, results)
    assert stops.queue == PipelineNode("Queue", "Orders_Queue")
    assert stops.readers == (PipelineNode("Function", "Worker:live"), PipelineNode("Function", "audit"))
    assert stops.dead == PipelineNode("Dead-letter queue", "", "none configured")
