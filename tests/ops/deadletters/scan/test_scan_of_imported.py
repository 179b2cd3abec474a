"""A message that an import brought and the queue has too: what the queue says takes precedence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops.deadletters import plans
from ops.deadletters.archive import exports, imports
from ops.deadletters.messages.model import Attribute, Kind, Place, SnapshotMessage
from ops.deadletters.plan_model import Destination, Selection, Steps
from ops.deadletters.redrive import purge, redrive
from ops.deadletters.scan.scan import scan_queue
from ops.deadletters.snapshot import Snapshot
from tests.fakes.dlq_world import World

TOLD = {"error_type": "ValueError", "error_message": "no column", "source": "handler log", "fingerprint": "x"}


def imported(world: World, folder: Path, message_id: str, body: str, **changes: Any) -> None:
    """A letter in the snapshot as a file tells of it."""
    entry = {"schema": 1, "message_id": message_id, "body": body, "attributes": {}, "system": {}, "cause": TOLD}
    path = folder / "brought.jsonl"
    path.write_text(json.dumps({**entry, **changes}) + "\n")
    imports.import_messages(world.source, path)


def on_the_shelf(world: World, message_id: str) -> SnapshotMessage:
    with Snapshot.open(world.source) as snapshot:
        return snapshot.get(message_id)


def buried(world: World, body: str) -> str:
    system = {"DeadLetterQueueSourceArn": world.source.workload.queue.arn, "AWSTraceHeader": "Root=1-2-3"}
    tenant = {"Tenant": {"DataType": "String", "StringValue": "blue"}}
    (one,) = world.dlq.put([{"body": body, "attributes": tenant, "system": system}])
    return str(one)


def test_what_the_queue_holds_is_what_is_exported_before_it_is_purged(look_world: World, tmp_path: Path) -> None:
    one = buried(look_world, "the true body")
    imported(look_world, tmp_path, one, "another body")
    assert on_the_shelf(look_world, one).cause.error_type == "ValueError"
    done = scan_queue(look_world.source)
    assert (done.messages, done.new) == (1, 0)
    found = on_the_shelf(look_world, one)
    assert (found.place, found.message.imported, found.message.body) == (Place.QUEUE, False, "the true body")
    assert found.message.attributes == {"Tenant": Attribute("String", "blue")}
    assert (found.message.kind, found.message.source_arn) == (Kind.SQS, look_world.source.workload.queue.arn)
    assert found.message.trace_header == "Root=1-2-3"
    assert found.cause.fingerprint == "", "what another letter died of is asked again"
    export = exports.export_messages(look_world.source, Selection(), tmp_path / "export.jsonl").path
    plan = purge.plan_purge(look_world.source, export)
    purge.purge_messages(look_world.source, plan, export=export, confirmation=purge.confirmation_text(plan), reason="r")
    assert json.loads(export.read_text())["body"] == "the true body"
    assert look_world.bodies() == []


def test_the_cause_that_a_file_brought_stays_with_the_very_same_message(look_world: World, tmp_path: Path) -> None:
    one = buried(look_world, "the true body")
    system = {"DeadLetterQueueSourceArn": look_world.source.workload.queue.arn}
    tenant = {"Tenant": {"type": "String", "value": "blue"}}
    imported(look_world, tmp_path, one, "the true body", attributes=tenant, system=system)
    scan_queue(look_world.source)
    found = on_the_shelf(look_world, one)
    assert (found.cause.error_type, found.cause.error_message) == ("ValueError", "no column")
    assert found.message.trace_header == "Root=1-2-3", "but system attributes are the queue's"


@pytest.mark.parametrize(
    "brought",
    [
        {"attributes": {"Tenant": {"type": "String", "value": "red"}}},
        {"attributes": {"Tenant": {"type": "String.custom", "value": "blue"}}},
        {"attributes": {"Tenant": {"type": "String", "value": "blue"}}, "system": {}},
    ],
    ids=["another value", "another type", "another kind of letter"],
)
def test_not_with_one_that_differs(look_world: World, tmp_path: Path, brought: dict[str, Any]) -> None:
    one = buried(look_world, "the true body")
    system = {"DeadLetterQueueSourceArn": look_world.source.workload.queue.arn}
    imported(look_world, tmp_path, one, "the true body", **{"system": system, **brought})
    scan_queue(look_world.source)
    assert on_the_shelf(look_world, one).cause.fingerprint == ""


def test_a_cause_that_the_message_tells_itself_is_taken_from_the_queue(look_world: World, tmp_path: Path) -> None:
    told = {contract.DLQ_ERROR_TYPE: "KeyError", contract.DLQ_ERROR_MESSAGE: "alpha"}
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items()}
    (one,) = look_world.dlq.put([{"body": "{}", "attributes": attributes, "system": {}}])
    imported(look_world, tmp_path, one, "{}")
    scan_queue(look_world.source)
    found = on_the_shelf(look_world, one)
    assert (found.message.kind, found.cause.error_type, found.cause.source) == (Kind.REJECTED, "KeyError", "attribute")


def test_a_message_that_was_sent_from_a_file_and_then_met_in_the_queue(look_world: World, tmp_path: Path) -> None:
    one = buried(look_world, "the true body")
    imported(look_world, tmp_path, one, "another body")
    look_world.aws.queue("test-sent")
    plan = plans.make_plan(
        look_world.source,
        Selection(imported=True),
        destination=Destination("queue", "test-sent"),
        steps=Steps(("100%",), watch=False),
    )
    redrive.start_redrive(look_world.source, plan, reason="r")
    assert on_the_shelf(look_world, one).place is Place.REDRIVEN
    scan_queue(look_world.source)
    found = on_the_shelf(look_world, one)
    assert (found.place, found.message.body) == (Place.QUEUE, "the true body")


def test_a_message_that_was_in_the_queue_before_keeps_what_that_said(look_world: World, tmp_path: Path) -> None:
    one = buried(look_world, "the true body")
    scan_queue(look_world.source)
    with Snapshot.open(look_world.source) as snapshot:
        snapshot.set_place([one], Place.PURGED)
    imported(look_world, tmp_path, one, "another body")
    found = on_the_shelf(look_world, one)
    assert (found.place, found.message.body) == (Place.IMPORTED, "the true body")
    scan_queue(look_world.source)
    assert on_the_shelf(look_world, one).message.body == "the true body"
