"""What a plan shows of a message before it is sent, compared with what arrives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops.deadletters import plans, return_target
from ops.deadletters.edits import edits, outgoing, preview
from ops.deadletters.ledger.model import RunState
from ops.deadletters.messages.model import Attribute, Kind
from ops.deadletters.plan_model import Action, Destination, Pace, Plan, Returns, Selection, Steps
from ops.deadletters.redrive import redrive
from ops.deadletters.snapshot import Snapshot
from tests.factories import a_dead_letter
from tests.fakes.dlq_world import World

FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:jobs"
RULE = "arn:aws:events:eu-west-1:000000000000:rule/orders"
TOPIC = "arn:aws:sns:eu-west-1:000000000000:orders"


RETRIES = 0
WAITS_S = 0.02


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return server.with_new_queues(tmp_path, monkeypatch)


def texts(**values: str) -> dict[str, Any]:
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}


def rejected(world: World, **own: str) -> dict[str, Any]:
    """Attributes of a letter that the handler itself buried."""
    put_on = {
        contract.DLQ_ERROR_TYPE: "InvalidJob",
        contract.DLQ_ERROR_MESSAGE: "no column",
        contract.DLQ_ORIGINAL_MESSAGE_ID: "the-first-id",
        contract.DLQ_REQUEST_ID: "r",
        contract.DLQ_SOURCE_ARN: world.jobs.arn,
    }
    return texts(**put_on, **own)


def buried(world: World, attributes: Mapping[str, Any], body: str = '{"a": 1}') -> str:
    system = {} if contract.DLQ_ERROR_TYPE in attributes else {"DeadLetterQueueSourceArn": world.jobs.arn}
    (name,) = world.dlq.put([{"body": body, "attributes": attributes, "system": system}])
    world.add_to_snapshot()
    return str(name)


def planned(world: World, *sets: str, **more: Any) -> Plan:
    more = {"pace": Pace(None, headroom=False), "engine": "ledger", "steps": Steps(("100%",), watch=False), **more}
    return plans.make_plan(world.source, Selection(), edits=edits.parse_edits(sets), **more)


def shown_and_sent(world: World, plan: Plan) -> preview.Preview:
    """The preview of a plan's only letter, once it was ensured that this is what the run sends."""
    (name,) = plan.ids
    with Snapshot.open(world.source) as snapshot:
        letter = snapshot.get(name).message
    assert redrive.start_redrive(world.source, plan, reason="r").state is RunState.DONE
    (arrived,) = world.jobs.messages()
    attributes = {
        name: Attribute(value["DataType"], value["StringValue"])
        for name, value in arrived.get("MessageAttributes", {}).items()
    }
    seen = preview.preview_message(letter, plan)
    assert seen.diff == edits.diff_messages(letter, replace(letter, body=arrived["Body"], attributes=attributes))
    return seen


def test_what_was_put_on_when_it_failed_is_left_out_before_room_is_asked_for(world: World) -> None:
    buried(world, rejected(world, **{f"own{number}": "x" for number in range(5)}))
    seen = shown_and_sent(world, planned(world, "attributes.Tenant=blue"))
    assert seen.refused == ""
    assert "+  Tenant (String): blue\n" in seen.diff
    assert "-  ErrorType (String): InvalidJob\n" in seen.diff
    assert seen.added == ()
    assert seen.removed == ("ErrorMessage", "ErrorType", "OriginalQueueArn", "RequestId")
    assert seen.note == (
        "Removed by the redrive: ErrorMessage, ErrorType, OriginalQueueArn and RequestId, which were added when it "
        "failed."
    )


def test_the_first_id_that_a_redrive_puts_on_is_shown(world: World) -> None:
    name = buried(world, texts(Old="x"))
    seen = shown_and_sent(world, planned(world, "attributes.Tenant=blue", "attributes.Old=null", "body.a=2"))
    assert f"+  OriginalMessageId (String): {name}\n" in seen.diff
    assert (seen.added, seen.removed) == (("OriginalMessageId",), ())
    assert seen.note == "Added by the redrive: OriginalMessageId, which identifies duplicates."


def test_a_message_with_no_room_for_the_first_id_is_shown_without(world: World) -> None:
    buried(world, texts(**{f"own{number}": "x" for number in range(10)}))
    seen = shown_and_sent(world, planned(world, "body.a=2"))
    assert (seen.added, seen.removed, seen.note) == ((), (), "")
    assert "OriginalMessageId" not in seen.diff


def test_an_edit_of_what_is_left_out_changes_nothing(world: World) -> None:
    buried(world, rejected(world))
    seen = shown_and_sent(world, planned(world, "attributes.ErrorType=other", "attributes.OriginalMessageId=other"))
    assert "other" not in seen.diff
    assert "ErrorType" in seen.removed


def test_a_plan_without_edits_is_shown_as_it_goes(world: World) -> None:
    buried(world, rejected(world))
    seen = shown_and_sent(world, planned(world))
    assert "-  ErrorType (String): InvalidJob\n" in seen.diff


def test_a_copy_is_shown_as_it_goes(world: World) -> None:
    buried(world, rejected(world, Tenant="blue"))
    seen = shown_and_sent(world, planned(world, action=Action.COPY))
    assert "ErrorType" in seen.removed


def test_an_edit_that_does_not_fit_is_a_sentence(world: World) -> None:
    buried(world, {}, "no JSON")
    plan = planned(world, "attributes.Tenant=blue")
    seen = preview.preview_message(a_dead_letter("no JSON"), replace(plan, edits=edits.parse_edits(["body.a=1"])))
    assert seen.diff == ""
    assert seen.refused.startswith("The body cannot be edited as JSON")
    seen = preview.preview_message(a_dead_letter("x" * outgoing.MAX_BYTES), plan)
    assert seen.refused == "It would exceed the SQS limit of 1 MiB."


@pytest.mark.parametrize(
    ("kind", "origin", "body", "note"),
    [
        (Kind.LAMBDA, FUNCTION, {"a": 1}, "The function is invoked with the body alone."),
        (Kind.DESTINATION, FUNCTION, {"requestPayload": 1}, "The function is invoked with requestPayload alone."),
        (Kind.EVENTBRIDGE, RULE, {"source": "shop"}, "The event is put on its bus again."),
        (Kind.SNS, TOPIC, {"Message": "m"}, "The notification's message, subject and attributes are published again."),
    ],
)
def test_no_attribute_goes_with_what_is_handed_to_a_service(
    world: World, kind: Kind, origin: str, body: dict[str, Any], note: str
) -> None:
    buried(world, {})
    plan = planned(world, "attributes.Tenant=blue", "body.b=2")
    goals = {FUNCTION: 1, TOPIC: 1, return_target.bus_arn(RULE): 1}
    plan = replace(plan, returns=Returns(goals, functions={"r-1": FUNCTION}))
    own = {"Own": Attribute("String", "x")}
    letter = a_dead_letter(json.dumps(body), kind=kind, source_arn=origin, attributes=own, request_id="r-1")
    seen = preview.preview_message(letter, plan)
    assert '+  "b": 2' in seen.diff
    assert "blue" not in seen.diff
    assert "-  Own (String): x\n" in seen.diff
    assert seen.removed == ("Own", "Tenant")
    assert seen.note == f"{note} Attributes are not sent: Own and Tenant."
    to_a_queue = preview.preview_message(
        letter, replace(plan, destination=Destination("queue", world.jobs.url, world.jobs.arn))
    )
    assert "+  Tenant (String): blue\n" in to_a_queue.diff
    assert to_a_queue.added == ("OriginalMessageId",)
