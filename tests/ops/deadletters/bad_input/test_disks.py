"""Full disks and unusable folders: no message is lost, and the error is one sentence."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ops.deadletters.ledger.model import RunState
from ops.deadletters.queue import open_queue
from ops.deadletters.redrive import redrive
from ops.deadletters.redrive.runs import read_run
from ops.deadletters.scan.scan import scan_queue
from ops.errors import OpsError
from tests.fakes.disks import longest_file
from tests.fakes.dlq_world import World
from tests.ops.deadletters.redrives_without_rollout import LETTERS, a_plan, ensure_sentence, start_run
from tests.timing import set_timing

pytestmark = pytest.mark.slow  # half a second each, and many of them

RETRIES = 1
WAITS_S = 0.05


@pytest.mark.parametrize("room", [0, 4_096, 8_192, 20_000, 33_000, 50_000, 80_000, 120_000, 200_000])
def test_a_disk_that_is_full_loses_nothing(world: World, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, lease=2)  # which a resumed run waits for
    ids = world.put([f"letter {number}" for number in range(LETTERS)])
    plan = a_plan(world)
    run = None
    try:
        with longest_file(room):
            run = start_run(world, plan)
    except OpsError as error:
        ensure_sentence(error)
    assert not any(message["hidden"] for message in world.dlq.messages()) or run is None
    kept, sent = set(world.bodies()), Counter(message["Body"] for message in world.jobs.messages())
    assert kept | set(sent) == {f"letter {number}" for number in range(LETTERS)}
    world.aws.advance(60)
    if (world.source.runs_folder / f"{plan.id}.db").exists():
        if read_run(world.source, plan.id).state is not RunState.DONE:
            run = redrive.resume_redrive(world.source, plan.id)
    else:
        assert not sent
        run = start_run(world, plan)
    run = run or read_run(world.source, plan.id)
    assert run.state is RunState.DONE and world.bodies() == []
    sent = Counter(message["Body"] for message in world.jobs.messages())
    assert set(sent) == {f"letter {number}" for number in range(LETTERS)}
    assert {ids[int(body.split()[1])] for body, count in sent.items() if count > 1} <= set(run.possible_duplicates)


def test_a_scan_on_a_full_disk_releases_everything(world: World) -> None:
    system = {"DeadLetterQueueSourceArn": world.jobs.arn}
    world.dlq.put([{"body": f"{at} " + "x" * 20_000, "system": system} for at in range(100)])
    with longest_file(400_000), pytest.raises(OpsError) as full:
        scan_queue(world.source)
    ensure_sentence(full.value)
    world.aws.advance(3_600)
    assert len(world.bodies()) == 100 and not any(message["hidden"] for message in world.dlq.messages())
    done = scan_queue(world.source)
    assert (done.messages, done.complete) == (100, True)


@pytest.mark.parametrize("home", ["/proc/nowhere", "/dev/null/home", "a file"], ids=["/proc", "/dev/null", "a file"])
def test_a_home_that_cannot_be_used(world: World, home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if home == "a file":
        (tmp_path / "taken").write_text("")
        home = str(tmp_path / "taken")
    monkeypatch.setenv("OPS_HOME", home)
    with pytest.raises(OpsError, match="cannot be used") as unusable:
        open_queue(world.source.aws, world.source.workload)
    ensure_sentence(unusable.value)
    assert "OPS_HOME" in unusable.value.next_step
