"""What a rehearsal may do to its twin, outside of the runbook: cause the incident, or fix its cause."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ops import formatting
from ops.rehearsals.act_inputs import (
    ActInputs,
    CreateQueue,
    DeployVersion,
    FunctionMemory,
    InvokeAsynchronously,
    KeepSending,
    MaximumConcurrency,
    Permission,
    ReservedConcurrency,
    SendJobs,
    SlowS3,
    Wait,
)
from ops.rehearsals.staging.staged_function import ALIAS
from ops.rehearsals.staging.staged_workload import StagedWorkload
from ops.rehearsals.staging.twin_errors import twin_errors

_FAULTS = {
    "does-not-start": "its runtime does not start",
    "starts-slowly": "its runtime waits five seconds before it starts",
    "drops-jobs": "its handler prints each batch and succeeds",
    "no-extension": "its image has no extension",
}


@dataclass(frozen=True)
class ActKind:
    name: str
    inputs: type[msgspec.Struct]
    carry_out: Callable[[StagedWorkload, Any], str]
    """Returns what was done, as a sentence."""


@dataclass(frozen=True)
class Act:
    kind: ActKind
    inputs: Any

    def carry_out(self, workload: StagedWorkload) -> str:
        """Returns what was done, as a sentence. Raises OpsError."""
        with twin_errors(self.kind.name):
            return self.kind.carry_out(workload, self.inputs)


def _send(workload: StagedWorkload, inputs: SendJobs) -> str:
    workload.send(inputs.kind, inputs.count, inputs.size)
    return f"{formatting.count(inputs.count, 'job')} sent: {inputs.kind}."


def _keep_sending(workload: StagedWorkload, inputs: KeepSending) -> str:
    workload.keep_sending(inputs.kind, inputs.per_second, inputs.at_most, inputs.size, inputs.unfinished)
    return f"Up to {inputs.per_second:g} jobs a second are sent from now on, {inputs.at_most} at most: {inputs.kind}."


def _send_again(workload: StagedWorkload, _inputs: ActInputs) -> str:
    return f"{formatting.count(workload.send_again(), 'job')} without a result sent again."


def _invoke(workload: StagedWorkload, inputs: InvokeAsynchronously) -> str:
    workload.invoke_asynchronously(inputs.kind, inputs.count)
    return f"The function is invoked asynchronously with {formatting.count(inputs.count, 'job')}: {inputs.kind}."


def _await_undelivered(workload: StagedWorkload, _inputs: ActInputs) -> str:
    return f"{formatting.count(workload.await_undelivered(), 'event')} kept in the undelivered queue."


def _pause(workload: StagedWorkload, _inputs: ActInputs) -> str:
    workload.set_mapping(Enabled=False)
    return "The event source mapping is turned off."


def _resume(workload: StagedWorkload, _inputs: ActInputs) -> str:
    workload.set_mapping(Enabled=True)
    return "The event source mapping is turned on."


def _maximum(workload: StagedWorkload, inputs: MaximumConcurrency) -> str:
    workload.set_mapping(ScalingConfig={"MaximumConcurrency": inputs.maximum})
    return f"The mapping's maximum concurrency is {inputs.maximum}."


def _reserve(workload: StagedWorkload, inputs: ReservedConcurrency) -> str:
    workload.function.reserve(inputs.reserved)
    return f"The function's reserved concurrency is {inputs.reserved}."


def _memory(workload: StagedWorkload, inputs: FunctionMemory) -> str:
    workload.function.set_memory(inputs.megabytes)
    return f"The function's memory is {inputs.megabytes:,} MB."


def _deny(workload: StagedWorkload, inputs: Permission) -> str:
    workload.function.deny(inputs.permission)
    return f"The function's role may no longer do {inputs.permission}."


def _end_denial(workload: StagedWorkload, _inputs: ActInputs) -> str:
    workload.function.end_denial()
    return "The function's role may do again what it might before."


def _deploy_alias(workload: StagedWorkload, _inputs: ActInputs) -> str:
    version = workload.deploy_behind_alias()
    return f"Version {version} is deployed behind alias {ALIAS}, which the mapping invokes."


def _deploy(workload: StagedWorkload, inputs: DeployVersion) -> str:
    return f"Version {workload.function.deploy_with(inputs.fault)} is deployed: {_FAULTS[inputs.fault]}."


def _roll_back(workload: StagedWorkload, _inputs: ActInputs) -> str:
    return f"The alias {ALIAS} is version {workload.function.roll_back()} again."


def _slow_s3(workload: StagedWorkload, inputs: SlowS3) -> str:
    workload.slow_down_s3(inputs.seconds)
    return f"S3 answers the function {inputs.seconds:g} s later."


def _add_consumer(workload: StagedWorkload, _inputs: ActInputs) -> str:
    workload.dlq_consumer.add()
    return f"{workload.dlq_consumer.name} receives from the dead-letter queue, prints each message and deletes it."


def _stop_consumer(workload: StagedWorkload, _inputs: ActInputs) -> str:
    workload.dlq_consumer.stop()
    return f"The mapping of {workload.dlq_consumer.name} is turned off."


def _create_queue(workload: StagedWorkload, inputs: CreateQueue) -> str:
    workload.create_queue(inputs.name)
    return f"The queue {inputs.name} is there, and nothing reads it."


def _wait(_workload: StagedWorkload, inputs: Wait) -> str:
    time.sleep(inputs.seconds)
    return f"{formatting.duration(inputs.seconds)} have passed."


def _supply(workload: StagedWorkload, _inputs: ActInputs) -> str:
    workload.supply_data()
    return "The data that the jobs name is there now."


_ALL = (
    ActKind("send-jobs", SendJobs, _send),
    ActKind("keep-sending", KeepSending, _keep_sending),
    ActKind("send-again", ActInputs, _send_again),
    ActKind("invoke-asynchronously", InvokeAsynchronously, _invoke),
    ActKind("await-undelivered", ActInputs, _await_undelivered),
    ActKind("pause-mapping", ActInputs, _pause),
    ActKind("resume-mapping", ActInputs, _resume),
    ActKind("set-maximum-concurrency", MaximumConcurrency, _maximum),
    ActKind("set-reserved-concurrency", ReservedConcurrency, _reserve),
    ActKind("set-memory", FunctionMemory, _memory),
    ActKind("deny", Permission, _deny),
    ActKind("end-denial", ActInputs, _end_denial),
    ActKind("deploy-behind-alias", ActInputs, _deploy_alias),
    ActKind("deploy-version", DeployVersion, _deploy),
    ActKind("roll-back-alias", ActInputs, _roll_back),
    ActKind("slow-down-s3", SlowS3, _slow_s3),
    ActKind("add-dlq-consumer", ActInputs, _add_consumer),
    ActKind("stop-dlq-consumer", ActInputs, _stop_consumer),
    ActKind("create-queue", CreateQueue, _create_queue),
    ActKind("wait", Wait, _wait),
    ActKind("supply-data", ActInputs, _supply),
)
ACTS: Mapping[str, ActKind] = {kind.name: kind for kind in _ALL}
