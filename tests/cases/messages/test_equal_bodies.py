"""Messages of one body that SQS's move task gave new ids: of n that were sent, as many failed again as lie there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ops.deadletters.ledger.model import SentMessage
from ops.deadletters.messages.model import Place
from ops.deadletters.outcomes.same_bodies import DlqMessage, SameBodyMatcher, body_digest
from ops.deadletters.plan_model import Steps
from ops.deadletters.snapshot import Snapshot
from tests.factories import a_dead_letter
from tests.fakes.dlq_world import World
from tests.ops.deadletters.redrive.rollouts import NOW, a_plan

BODIES = ("same", "same", "same", "other", "same", "same")
"""Of the planned messages m00000 to m00005."""


def sent(number: int, *new_ids: str) -> SentMessage:
    name = f"m{number:05}"
    return SentMessage(name, name, new_ids, NOW, 1)


def lying(name: str, body: str = "same", at: datetime = NOW, *also: str) -> DlqMessage:
    return DlqMessage(name, frozenset({name, *also}), body_digest(body), at, f"E: {name}")


@pytest.fixture
def world(world: World) -> World:
    with Snapshot.open(world.source) as snapshot:
        for number, body in enumerate(BODIES):
            snapshot.add([a_dead_letter(body, f"m{number:05}")], Place.QUEUE)
    return world


def alike(world: World, back: tuple[SentMessage, ...] = ()) -> SameBodyMatcher:
    return SameBodyMatcher(world.source, a_plan(len(BODIES), Steps()), NOW, back)


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ([], []),
        ([lying("x1")], [0]),
        ([lying("x1"), lying("x2")], [0, 1]),
        ([lying(f"x{n}") for n in range(5)], [0, 1, 2, 4, 5]),
        ([lying(f"x{n}") for n in range(9)], [0, 1, 2, 4, 5]),  # more than were sent: others have that body too
        ([lying("x1", "other")], [3]),
        ([lying("x1", "unlike any")], []),
        ([lying("m00002")], []),  # it never left
        ([lying("x1", at=NOW - timedelta(hours=1))], []),  # it was sent before the run began
    ],
)
def test_as_many_failed_again_as_lie_there(world: World, there: list[DlqMessage], found: list[int]) -> None:
    waiting = [sent(number) for number in range(6)]
    assert list(alike(world).match(waiting, there)) == [f"m{number:05}" for number in found]


def test_a_message_is_counted_once_however_often_it_is_met(world: World) -> None:
    known = alike(world)
    waiting = [sent(number) for number in range(6)]
    first = known.match(waiting, [lying("x1")])
    left = [message for message in waiting if message.message_id not in first]
    assert known.match(left, [lying("x1")]) == {}
    assert len(known.match(left, [lying("x1"), lying("x2")])) == 1
    assert known.matched_count == 2


def test_those_whose_ids_are_known_are_not_taken_for_others(world: World) -> None:
    """A canary's message failed again under its new id; another was rejected, and names the id that it had first."""
    known = alike(world)
    known.add_sent([sent(0, "new-0"), sent(1, "new-1")])
    there = [lying("new-0"), lying("put-by-the-handler", "same", NOW, "m00001"), lying("x1")]
    assert known.match([sent(2), sent(4)], there) == {"m00002": "E: x1"}


def test_what_an_earlier_process_of_the_run_found_is_not_found_again(world: World) -> None:
    known = alike(world, back=(sent(0), sent(1)))
    assert known.match([sent(2), sent(4)], [lying("x1"), lying("x2"), lying("x3")]) == {"m00002": "E: x3"}
    again = alike(world, back=(replace(sent(0), new_ids=("new-0",)),))
    assert again.match([sent(2)], [lying("new-0")]) == {}
