"""A queue of dead letters in memory, and the source that the toolkit sees of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ops import workload
from ops.aws import Aws, sqs
from ops.aws.clients import MAX_ATTEMPTS
from ops.deadletters import plans
from ops.deadletters.ledger.model import MessageOutcome, Outcome, Run, SentMessage
from ops.deadletters.messages import parse
from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Pace, Plan, Selection
from ops.deadletters.queue import DeadLetterQueue, open_queue
from ops.deadletters.snapshot import Snapshot
from ops.target import Target
from ops.workload import Workload
from tests.fakes.sqs.server import serve


@dataclass(frozen=True)
class World:
    aws: Any  # the server: queue(), fault(), counts()
    dlq: Any
    jobs: Any
    source: DeadLetterQueue
    descriptions: dict[tuple[Any, ...], Workload] = field(default_factory=dict)
    """What was described already: a queue made again is as the one before, and describing it takes a dozen calls."""

    def put(self, bodies: Sequence[str], attributes: Mapping[str, Any] | None = None) -> list[str]:
        """Messages that failed in ``jobs``, in the queue and in the snapshot as a scan would put them there."""
        system = {"DeadLetterQueueSourceArn": self.source.workload.queue.arn}
        ids = self.dlq.put([{"body": body, "attributes": attributes or {}, "system": system} for body in bodies])
        self.add_to_snapshot()
        return list(ids)

    def add_to_snapshot(self) -> None:
        """Read all that is visible, put it in the snapshot, give it back."""
        door, queue = self.source.aws, self.source.queue
        found: list[sqs.Message] = []
        while batch := sqs.receive_messages(door, queue, 60, 0):
            found += batch
        for at in range(0, len(found), 10):
            sqs.change_visibility_batch(door, queue, [message.receipt for message in found[at : at + 10]], 0)
        with Snapshot.open(self.source) as snapshot:
            snapshot.add(map(parse.parse_message, found), Place.QUEUE)

    def bodies(self) -> list[str]:
        """What is in the dead-letter queue now."""
        return sorted(message["Body"] for message in self.dlq.messages())

    def with_new_queues(self, folder: Path, patch: pytest.MonkeyPatch, suffix: str = "", **queue: str) -> World:
        """The same server and clients, which take long to make, with empty queues and a home in ``folder``.

        ``suffix``: of the queues' names; ``queue``: their SQS attributes.
        """
        patch.setenv("OPS_HOME", str(folder / "home"))
        self.aws.heal()
        dlq = self.aws.queue(f"jobs-dlq{suffix}", **queue)
        jobs = self.aws.queue(f"jobs{suffix}", dlq=f"jobs-dlq{suffix}", **queue)
        door = self.source.aws
        made = (suffix, *sorted(queue.items()))
        if made not in self.descriptions:
            self.descriptions[made] = workload.describe(door, replace(door.target, queue=f"jobs{suffix}"))
        return World(self.aws, dlq, jobs, open_queue(door, self.descriptions[made]), self.descriptions)


@dataclass
class FixedOutcomes:
    """A ``rollout.Watch`` that decides by the message's place in its run its outcome; None: not known yet."""

    of: Callable[[int], Outcome | None]
    pause_s: float = 0.0
    note: str = ""

    def check(self, waiting: Sequence[SentMessage], run: Run, moving: bool) -> list[MessageOutcome]:
        names = [sent.message_id for sent in waiting]
        known = [(name, self.of(run.sent - len(names) + at)) for at, name in enumerate(names)]
        now = datetime.now(UTC)
        return [
            (name, outcome, now, "ValueError: no column" if outcome is Outcome.FAILED_AGAIN else "")
            for name, outcome in known
            if outcome
        ]


@contextmanager
def a_world(folder: Path, patch: pytest.MonkeyPatch, retries: int = MAX_ATTEMPTS) -> Iterator[World]:
    """``retries`` of botocore; their pauses take seconds."""
    with serve() as aws:
        for name, value in aws.environ().items():
            patch.setenv(name, value)
        patch.setenv("OPS_HOME", str(folder / "home"))
        dlq = aws.queue("jobs-dlq")
        jobs = aws.queue("jobs", dlq="jobs-dlq")
        target = Target(queue="jobs", region=aws.environ().get("AWS_REGION"))
        door = Aws(target, max_attempts=retries)
        yield World(aws, dlq, jobs, open_queue(door, workload.describe(door, target)))


def a_plan(world: World, selection: Selection | None = None, **more: Any) -> Plan:
    """Of all messages, as fast as can be, by the ledger; ``more`` as ``plans.make`` takes it."""
    more = {"pace": Pace(None, headroom=False), "engine": "ledger", **more}
    return plans.make_plan(world.source, selection or Selection(), **more)
