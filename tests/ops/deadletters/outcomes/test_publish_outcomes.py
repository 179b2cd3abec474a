"""Redriving events and notifications: those that cannot be delivered again return under their new IDs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ops.deadletters import plans
from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.outcomes import dlq_search
from ops.deadletters.plan_model import Pace, Selection, Steps
from ops.deadletters.redrive import redrive
from tests.fakes.dlq_world import World, a_world
from tests.fakes.sqs.faults import DENIED, Fault
from tests.ops.deadletters.listener import listening
from tests.timing import set_timing

RULE = "arn:aws:events:eu-west-1:000000000000:rule/shop/orders"
BUSES = "arn:aws:events:eu-west-1:000000000000:event-bus"
TOPIC = "arn:aws:sns:eu-west-1:000000000000:orders"
NOT_ALLOWED = {
    "RULE_ARN": {"StringValue": RULE, "DataType": "String"},
    "TARGET_ARN": {"StringValue": "arn:aws:lambda:eu-west-1:000000000000:function:worker", "DataType": "String"},
    "ERROR_CODE": {"StringValue": "NO_PERMISSIONS", "DataType": "String"},
    "ERROR_MESSAGE": {"StringValue": "not authorized", "DataType": "String"},
}


class Deliveries:
    """EventBridge and SNS: what fails cannot be delivered, and lies in the dead-letter queue at once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.fault: Fault | None = None  # of SQS, as soon as an event was put

    def __call__(self, path: str, body: bytes) -> tuple[int, str]:
        new = str(uuid4())
        if b"Action=Publish" in body:
            if b"fails%22%3A+true" in body:
                self.world.dlq.put([{"body": notification(True, new)}])
            return 200, (
                '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
                f"<MessageId>{new}</MessageId></PublishResult></PublishResponse>"
            )
        if b"Action=ListSubscriptionsByTopic" in body:
            return 200, (
                '<ListSubscriptionsByTopicResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">'
                "<ListSubscriptionsByTopicResult><Subscriptions/></ListSubscriptionsByTopicResult>"
                "</ListSubscriptionsByTopicResponse>"
            )
        asked = json.loads(body)
        if "Name" in asked:  # DescribeEventBus
            return 200, json.dumps({"Name": asked["Name"], "Arn": f"{BUSES}/{asked['Name']}"})
        if self.fault:
            self.world.aws.fault(self.fault)
        entries = []
        for number, entry in enumerate(asked["Entries"]):
            entries.append({"EventId": f"{new}-{number}"})
            if json.loads(entry["Detail"])["fails"]:
                dead = event(True, f"{new}-{number}")
                self.world.dlq.put([{"body": dead, "attributes": NOT_ALLOWED}])
        return 200, json.dumps({"FailedEntryCount": 0, "Entries": entries})


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deliveries]:
    with (
        pytest.MonkeyPatch.context() as patch,
        listening() as heard,
        a_world(tmp_path_factory.mktemp("home"), patch, retries=0) as made,
    ):
        for service in ("EVENTBRIDGE", "SNS"):
            patch.setenv(f"AWS_ENDPOINT_URL_{service}", heard.url)
        made.aws.waits(0.02)
        heard.reply = deliveries = Deliveries(made)
        yield deliveries


@pytest.fixture
def world(services: Deliveries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    set_timing(monkeypatch, rollout_tick=0.05, dlq_settling=0.3, outcome_check=0.1)
    services.fault = None
    return services.world.with_new_queues(tmp_path, monkeypatch)


def event(fails: bool, name: str) -> str:
    detail = {"fails": fails}
    return json.dumps({"id": name, "detail-type": "Order", "source": "shop", "resources": [], "detail": detail})


def notification(fails: bool, name: str) -> str:
    message = json.dumps({"fails": fails})
    return json.dumps({"Type": "Notification", "MessageId": name, "TopicArn": TOPIC, "Message": message})


def died(world: World, bodies: list[str], attributes: dict[str, Any]) -> None:
    world.dlq.put([{"body": body, "attributes": attributes} for body in bodies])
    world.add_to_snapshot()


def redriven(world: World, sizes: tuple[str, ...] = ("100%",), patience_s: float = 20) -> Run:
    steps = Steps(sizes=sizes, patience_s=patience_s)
    plan = plans.make_plan(world.source, Selection(), pace=Pace(None, headroom=False), steps=steps, margin=1.0)
    return redrive.start_redrive(world.source, plan, reason="r")


def test_the_canary_stops_when_events_come_back(world: World) -> None:
    died(world, [event(True, f"e{number}") for number in range(12)], NOT_ALLOWED)
    run = redriven(world, sizes=("5", "100%"))
    assert (run.state, run.sent, run.failed_again) == (RunState.STOPPED, 5, 5)
    assert run.status_text == (
        "Stopped in stage 1 of 2: 5 of 5 failed again, more than 20% (5: EventBridge NO_PERMISSIONS to worker: not "
        "authorized). 7 messages were not sent."
    )
    assert len(world.dlq.messages()) == 12
    assert not any(message["hidden"] for message in world.dlq.messages()), "what was read is given back"


def test_notifications_that_come_back_are_told_from_those_that_did_not(world: World) -> None:
    died(world, [notification(number == 1, f"n{number}") for number in range(4)], {})
    run = redriven(world)
    assert (run.state, run.sent, run.succeeded, run.failed_again, run.waiting) == (RunState.DONE, 4, 0, 1, 0)
    assert run.status_text == (
        "4 messages were sent, 1 failed again (1: unknown), 3 cannot be tracked. 3 messages to orders did not return to "
        "jobs-dlq within 0.3 s; that is not proof of delivery, and SNS retries a failed delivery to SQS or Lambda "
        "for up to 23 days."
    )


def test_events_that_do_not_come_back_let_the_next_step_go(world: World) -> None:
    died(world, [event(False, f"e{number}") for number in range(6)], NOT_ALLOWED)
    run = redriven(world, sizes=("2", "100%"))
    assert (run.state, run.sent, run.failed_again, run.waiting) == (RunState.DONE, 6, 0, 0)
    assert [step.state for step in run.steps] == ["passed", "passed"]
    assert "6 messages to shop did not return to jobs-dlq" in run.status_text


def test_a_queue_too_long_to_search_leaves_the_outcome_open(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dlq_search, "MAX_SEARCHED", 3)
    died(world, [event(True, f"e{number}") for number in range(6)], NOT_ALLOWED)
    run = redriven(world, sizes=("2", "100%"), patience_s=2)
    assert (run.state, run.sent) == (RunState.STOPPED, 2)
    assert "jobs-dlq has 6 messages, too many to search for those that failed again" in run.status_text


def test_a_queue_that_may_not_be_read_again_leaves_it_open_and_says_why(world: World, services: Deliveries) -> None:
    died(world, [event(True, f"e{number}") for number in range(6)], NOT_ALLOWED)
    services.fault = replace(DENIED, operation="GetQueueAttributes", queue="jobs-dlq")
    run = redriven(world, sizes=("2", "100%"), patience_s=2)
    assert (run.state, run.sent) == (RunState.STOPPED, 2)
    assert "is not authorized to perform sqs:" in run.status_text
