"""Warnings of a plan, before any message is moved."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from ops.deadletters import plans, queue_lock
from ops.deadletters.causes.fix_status import FixStatus
from ops.deadletters.edits import edits
from ops.deadletters.messages.model import Attribute, Cause, Place
from ops.deadletters.plan_model import Plan, Selection, Steps
from ops.deadletters.snapshot import Snapshot
from tests.factories import a_dead_letter, bodies
from tests.fakes.dlq_world import World

ALL = Selection()


def warned(plan: Plan, text: str) -> bool:
    return any(text in warning for warning in plan.warnings)


def test_what_is_not_fixed_since_is_said_before_it_goes_back(world: World) -> None:
    ids = world.put(bodies(3))
    verdicts = {"aaaaaaaaaa": "no", "bbbbbbbbbb": "deployed since"}
    with Snapshot.open(world.source) as snapshot:
        snapshot.set_causes(
            zip(ids, (Cause(fingerprint=mark) for mark in ("aaaaaaaaaa", *["bbbbbbbbbb"] * 2)), strict=True)
        )
        snapshot.save_note("fixed", {mark: asdict(FixStatus(verdict, "Why.")) for mark, verdict in verdicts.items()})
    said = "1 message has a cause that is not fixed (ops dlq causes) and may fail again"
    assert warned(plans.make_plan(world.source, ALL), f"{said}: the canary will show it.")
    assert warned(plans.make_plan(world.source, ALL, steps=Steps(watch=False)), f"{said}: outcomes are not tracked")
    assert not warned(plans.make_plan(world.source, Selection(cause="bbbb")), "not fixed")
    assert not warned(
        plans.make_plan(world.source, ALL, edits=edits.parse_edits(["body.params.alpha=1"])), "not fixed"
    ), "edited"


def test_what_never_ran_or_was_not_deleted_has_advice_of_its_own(world: World) -> None:
    ids = world.put(bodies(3))
    throttled, returned = (
        Cause("Never ran", fingerprint="a" * 10),
        Cause("Returned without delete", fingerprint="b" * 10),
    )
    with Snapshot.open(world.source) as snapshot:
        snapshot.set_causes(zip(ids, (throttled, throttled, returned), strict=True))
        noted = {cause.fingerprint: asdict(FixStatus("no", "Why.")) for cause in (throttled, returned)}
        snapshot.save_note("fixed", noted)
    plan = plans.make_plan(world.source, ALL)
    assert warned(
        plan, "2 messages never ran, and the function has been throttled since: increase its concurrency limit"
    )
    assert warned(
        plan, "1 message was returned without being deleted, and no deployment followed: correct the function"
    )
    assert not warned(plan, "is not fixed")


def test_what_should_be_known_before(world: World) -> None:
    world.put(bodies(3))
    full = {f"a{number}": Attribute("String", "x") for number in range(10)}
    source = world.source.workload.queue.arn
    odd = [
        a_dead_letter(body, name, full, source_arn=source)
        for body, name in (("{}", "full"), ("x" * 1_048_570, "large"))
    ]
    with Snapshot.open(world.source) as snapshot:
        snapshot.add(odd, Place.QUEUE)
    plan = plans.make_plan(world.source, ALL, edits=edits.parse_edits(["body.params.alpha=1"]))
    assert warned(plan, "The edits do not apply to 1 message, which will not be sent: body.params was not found.")
    assert warned(
        plan, "The edits do not apply to 1 message, which will not be sent: The body cannot be edited as JSON"
    )
    assert warned(plan, "1 message over the SQS limit of 1 MiB")
    assert warned(plan, "1 message at the SQS limit (10 attributes, 1 MiB) has no room for the original message ID")
    assert warned(plan, "The last scan did not read the whole queue")
    with Snapshot.open(world.source) as snapshot:
        snapshot.set_place(["full", "large"], Place.IMPORTED)
    plan = plans.make_plan(world.source, Selection(imported=True))
    assert warned(plan, "2 messages imported from a file: they are sent, and nothing is deleted from the queue")
    assert not warned(plan, "The last scan")


@pytest.mark.parametrize(
    ("age", "says"),
    [
        (timedelta(days=3, hours=23), "The oldest message expires in 60 min: SQS deletes it then."),
        (timedelta(days=5), "The oldest message should have expired by now"),
        (timedelta(days=1), None),
    ],
)
def test_messages_that_expire_soon(world: World, age: timedelta, says: str | None) -> None:
    with Snapshot.open(world.source) as snapshot:
        snapshot.add([a_dead_letter(sent=datetime.now(UTC) - age)], Place.QUEUE)
    plan = plans.make_plan(world.source, ALL)
    assert warned(plan, says or "The oldest letter") is (says is not None)


def test_a_run_that_goes_on_is_told(world: World) -> None:
    world.put(bodies(1))
    with queue_lock.hold_lock(world.source, "20261124T000000-aaaa", "ada"):
        plan = plans.make_plan(world.source, ALL)
    assert plan.warnings[0].startswith("Redrive 20261124T000000-aaaa of this queue is in progress")
