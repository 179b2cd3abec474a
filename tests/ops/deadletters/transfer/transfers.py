"""Running transfers in tests: a filled queue, its plan, and what must hold afterwards."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from ops.deadletters import plans
from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import Run
from ops.deadletters.plan_model import Pace, Plan, Selection, Steps
from ops.deadletters.transfer import Transfer, TransferResult
from ops.deadletters.transfer.rate_limiter import RateLimiter
from tests.fakes.dlq_world import World

MESSAGES = 60


def plan_of(world: World, selection: Selection | None = None, **more: Any) -> Plan:
    more = {"pace": Pace(None, headroom=False), "engine": "ledger", "steps": Steps(watch=False), **more}
    return plans.make_plan(world.source, selection or Selection(), **more)


def fill(world: World, count: int = MESSAGES) -> Plan:
    world.put([f"letter {number:03d}" for number in range(count)])
    return plan_of(world)


def ledger_of(world: World, plan: Plan) -> Path:
    return world.source.runs_folder / f"{plan.id}.db"


def transfer_all(world: World, plan: Plan) -> tuple[Run, TransferResult]:
    path = ledger_of(world, plan)
    with Ledger.open(path) if path.exists() else Ledger.create(path, plan, "r", "me") as ledger:
        ledger.start_run()
        result = Transfer(world.source, plan, ledger, RateLimiter(None), lambda: False).move(len(plan.ids), 1)
        return ledger.run(), result


def assert_accounted_for(world: World, plan: Plan, run: Run) -> None:
    """Each message is in exactly one of the queues, or is listed as a possible duplicate."""
    there: Counter[str] = Counter()
    for message in world.jobs.messages():
        there[message["MessageAttributes"]["OriginalMessageId"]["StringValue"]] += 1
    left = {message["MessageId"] for message in world.dlq.messages()}
    assert set(plan.ids) <= set(there) | left, "lost"
    assert {name for name, times in there.items() if times > 1} | (left & set(there)) <= set(run.possible_duplicates), (
        "unlisted"
    )


def receive_elsewhere(world: World, count: int) -> list[tuple[str, str]]:
    """IDs and receipts of messages that another process has received."""
    found: list[Any] = []
    door = world.source.aws.sqs
    while len(found) < count:
        response = door.receive_message(QueueUrl=world.source.queue.url, MaxNumberOfMessages=10, VisibilityTimeout=600)
        found += response["Messages"]
    return [(message["MessageId"], message["ReceiptHandle"]) for message in found]
