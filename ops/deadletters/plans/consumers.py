"""Who reads the queue that letters are sent to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops import workload as workloads
from ops.errors import AwsError, UsageError

if TYPE_CHECKING:
    from ops.deadletters.plan_model import Plan
    from ops.deadletters.queue import DeadLetterQueue
    from ops.workload import Workload


def consumer_of_queue(source: DeadLetterQueue, arn: str) -> Workload | None:
    """The workload whose function reads the queue; None when nobody is known to."""
    found: Workload | None = source.workload
    if found is not None and found.queue.arn != arn:
        try:
            found = workloads.of_queue(source.aws, arn)
        except (AwsError, UsageError):
            return None
    return found if found and found.mapping and found.function else None


def consumer_of_plan(source: DeadLetterQueue, plan: Plan) -> Workload | None:
    """Who reads the queue that most of a plan's messages go to; the workload's own where they go to none."""
    queues = (arn for arn in plan.returns.origins if arn.split(":")[2] == "sqs")  # the most first
    arn = plan.destination.queue_arn or next(queues, source.workload.queue.arn)
    return consumer_of_queue(source, arn)
