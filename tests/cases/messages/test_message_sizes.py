"""A message's size is its body and its attributes, and each queue has a limit of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handler.contract import DLQ_ORIGINAL_MESSAGE_ID
from ops.deadletters import plans
from ops.deadletters.edits import outgoing, preview
from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.messages.model import Attribute
from ops.deadletters.plan_model import Destination, Pace, Selection, Steps
from ops.deadletters.redrive import redrive
from ops.errors import UsageError
from tests.factories import a_dead_letter
from tests.fakes.dlq_world import World, a_plan

UNWATCHED = Steps(("100%",), watch=False)
OLDER, HIGHEST = 262_144, 1_048_576
ID_BYTES = len(DLQ_ORIGINAL_MESSAGE_ID) + len("String") + len("m1")
TENANT = {"Tenant": Attribute("String", "research")}
"""20 bytes: name, type and value."""


@pytest.mark.parametrize(
    ("body", "attributes", "limit", "marked"),
    [
        (100, {}, None, True),
        (OLDER, {}, None, False),  # it came from a queue that takes no more
        (OLDER - ID_BYTES, {}, None, True),
        (OLDER - ID_BYTES + 1, {}, None, False),
        (OLDER - ID_BYTES, TENANT, None, False),
        (OLDER + 1, {}, None, True),  # so its queue takes more
        (HIGHEST, {}, None, False),
        (HIGHEST - ID_BYTES, {}, None, True),
        (OLDER, {}, HIGHEST, True),
        (1_024 - ID_BYTES, {}, 1_024, True),
        (1_024 - ID_BYTES + 1, {}, 1_024, False),
        (1_024, {}, 1_024, False),
    ],
)
def test_the_original_id_is_put_on_only_where_there_is_room(
    body: int, attributes: dict[str, Attribute], limit: int | None, marked: bool
) -> None:
    message = a_dead_letter("x" * body, attributes=attributes)
    found = outgoing.outgoing_attributes(message, limit)
    assert (DLQ_ORIGINAL_MESSAGE_ID in found) is marked
    own = body + sum(
        len(name) + len(attribute.data_type) + len(attribute.value) for name, attribute in attributes.items()
    )
    assert outgoing.message_size(message.body, found) == own + (ID_BYTES if marked else 0)
    assert outgoing.message_sizes(message) == (own, own + ID_BYTES)


def to(world: World, limit: int) -> Destination:
    world.aws.queue("narrow", MaximumMessageSize=str(limit))
    return Destination("queue", "narrow")


def sends(world: World, sizes: list[int], limit: int) -> tuple[list[str], Run]:
    world.put(["x" * size for size in sizes])
    plan = a_plan(world, destination=to(world, limit), steps=UNWATCHED)
    return list(plan.warnings), redrive.start_redrive(world.source, plan, reason="r")


def test_what_cannot_fit_is_refused_alone_and_the_plan_says_so(world: World) -> None:
    warned, run = sends(world, [100, 5_000, 200, 1_024], 1_024)
    assert "1 message exceeds the queue's MaximumMessageSize (1,024 bytes, attributes included)" in str(warned)
    assert (run.state, run.sent, run.failed, run.unmarked) == (RunState.DONE, 3, 1, 1)
    assert run.failures == (
        ("It is larger than queue narrow accepts: 1,024 bytes with attributes (MaximumMessageSize).", 1),
    )
    assert [len(body) for body in world.bodies()] == [5_000]


def test_what_goes_without_its_original_id_is_counted_in_plan_and_run(world: World) -> None:
    warned, run = sends(world, [1_024, 1_020, 10], 1_024)
    assert "2 messages at the SQS limit (10 attributes, 1,024 bytes in that queue) have no room" in str(warned)
    assert (run.sent, run.failed, run.unmarked) == (3, 0, 2)
    assert "2 messages were sent without the original message ID" in run.status_text


def test_a_queue_of_today_takes_what_an_older_one_does_not(world: World) -> None:
    _, run = sends(world, [OLDER, OLDER + 1], HIGHEST)
    assert (run.sent, run.failed, run.unmarked) == (2, 0, 0)


def test_the_limit_of_the_queue_they_came_from_counts_on_the_way_back(world: World) -> None:
    older = replace(world.source.workload.queue, max_bytes=OLDER)
    source = replace(world.source, workload=replace(world.source.workload, queue=older))
    world.put(["x" * OLDER, "y"])
    plan = plans.make_plan(source, Selection(), pace=Pace(None, headroom=False), engine="ledger")
    assert "1 message at the SQS limit (10 attributes, 262,144 bytes in that queue)" in str(plan.warnings)
    assert plan.bytes == OLDER + len("y") + len(DLQ_ORIGINAL_MESSAGE_ID) + len("String") + 36


def test_a_plan_of_which_nothing_fits_is_refused(world: World) -> None:
    world.put(["x" * 2_000, "y" * 3_000])
    with pytest.raises(UsageError, match="Every message would exceed its queue's MaximumMessageSize"):
        a_plan(world, destination=to(world, 1_024))


def test_a_preview_knows_the_limit(world: World) -> None:
    world.put(["x" * 1_020, "y" * 2_000])
    plan = a_plan(world, destination=to(world, 1_024), steps=UNWATCHED)
    assert preview.preview_message(a_dead_letter("x" * 1_020), plan).added == ()
    refused = preview.preview_message(a_dead_letter("x" * 1_025), plan).refused
    assert refused == "It would exceed its queue's MaximumMessageSize (1,024 bytes, attributes included)."
