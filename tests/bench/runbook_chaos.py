"""A run of a runbook, killed at seeded moments and resumed each time, against servers of this bench.

``.venv/bin/python -m tests.bench.runbook_chaos [KILLS]`` prints one JSON object on its last line:

- ``kills``: processes that got SIGKILL: before or after one of their calls took place, or shortly after it;
- ``kills_while_moving``: those of them that left dead letters in the quarantine queue and in their own;
- ``repeated_effects``: changes that AWS got more often than the runbook makes them, and messages that were moved twice
  without being listed as such;
- ``lost_records``: changes that AWS got without an intent in the record, and lines of the record that are not JSON;
- ``lost_messages``: messages that are neither in the dead-letter queue nor in the quarantine queue;
- ``stuck``: runs that were not done, or not as they must be, after the resume.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.bench._chaos_figures import Figures, entries, page_of
from tests.bench._quarantine_chaos import kill_moves
from tests.bench._runbook_command import command
from tests.fakes.aws import FakeAws, Refusal, start
from tests.fakes.sqs.server import serve
from tests.fakes.stalled_workload import StalledWorkload

KILLS = 200
KILLS_A_RUN = 4
MOVING_SHARE = 0.3
MAX_FAILURES = 2
"""Processes of a run that may end by themselves without being done, before it counts as stuck."""
WAIT_S = 120.0
WANTED = [("enabled", False), ("reserved", 20), ("maximum", 8), ("enabled", True), ("maximum", 6)]
STEPS = (
    ("mapping.pause", ""),
    ("function.set-reserved-concurrency", "reserved: 20"),
    ("mapping.set-maximum-concurrency", "maximum: 8"),
    ("mapping.resume", ""),
    ("mapping.set-maximum-concurrency", "maximum: 6"),
)


@dataclass
class Killer:
    """Kills each ``victim`` at its call number ``call``, before it takes place or ``delay_s`` after; ``left`` of them."""

    random_: random.Random
    left: int
    victim: BaseProcess | None = None
    calls: int = 0
    call: int = 0
    before: bool = False
    delay_s: float = 0.0

    def aim_at(self, victim: BaseProcess, first: int, last: int) -> None:
        self.calls = 0
        self.call = self.random_.randint(first, last) if self.left else 0
        self.before = self.random_.random() < 0.5
        self.delay_s = self.random_.choice([0, 0.001, 0.003, 0.01])
        self.victim = victim

    def kill(self, is_before: bool) -> None:
        self.calls += is_before
        if self.victim is None or self.calls != self.call or is_before is not self.before:
            return
        time.sleep(self.delay_s if not is_before else 0)
        victim, self.victim = self.victim, None
        self.left -= 1
        os.kill(victim.pid or 0, signal.SIGKILL)
        if is_before:
            raise Refusal("ServiceException", "nobody hears this", 500)


def one_run(seed: int, page: Path, fake: FakeAws, forks: Any, calls: int, figures: Figures) -> int:
    """Returns how many calls its last process made. ``calls``: of a run that nobody kills; 0: nobody is to kill it."""
    workload = StalledWorkload()
    workload.state = "Enabled"
    killer = Killer(random.Random(seed), KILLS_A_RUN if calls else 0)
    workload.before, workload.after = (lambda _: killer.kill(True)), (lambda _: killer.kill(False))
    fake.answer = workload.answer
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "AWS_ENDPOINT_URL": fake.endpoint,
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "OPS_HOME": home,
        }
        words = ["run", str(page), "--reason", "chaos"]
        failures = 0
        exit_code: int | None = None
        while exit_code != 0 and failures <= MAX_FAILURES:
            process = forks.Process(target=command, args=(environment, words))
            killer.aim_at(process, calls // 3, calls)
            process.start()
            process.join(WAIT_S)
            exit_code = process.exitcode
            figures.kills += exit_code == -signal.SIGKILL
            failures += exit_code not in (0, -signal.SIGKILL)
            if entries(Path(home))[-1:] and entries(Path(home))[-1].get("phase") == "done":
                exit_code = 0  # killed after its end: there is nothing to resume
            words = ["resume"] if list(Path(home).glob("runbooks/*/record.jsonl")) else words
        judge(workload, Path(home), exit_code, figures)
    return killer.calls


def judge(workload: StalledWorkload, home: Path, exit_code: int | None, figures: Figures) -> None:
    intents: Counter[str] = Counter()
    for entry in entries(home):
        figures.lost_records += not entry
        intents[entry.get("step", "")] += entry.get("event") == "step.intended"
    figures.repeated_effects += max(0, len(workload.changes) - len(WANTED))
    figures.lost_records += sum(not intents[f"s{number}"] for number in range(len(workload.changes[: len(WANTED)])))
    figures.stuck += exit_code != 0 or workload.changes[-len(WANTED) :] != WANTED


def document() -> str:
    steps = (
        f"id: s{number}\naction: {action}\n" + (f"with:\n  {given}\n" if given else "") + "otherwise: Stop.\n"
        for number, (action, given) in enumerate(STEPS)
    )
    return page_of("id: find\naction: workload.find\n", *steps)


def kill_settings(kills: int, fake: FakeAws, folder: Path, forks: Any) -> Figures:
    page = folder / "settings.md"
    page.write_text(document())
    figures = Figures()
    calls = one_run(-1, page, fake, forks, 0, figures)
    for seed in count():
        if figures.kills >= kills:
            break
        one_run(seed, page, fake, forks, calls, figures)
    return figures


def main(kills: int = KILLS) -> None:
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["ops.cli.runbook.run", "ops.cli.app", "botocore.session", "pydantic"])
    moving = math.ceil(kills * MOVING_SHARE)
    with (
        tempfile.TemporaryDirectory() as folder,
        start(lambda *_: None) as fake,
        serve() as server,
        ThreadPoolExecutor(2) as both,  # a move waits for its server most of the time
    ):
        parts = (
            both.submit(kill_settings, kills - moving, fake, Path(folder), forks),
            both.submit(kill_moves, moving, server, Path(folder), forks),
        )
        found = [vars(part.result()) for part in parts]
    print(json.dumps({name: sum(each[name] for each in found) for name in found[0]}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else KILLS)
