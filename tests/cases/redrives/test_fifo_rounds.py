"""A scan of a FIFO queue sees ten messages of a group; a redrive of the queue goes on until the group is empty."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.deadletters import plans
from ops.deadletters.archive import exports
from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import Run, RunState
from ops.deadletters.plan_model import Action, Destination, Pace, Plan, Selection, Steps
from ops.deadletters.redrive import redrive
from ops.deadletters.scan import scan
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError
from tests.fakes.dlq_world import World
from tests.timing import set_timing

UNWATCHED = Steps(("100%",), watch=False)
WAITS_S = 0.02


@pytest.fixture
def world(server: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """FIFO queues, and another one to move to."""
    set_timing(monkeypatch, scan_long_poll=0, rollout_tick=0.02)
    server.aws.waits(WAITS_S)
    server.aws.queue("parked.fifo", FifoQueue="true")
    return server.with_new_queues(tmp_path, monkeypatch, ".fifo", FifoQueue="true")


def put(world: World, groups: dict[str, int], first: int = 0, sent: float | None = None) -> list[str]:
    """That many messages of each group, which failed in ``jobs``; their bodies are numbers in order."""
    made = []
    for group, count in groups.items():
        for number in range(first, first + count):
            system = {
                "DeadLetterQueueSourceArn": world.source.workload.queue.arn,
                "MessageGroupId": group,
                "SequenceNumber": f"{number:020d}",
            }
            if sent is not None:
                system["SentTimestamp"] = str(int(sent * 1000))
            made.append({"body": json.dumps({"n": number}), "system": system})
    return list(world.dlq.put(made))


def planned(world: World, selection: Selection | None = None, **more: object) -> Plan:
    scan.scan_queue(world.source)
    given = {"pace": Pace(None, headroom=False), "steps": UNWATCHED, "destination": Destination("queue", "parked.fifo")}
    return plans.make_plan(world.source, selection or Selection(), **{**given, **more})  # type: ignore[arg-type]


def parked(world: World) -> dict[str, list[int]]:
    """Numbers by group, in the order of their arrival."""
    found: dict[str, list[int]] = {}
    queue = type(world.dlq)(world.aws, "parked.fifo")
    for message in queue.messages():
        found.setdefault(message["Attributes"]["MessageGroupId"], []).append(json.loads(message["Body"])["n"])
    return found


def numbers(plan: Plan, run: Run) -> tuple[int, int, int, int]:
    """Selected, reached by the scan, sent, and what stays."""
    return plan.total, len(plan.ids), run.sent, run.remaining + run.failed


def test_all_of_a_group_goes_in_its_order(world: World) -> None:
    put(world, {"only": 60})
    plan = planned(world)
    assert (len(plan.ids), plan.unseen, plan.engine) == (10, 50, "ledger")
    assert "about 50 more are behind them. The redrive continues in rounds" in " ".join(plan.warnings)
    run = redrive.start_redrive(world.source, plan, reason="r")
    assert (run.state, numbers(plan, run)) == (RunState.DONE, (60, 10, 60, 0))
    assert parked(world) == {"only": list(range(60))}
    assert world.bodies() == []


def test_so_do_several_groups_step_by_step(world: World) -> None:
    put(world, {"a": 25, "b": 3, "c": 14})
    plan = planned(world)
    seen: list[tuple[int, int]] = []
    run = redrive.start_redrive(
        world.source, plan, reason="r", progress=lambda now: seen.append((now.sent, now.planned))
    )
    assert {of for _, of in seen} == {42}, "of how many is known from the first"
    assert numbers(plan, run)[2:] == (42, 0)
    assert parked(world) == {"a": list(range(25)), "b": list(range(3)), "c": list(range(14))}


def test_what_was_sent_after_the_plan_stays(world: World) -> None:
    put(world, {"only": 15})
    plan = planned(world, margin=1.0)
    put(world, {"only": 5}, first=15, sent=time.time() + 60)
    run = redrive.start_redrive(world.source, plan, reason="r")
    assert run.sent == 15
    assert len(world.bodies()) == 5


def test_no_more_go_than_the_queue_held_when_it_was_planned(world: World) -> None:
    """A message may have been sent long ago, and failed after the plan was made."""
    put(world, {"only": 15})
    plan = planned(world, margin=1.0)
    put(world, {"only": 5}, first=15, sent=time.time() - 3_600)
    assert redrive.start_redrive(world.source, plan, reason="r").sent == 15
    assert len(world.bodies()) == 5


def test_a_run_that_was_stopped_goes_on_with_the_rest(world: World) -> None:
    put(world, {"only": 40})
    plan = planned(world, pace=Pace(20, headroom=False))
    stopped = redrive.start_redrive(
        world.source, plan, reason="r", stop=lambda: len(parked(world).get("only", [])) >= 15
    )
    assert stopped.state is RunState.CANCELLED
    assert 15 <= stopped.sent < 40
    assert stopped.remaining == 40 - stopped.sent
    run = redrive.resume_redrive(world.source, plan.id)
    assert (run.state, run.sent, run.remaining) == (RunState.DONE, 40, 0)
    assert parked(world) == {"only": list(range(40))}


def test_a_refused_message_holds_back_those_behind_it_and_the_run_counts_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_timing(monkeypatch, lease=2, lease_grace=0.1)
    world.aws.queue("parked.fifo", FifoQueue="true", MaximumMessageSize="1024")
    put(world, {"only": 12})
    world.dlq.put(
        [
            {
                "body": "x" * 2_000,
                "system": {"MessageGroupId": "only", "SequenceNumber": f"{12:020d}"},
            }
        ]
    )
    put(world, {"only": 40}, first=13)
    plan = planned(world)
    run = redrive.start_redrive(world.source, plan, reason="r")
    assert (run.state, run.failed) == (RunState.STOPPED, 1)
    assert 12 <= run.sent <= 21, "those that were received with it were sent"
    assert run.sent + run.remaining == 52
    assert run.remaining == len(world.bodies()) - 1
    assert "not sent." in run.status_text


def test_a_part_that_was_chosen_says_that_more_stand_behind_it(world: World) -> None:
    put(world, {"only": 30})
    scan.scan_queue(world.source)
    plan = planned(world, Selection(text="n"))
    assert plan.unseen == 0
    assert "Scan again after these are redriven or deleted." in " ".join(plan.warnings)


def test_a_copy_cannot_reach_what_stands_behind_and_says_so(world: World) -> None:
    put(world, {"only": 30})
    plan = planned(world, action=Action.COPY)
    run = redrive.start_redrive(world.source, plan, reason="r")
    assert numbers(plan, run) == (30, 10, 10, 20)
    assert "about 20 more remain in the queue, which no scan has reached" in run.status_text


def test_an_export_counts_what_it_could_not_reach(world: World, tmp_path: Path) -> None:
    put(world, {"only": 30})
    scan.scan_queue(world.source)
    done = exports.export_messages(world.source, Selection(), tmp_path / "e.jsonl")
    assert (done.messages, done.unreached) == (10, 20)


def test_a_scan_that_ended_at_its_limit_is_not_called_the_whole(server: World, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        standard = server.with_new_queues(tmp_path, patch)
        standard.dlq.put(
            [{"body": str(n), "system": {"DeadLetterQueueSourceArn": standard.jobs.arn}} for n in range(30)]
        )
        scan.scan_queue(standard.source, limit=10)
        plan = plans.make_plan(standard.source, Selection(), pace=Pace(None, headroom=False), steps=UNWATCHED)
        run = redrive.start_redrive(standard.source, plan, reason="r")
    assert numbers(plan, run) == (30, 10, 10, 20)
    assert "about 20 more remain in the queue" in run.status_text


def test_move_tasks_are_for_fifo_queues_too_where_they_are_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(world, {"only": 30})
    with pytest.raises(UsageError, match="does not support move tasks"):  # this endpoint has none
        planned(world, engine="move task")
    monkeypatch.setattr("ops.deadletters.plans.engine_choice._unsupported", lambda _: "")
    plan = planned(world, engine="move task")
    assert plan.engine == "move task"
    assert "about 20 more are behind them, and the move task takes them too." in " ".join(plan.warnings)
    with Snapshot.open(world.source) as snapshot:
        assert snapshot.info().complete is False


def test_what_a_move_task_took_unseen_counts_as_sent_in_the_last_step(world: World) -> None:
    put(world, {"only": 30})
    plan = planned(world)
    with Ledger.create(world.source.runs_folder / f"{plan.id}.db", plan, "r", "ada") as ledger:
        ledger.start_run()
        ledger.set_step_state(1, 30, "sending")
        assert (ledger.run().planned, ledger.run().unseen, ledger.run().remaining) == (30, 20, 30)
        ledger.set_unseen(3, taken=17)
        ledger.finish_run(RunState.DONE, "", datetime.now(UTC))
        run = ledger.run()
    assert (run.planned, run.sent, run.unseen, run.remaining) == (30, 17, 3, 13)
    assert run.steps[-1].sent == 17
