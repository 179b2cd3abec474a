"""The parts of the workload that an action may change. What is not certain is refused: never the first of several."""

from __future__ import annotations

from ops.aws import lambda_
from ops.errors import UsageError
from ops.runbooks.actions.action import ActionContext


def function_of(context: ActionContext) -> lambda_.Function:
    """Raises UsageError where no function reads the queue, several do, or it could not be read."""
    function = context.workload.function
    if function is None:
        raise UsageError(f"No function is known to read {context.workload.queue.name}.", "Name one: --function NAME.")
    _ensure_one_reader(context)
    return function


def mapping_id(context: ActionContext) -> str:
    """The workload's mapping. Raises UsageError where there is none, or several and no function was named."""
    workload = context.workload
    if workload.mapping is None:
        gap = next((gap for gap in workload.gaps if gap.part.name == "MAPPING"), None)
        if gap is not None:
            raise gap.error(workload.queue.name)
        raise UsageError(
            f"No event source mapping reads {workload.queue.name}.", "Name the workload's queue: --queue NAME."
        )
    _ensure_one_reader(context)
    return workload.mapping.uuid


def qualifier_of(context: ActionContext) -> str:
    """The alias or version that the mapping invokes; empty of the unpublished version ($LATEST)."""
    mapping = context.workload.mapping
    qualifier = lambda_.qualified_name(mapping.function_arn).partition(":")[2] if mapping else ""
    return "" if qualifier == "$LATEST" else qualifier


def _ensure_one_reader(context: ActionContext) -> None:
    workload = context.workload
    if len(workload.readers) > 1 and not context.aws.target.function:
        names = ", ".join(reader.name for reader in workload.readers)
        raise UsageError(
            f"Several functions read {workload.queue.name}: {names}.", "Name the one to work on: --function NAME."
        )
