"""One dead-letter queue of two queues: each message goes to its own, and the plan says how many go where."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.cli.app import run
from ops.deadletters import plans
from ops.deadletters.plan_model import Pace, Selection, Steps
from ops.deadletters.redrive import redrive
from ops.deadletters.scan.scan import scan_queue
from tests.factories import bodies
from tests.fakes.dlq_world import World, a_plan, a_world
from tests.timing import set_timing


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch, a_world(tmp_path_factory.mktemp("home"), patch, 0) as made:
        yield made


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """``jobs`` and ``mails`` share ``jobs-dlq``: three messages of the one, two of the other."""
    world = server.with_new_queues(tmp_path, monkeypatch)
    mails = world.aws.queue("mails", dlq="jobs-dlq")
    system = {"DeadLetterQueueSourceArn": mails.arn}
    world.dlq.put([{"body": f"mail {n}", "attributes": {}, "system": system} for n in range(2)])
    world.put(bodies(3))
    return world


def test_each_goes_to_its_own_queue(world: World) -> None:
    made = a_plan(world, steps=Steps(("100%",), watch=False))
    mails = world.jobs.arn.replace("jobs", "mails")
    assert dict(made.returns.origins) == {world.jobs.arn: 3, mails: 2}
    assert any("go to 2 destinations; the rate follows the load of jobs" in warning for warning in made.warnings)
    ended = redrive.start_redrive(world.source, made, reason="both fixed")
    assert (ended.sent, ended.failed) == (5, 0)
    assert len(world.jobs.messages()) == 3
    assert world.bodies() == []


def test_a_move_task_does_not_take_messages_of_several_queues(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, scan_long_poll=0)
    scan_queue(world.source)
    made = plans.make_plan(world.source, Selection(), pace=Pace(None, headroom=False))
    assert made.engine == "ledger"
    assert "several destinations" in made.engine_why


def test_what_cannot_be_watched_is_said(world: World) -> None:
    made = plans.make_plan(world.source, Selection())
    assert any("the outcomes of messages to it cannot be tracked" in warning for warning in made.warnings)


def test_a_plain_message_is_of_no_one_of_them(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.dlq.put([{"body": "plain", "attributes": {}, "system": {}}])
    world.add_to_snapshot()
    assert run(["dlq", "plan", "--queue", "jobs", "--no-watch"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "5 of 6 messages to send back to their original source." in said
    assert "1 of 6 messages stay in the dead-letter queue." in said
    assert "it is not known which of 2 source queues they came from" in said
    for name, count in (("jobs", 3), ("mails", 2)):
        assert f"{count} to {world.jobs.arn.replace('jobs', name)}" in said
