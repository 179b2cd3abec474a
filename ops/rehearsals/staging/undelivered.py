"""What a runbook leaves to ``ops dlq``: failed asynchronous invocations are run again."""

from __future__ import annotations

from ops import workload
from ops.aws import Aws
from ops.deadletters import make_plan, open_queue, scan_queue, start_redrive
from ops.deadletters.ledger.model import RunState
from ops.deadletters.plan_model import Selection
from ops.errors import TwinError
from ops.rehearsals.own_twin import own_target
from ops.twin_state import TwinState


def redrive_all(twin: TwinState, queue_url: str) -> None:
    """As ``ops dlq plan --from`` and ``ops dlq redrive`` do. Raises OpsError."""
    target = own_target(twin)
    aws = Aws(target)
    source = open_queue(aws, workload.describe(aws, target), queue_url)
    scan_queue(source)
    run = start_redrive(source, make_plan(source, Selection()), reason="rehearsal")
    if run.state is not RunState.DONE:
        raise TwinError(f"The redrive of {source.queue.name} ended as {run.state.value}.")
