"""Whether a plan is still current: the queue changes after the scan."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting
from ops.aws import sqs
from ops.deadletters.plan_model import Action, Plan
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue

MAX_PLAN_AGE = timedelta(hours=24)


def ensure_current(source: DeadLetterQueue, plan: Plan) -> None:
    """Raise UsageError, saying what changed, when ``plan`` is older than a day, or more than its margin changed: of the
    messages that the queue holds (imported ones are not in it), or of those in the snapshot that its selection matches.
    One message may always differ, unless the margin is 0. Where only some of a queue's messages go, new arrivals do not
    count, except for a purge.
    """
    age = datetime.now(UTC) - plan.made_at
    if age > MAX_PLAN_AGE:
        raise _stale(plan, f"it was created {formatting.duration(age.total_seconds())} ago")
    if age < -timedelta(minutes=5):
        raise _stale(plan, f"it was created at {plan.made_at:%Y-%m-%d %H:%M UTC}, which is in the future by this clock")
    with Snapshot.open(source) as snapshot:
        now = set(snapshot.ids(plan.selection))
    if not plan.selection.imported:
        _compare_queue(source, plan)
    planned = set(plan.ids)
    missing = len(planned - now)
    new = 0 if _ignores_arrivals(plan) else len(now - planned - set(plan.returns.left_ids))
    if missing + new > _allowed_changes(plan, len(planned)):
        raise _stale(
            plan,
            f"of its {formatting.count(len(planned), 'message')}, {formatting.count(missing)} no longer "
            f"{'matches' if missing == 1 else 'match'}, and {formatting.count(new)} more would",
        )


def _compare_queue(source: DeadLetterQueue, plan: Plan) -> None:
    depth = sqs.queue_depth(source.aws, source.queue)
    held = depth.visible + depth.in_flight + depth.delayed
    grown = 0 if _ignores_arrivals(plan) else held - plan.queue_count
    if max(grown, plan.queue_count - held) > _allowed_changes(plan, plan.queue_count):
        raise _stale(
            plan,
            f"{source.queue.name} held {formatting.count(plan.queue_count, 'message')} then and holds {formatting.count(held)} "
            f"now, more than its margin of {formatting.percent(plan.margin)}",
        )


def _ignores_arrivals(plan: Plan) -> bool:
    return not plan.selection.selects_all and plan.action is not Action.PURGE


def _allowed_changes(plan: Plan, number: int) -> int:
    return max(math.floor(plan.margin * number), 1) if plan.margin else 0


def _stale(plan: Plan, why: str) -> UsageError:
    return UsageError(f"Plan {plan.id} is stale: {why}.", "Scan again (ops dlq scan) and create a new plan.")
