"""A redrive whose process is suspended for longer than its leases last: a closed laptop, a paused container."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.deadletters import plans
from ops.deadletters.plan_model import Pace, Selection, Steps
from ops.deadletters.scan.scan import scan_queue
from tests.chaos.processes import Processes, processes
from tests.chaos.runner import LEASE_S, opened
from tests.fakes.sqs.client import FakeSqs
from tests.fakes.sqs.server import serve

MESSAGES = 60
NAPS = 2


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSqs]:
    with serve(latency_s=0.02) as running:
        running.waits(0.1)
        for name, value in {**running.environ(), "OPS_HOME": str(tmp_path / "home")}.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def running(aws: FakeSqs, tmp_path: Path) -> Iterator[Processes]:
    with processes({**aws.environ(), "OPS_HOME": str(tmp_path / "home")}) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(NAPS))
def test_leases_that_end_while_the_process_stands_still(
    aws: FakeSqs, running: Processes, tmp_path: Path, seed: int
) -> None:
    """Receipts are stale afterwards: none is trusted, no message is sent twice, none is left behind."""
    chance = random.Random(seed)
    dead, jobs = aws.queue("dead"), aws.queue("jobs", dlq="dead")
    system = {"DeadLetterQueueSourceArn": jobs.arn}
    dead.put([{"body": f"message {number}", "system": system} for number in range(MESSAGES)])
    source = opened("jobs")
    scan_queue(source)
    plan = plans.make_plan(
        source, Selection(), pace=Pace(10, headroom=False), steps=Steps(watch=False), engine="ledger"
    )
    plans.save_plan(source, plan)
    answer = tmp_path / "answer.json"
    pid = running.start({"do": "run", "run": plan.id, "queue": "jobs", "answer": str(answer)})
    wanted = chance.randrange(1, MESSAGES // 2)
    while len(jobs.messages()) < wanted:
        assert not answer.exists(), answer.read_text()
        time.sleep(0.005)
    os.kill(pid, signal.SIGSTOP)
    waking = threading.Timer(LEASE_S + 0.5, os.kill, (pid, signal.SIGCONT))
    waking.start()
    assert running.wait() == 0
    waking.join()
    run = json.loads(answer.read_text())
    assert (run["state"], run["sent"], run["deleted"], run["twice"]) == ("done", MESSAGES, MESSAGES, [])
    assert Counter(message["Body"] for message in jobs.messages()) == Counter(f"message {n}" for n in range(MESSAGES))
    assert dead.messages() == []
