"""Long work in a separate process: it is followed and stopped through its files."""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.deadletters import plans
from ops.deadletters.jobs import background
from ops.deadletters.jobs.background import DONE, FAILED, LOST, BackgroundJob
from ops.deadletters.ledger.model import RunState
from ops.deadletters.plan_model import Selection, Steps
from ops.deadletters.redrive.runs import read_run
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError
from tests.fakes.dlq_world import World, a_world
from tests.fakes.sqs.faults import Fault


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with a_world(tmp_path, monkeypatch) as made:
        yield made


def ended(world: World, name: str, seconds: float = 300) -> BackgroundJob:
    """The job, once it does not run any more."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job = background.read_job(world.source, name)
        if job is not None and not job.running:
            return job
        time.sleep(0.05)
    raise AssertionError(f"{name} did not end: {background.read_job(world.source, name)}")


@pytest.mark.slow
def test_a_scan_and_a_redrive_run_in_the_background(world: World) -> None:
    world.dlq.put([{"body": f'{{"n": {n}}}', "system": {"DeadLetterQueueSourceArn": world.source.workload.queue.arn}}
                   for n in range(25)])  # fmt: skip
    started = background.start_job(world.source, "look", limit=100)
    assert started.running
    job = ended(world, "look")
    assert (job.state, job.error) == (DONE, ""), Path(job.log).read_text()
    assert job.status_text == "25 messages read, 25 of them new"
    assert any("all were released" in note for note in job.notes)
    with Snapshot.open(world.source) as snapshot:
        assert snapshot.count() == 25

    plan = plans.make_plan(world.source, Selection(), steps=Steps(sizes=("100%",), watch=False), engine="ledger")
    plans.save_plan(world.source, plan)
    name = f"redrive-{plan.id}"
    background.start_job(world.source, "redrive", name, plan=plan.id, reason="fixed")
    job = ended(world, name)
    assert (job.state, job.error) == (DONE, ""), Path(job.log).read_text()
    assert read_run(world.source, plan.id).state is RunState.DONE
    assert world.bodies() == []
    assert len(world.jobs.messages()) == 25


def test_what_it_cannot_do_is_a_sentence_in_its_notes(world: World) -> None:
    background.start_job(world.source, "redrive", "redrive-x", plan="nothing", reason="why")
    job = ended(world, "redrive-x")
    assert job.state == FAILED
    assert "nothing" in job.error
    assert job.next_step
    assert "Traceback" not in Path(job.log).read_text()


@pytest.mark.slow
def test_one_of_a_name_at_a_time_and_it_can_be_stopped(world: World) -> None:
    world.dlq.put([{"body": "{}"} for _ in range(3)])
    world.aws.fault(Fault("stall", "ReceiveMessage", times=1))
    background.start_job(world.source, "look", limit=100)
    with pytest.raises(UsageError, match="This is already running"):
        background.start_job(world.source, "look", limit=100)
    background.stop_job(world.source, "look")
    world.aws.heal()
    assert ended(world, "look").state in (DONE, FAILED)
    again = background.start_job(world.source, "look", limit=100)
    assert again.running
    assert ended(world, "look").state == DONE, "the stop was for the one before"


def test_a_job_that_has_reported_its_end_does_not_block_the_next(world: World) -> None:
    """Its process lets go of the lock a little after its file says that it ended, on a busy machine much later."""
    background.start_job(world.source, "no such work", "odd")
    ended(world, "odd")
    folder = world.source.folder / "jobs"
    state = folder / "odd.json"
    with (folder / "odd.log").open() as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        state.write_text(state.read_text().replace('"running"', '"done"'))
        threading.Timer(0.5, fcntl.flock, (log, fcntl.LOCK_UN)).start()
        assert background.start_job(world.source, "no such work", "odd").running
    ended(world, "odd")


def test_a_process_that_is_gone_without_a_word_is_lost(world: World) -> None:
    background.start_job(world.source, "no such work", "odd")
    job = ended(world, "odd")
    assert job.state == LOST
    assert "no such work" in Path(job.log).read_text(), "its log tells"


def test_a_name_is_no_path(world: World) -> None:
    with pytest.raises(UsageError, match="is not a valid job name"):
        background.start_job(world.source, "look", "../look")
    assert background.read_job(world.source, "never") is None


def test_no_key_is_left_on_disk(world: World) -> None:
    background.start_job(world.source, "no such work", "odd")
    kept = "".join(path.read_text() for path in (world.source.folder / "jobs").iterdir())
    assert "secret" not in kept
    assert all(path.stat().st_mode & 0o077 == 0 for path in (world.source.folder / "jobs").glob("*.json"))
