"""Messages of any content and size: redriven as they were, or left with the reason."""

from __future__ import annotations

import base64
import json
from collections import Counter

import pytest

from ops.deadletters.ledger.model import RunState
from ops.deadletters.scan.scan import scan_queue
from tests.fakes.dlq_world import World
from tests.ops.deadletters.redrives_without_rollout import a_plan, start_run

pytestmark = pytest.mark.slow  # half a second each, and many of them

A_MIB = 1_048_576
RETRIES = 1
WAITS_S = 0.05
BODIES = {
    "empty JSON": "{}",
    "no JSON": '{"half": ',
    "deeply nested": "[" * 100_000 + "]" * 100_000,
    "a number with no end": "9" * 50_000,
    "not a number": '{"a": NaN, "b": Infinity}',
    "the same key twice": '{"a": 1, "a": 2}',
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "a formula": "=cmd|' /C calc'!A0",
    "a replacement character": "\ufffd\ufeff\u200e\u202e",
    "line ends": "a\r\nb\rc\n\u2028d\u0085",
    "outside the first plane": "\U0001f4a9" * 1000,
    "spaces": " \t\n ",
    "binary as text": "".join(map(chr, range(0x80, 0x100))),
    "a whole MiB": "x" * A_MIB,
    "a MiB with room for the id": "x" * (A_MIB - 100),
}


def test_messages_of_any_content_come_back_as_they_were(world: World) -> None:
    system = {"DeadLetterQueueSourceArn": world.jobs.arn, "AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793"}
    ids = world.dlq.put([{"body": body, "system": system} for body in BODIES.values()])
    done = scan_queue(world.source)
    assert (done.messages, done.not_released) == (len(BODIES), 0)
    run = start_run(world, a_plan(world))
    assert run.state is RunState.DONE
    arrived = Counter(message["Body"] for message in world.jobs.messages())
    left = {message["MessageId"] for message in world.dlq.messages()}
    whole = ids[list(BODIES).index("a whole MiB")]  # no byte of room for the first message's id
    assert left <= {whole}
    assert arrived == Counter(body for name, body in zip(ids, BODIES.values(), strict=True) if name not in left)
    assert run.failed == len(left)
    assert all(m["Attributes"]["AWSTraceHeader"] == system["AWSTraceHeader"] for m in world.jobs.messages())


def test_bodies_that_sqs_would_not_take_stay_and_are_told(world: World) -> None:
    """They cannot come to be in a queue of today; an import, or a queue of another maker, may hold them."""
    system = {"DeadLetterQueueSourceArn": world.jobs.arn}
    bodies = ["a\0b", "\x1b[31mred", "\ud800 alone", "good"]
    world.dlq.put([{"body": body, "system": system} for body in bodies])
    scan_queue(world.source)
    run = start_run(world, a_plan(world))
    assert (run.state, run.sent, run.failed) == (RunState.DONE, 1, 3)
    assert [message["Body"] for message in world.jobs.messages()] == ["good"]
    assert sorted(world.bodies()) == sorted(bodies[:3])
    assert not any("\x1b" in sentence or "\n" in sentence for sentence, _ in run.failures)


def test_a_message_as_large_as_sqs_allows_goes_as_it_is(world: World) -> None:
    """There is no room for the original message id, as there is none beside ten attributes."""
    body = "x" * 1_048_576
    world.put([body, "small"])
    plan = a_plan(world)
    assert any(each.startswith("1 message at the SQS limit (10 attributes, 1 MiB)") for each in plan.warnings)
    run = start_run(world, plan)
    assert (run.state, run.sent, run.failed) == (RunState.DONE, 2, 0)
    arrived = {message["Body"]: message.get("MessageAttributes", {}) for message in world.jobs.messages()}
    assert arrived[body] == {}
    assert list(arrived["small"]) == ["OriginalMessageId"]


def test_binary_attributes_are_as_large_as_their_bytes_not_as_their_base64(world: World) -> None:
    raw = base64.b64encode(bytes(1_000_000)).decode()
    world.put(["a"], {"Raw": {"DataType": "Binary", "BinaryValue": raw}})
    run = start_run(world, a_plan(world))
    assert (run.state, run.sent, run.failed) == (RunState.DONE, 1, 0)
    [message] = world.jobs.messages()
    assert message["MessageAttributes"]["Raw"]["BinaryValue"] == raw
    assert "OriginalMessageId" in message["MessageAttributes"]


def test_attributes_at_their_limits(world: World) -> None:
    ten = {f"{'n' * 250}{at}": {"DataType": "String", "StringValue": "\U0001f4a9"} for at in range(10)}
    typed = {
        "Number": {"DataType": "Number", "StringValue": "-1.7976931348623157e308"},
        "Custom": {"DataType": "Number.float", "StringValue": "0.1"},
        "Raw": {"DataType": "Binary.png", "BinaryValue": "AP//gA=="},
        "Text.a-b_c": {"DataType": "String.x", "StringValue": " \u202e\t"},
    }
    system = {"DeadLetterQueueSourceArn": world.jobs.arn}
    ids = world.dlq.put([{"body": "a", "attributes": a, "system": system} for a in (ten, typed)])
    scan_queue(world.source)
    run = start_run(world, a_plan(world))
    assert (run.state, run.sent) == (RunState.DONE, 2)
    full, rest = sorted((m["MessageAttributes"] for m in world.jobs.messages()), key=len, reverse=True)
    assert full == ten
    assert rest == typed | {"OriginalMessageId": {"DataType": "String", "StringValue": ids[1]}}


def test_large_messages_go_in_batches_that_fit(world: World) -> None:
    system = {"DeadLetterQueueSourceArn": world.jobs.arn}
    bodies = [json.dumps({"n": at, "x": "ä" * 130_000}, ensure_ascii=False) for at in range(12)]
    world.dlq.put([{"body": body, "system": system} for body in bodies])
    scan_queue(world.source)
    run = start_run(world, a_plan(world))
    assert (run.state, run.sent, run.failed) == (RunState.DONE, 12, 0)
    assert Counter(message["Body"] for message in world.jobs.messages()) == Counter(bodies)
