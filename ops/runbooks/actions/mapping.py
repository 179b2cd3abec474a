"""Actions on the event source mapping of the workload: pause, resume, maximum concurrency."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ops.aws import lambda_
from ops.aws.call import ApiCall
from ops.errors import OpsError, UsageError
from ops.runbooks.actions.action import ActionContext, Value
from ops.runbooks.actions.reads import NoInputs
from ops.runbooks.actions.settings import Reading, SettingAction
from ops.runbooks.actions.workload_parts import mapping_id

ON, OFF = "on", "off"
_STATES = {True: ON, False: OFF}
READY_WITHIN_S, READY_POLL_S = 60.0, 2.0
"""How long a change of the mapping by someone else is waited for."""
_READS = ("lambda:GetEventSourceMapping",)


class MaximumConcurrencyInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``maximum``: 2 to 1,000 (Lambda's range of ScalingConfig.MaximumConcurrency)."""

    maximum: Annotated[int, Meta(ge=2, le=1_000)]


class BatchSize(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``messages``: 1 to 10,000; more than 10 needs a batching window (Lambda's rule for a standard queue)."""

    messages: Annotated[int, Meta(ge=1, le=10_000)]


def read_mapping(context: ActionContext) -> lambda_.EventSourceMapping:
    return lambda_.get_mapping(context.aws, mapping_id(context))


def _read_switch(context: ActionContext) -> Reading:
    """``value`` is on or off, or where its state does not tell, that state."""
    mapping = read_mapping(context)
    value = mapping.state if mapping.enabled is None else _STATES[mapping.enabled]
    return Reading(value, mapping.settled, f" ({mapping.state})")


def _read_maximum(context: ActionContext) -> Reading:
    mapping = read_mapping(context)
    return Reading(mapping.maximum_concurrency, mapping.settled)


def _read_batch_size(context: ActionContext) -> Reading:
    mapping = read_mapping(context)
    return Reading(mapping.batch_size, mapping.settled)


def _await_settled(context: ActionContext) -> None:
    """Until Lambda has carried out the change before, and shows whether the mapping is on. Raises OpsError."""
    started = context.elapsed_s()
    while not (mapping := read_mapping(context)).settled:
        if mapping.state == "Deleting" or context.elapsed_s() - started >= READY_WITHIN_S:
            raise OpsError(
                f"Event source mapping {mapping.uuid} is {mapping.state}: Lambda carries out another change of it.",
                "Find out who changes it. Once it is Enabled or Disabled: ops runbook resume.",
            )
        context.progress(f"mapping {mapping.uuid} is {mapping.state}; waiting until it is Enabled or Disabled")
        context.pause(READY_POLL_S)


def _batch(uuid: str, value: Any) -> ApiCall:
    return ApiCall("lambda", "UpdateEventSourceMapping", {"UUID": uuid, "BatchSize": value})


def _batch_note(context: ActionContext, value: Value) -> str:
    if isinstance(value, int) and value > 10 and not read_mapping(context).window_s:
        raise UsageError(
            f"A batch of {value} messages needs a batching window, and the mapping has none.", "Use 10 or fewer."
        )
    return "Smaller batches make more invocations of the same work."


def _switch(uuid: str, value: Any) -> ApiCall:
    return ApiCall("lambda", "UpdateEventSourceMapping", {"UUID": uuid, "Enabled": value == ON})


def _scale(uuid: str, value: Any) -> ApiCall:
    scaling = {} if value is None else {"MaximumConcurrency": value}
    return ApiCall("lambda", "UpdateEventSourceMapping", {"UUID": uuid, "ScalingConfig": scaling})


def _maximum_note(context: ActionContext, value: Value) -> str:
    function = context.workload.function
    reserved = function.reserved if function else None
    if isinstance(value, int) and reserved is not None and value > reserved:
        return (
            f"The function's reserved concurrency is {reserved:,}: above it, invocations are throttled, and each throttle "
            "counts as a receive."
        )
    return ""


RESUME = SettingAction(
    name="mapping.resume",
    summary="Turn the event source mapping on",
    what="polling",
    inputs=NoInputs,
    reads=_READS,
    variable="UUID",
    owner=mapping_id,
    read=_read_switch,
    target=lambda _inputs: ON,
    call=_switch,
    earlier=OFF,
    ready=_await_settled,
)
PAUSE = replace(
    RESUME,
    name="mapping.pause",
    summary="Turn the event source mapping off; messages wait in the queue",
    target=lambda _inputs: OFF,
    earlier=ON,
)
MAXIMUM_CONCURRENCY = SettingAction(
    name="mapping.set-maximum-concurrency",
    summary="Set how many batches the mapping has in work at once",
    what="maximum concurrency",
    inputs=MaximumConcurrencyInputs,
    reads=_READS,
    variable="UUID",
    owner=mapping_id,
    read=_read_maximum,
    target=lambda inputs: int(inputs.maximum),
    call=_scale,
    earlier="EARLIER",
    note=_maximum_note,
    ready=_await_settled,
)
BATCH_SIZE = SettingAction(
    name="mapping.set-batch-size",
    summary="Set how many messages an invocation gets at most",
    what="batch size",
    inputs=BatchSize,
    reads=_READS,
    variable="UUID",
    owner=mapping_id,
    read=_read_batch_size,
    target=lambda inputs: int(inputs.messages),
    call=_batch,
    earlier="EARLIER",
    note=_batch_note,
    ready=_await_settled,
)
