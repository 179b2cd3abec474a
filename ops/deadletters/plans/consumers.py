"""The workload that consumes a destination queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops import workload as workloads
from ops.errors import AwsError, UsageError

if TYPE_CHECKING:
    from ops.deadletters.plan_model import Plan
    from ops.deadletters.queue import DeadLetterQueue
    from ops.workload import Workload


def consumer_of_queue(source: DeadLetterQueue, arn: str) -> Workload | None:
    """The workload whose function reads the queue; None when none is known."""
    workload: Workload | None = source.workload
    if workload is not None and workload.queue.arn != arn:
        try:
            workload = workloads.of_queue(source.aws, arn)
        except (AwsError, UsageError):
            return None
    return workload if workload and workload.mapping and workload.function else None


def consumer_of_plan(source: DeadLetterQueue, plan: Plan) -> Workload | None:
    """The consumer of the queue that most messages of a plan go to; of the workload's queue when they go to no
    queue."""
    queues = (arn for arn in plan.returns.origins if arn.split(":")[2] == "sqs")  # the most first
    arn = plan.destination.queue_arn or next(queues, source.workload.queue.arn)
    return consumer_of_queue(source, arn)
