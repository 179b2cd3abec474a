"""Roles of a workload's metrics: incidents name roles, not queues and functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from handler import contract
from ops.alarms.evaluate import Metric
from ops.doctor.settings import FunctionSettings, MappingSettings, SqsQueueSettings, Unknown, WorkloadSettings

SQS, LAMBDA = "AWS/SQS", "AWS/Lambda"


@dataclass(frozen=True)
class WorkloadRoles:
    """The names that alarms may use as dimension values. ``limits``: the workload's own, by the names that incidents
    use; those that are not known are left out."""

    queue: frozenset[str]
    dlq: frozenset[str] = frozenset()
    function: frozenset[str] = frozenset()
    mapping: frozenset[str] = frozenset()
    undelivered: frozenset[str] = frozenset()
    job_namespace: str = contract.JOB_NAMESPACE
    limits: Mapping[str, float] = field(default_factory=dict)

    def role_of(self, metric: Metric) -> str:
        """Role and name of a metric, such as "queue.NumberOfMessagesSent"; empty for a metric of another workload."""
        dimensions = dict(metric.dimensions)
        if len(dimensions) > 1:
            return ""
        name, value = next(iter(dimensions.items()), ("", ""))
        role = ""
        if metric.namespace == SQS and name == "QueueName":
            queues = {"queue": self.queue, "dlq": self.dlq, "undelivered": self.undelivered}
            role = next((role for role, names in queues.items() if value in names), "")
        elif metric.namespace == LAMBDA and name == "FunctionName" and value in self.function:
            role = "function"
        elif metric.namespace == LAMBDA and name == "EventSourceMappingUUID" and value in self.mapping:
            role = "mapping"
        elif metric.namespace == LAMBDA and not name:
            role = "account"
        elif metric.namespace == contract.INVOCATION_NAMESPACE and value in self.function:
            role = "invocations"
        elif metric.namespace == self.job_namespace and name == contract.JOB_DIMENSION:
            role = "jobs"
        return f"{role}.{metric.name}" if role else ""


def roles_of(workload: WorkloadSettings) -> WorkloadRoles:
    """Roles of a workload of a template or an account."""
    mappings = workload.mappings if not isinstance(workload.mappings, Unknown) else ()
    functions = [each.function for each in mappings if isinstance(each.function, FunctionSettings)]
    return WorkloadRoles(
        queue=_names(workload.queue),
        dlq=_names(workload.dlq),
        function=frozenset().union(*(each.metric_names for each in functions)),
        mapping=frozenset(
            name for each in mappings for name in (each.origin.id, f"${{{each.origin.name}}}", each.origin.name) if name
        ),
        limits=_limits(workload, mappings, functions),
    )


def _names(queue: SqsQueueSettings | Unknown | None) -> frozenset[str]:
    return queue.metric_names if isinstance(queue, SqsQueueSettings) else frozenset()


def _limits(
    workload: WorkloadSettings, mappings: tuple[MappingSettings, ...], functions: list[FunctionSettings]
) -> dict[str, float]:
    queue, dlq = workload.queue, workload.dlq
    known: dict[str, object] = {
        "concurrency": _concurrency(mappings, functions),
        "account_concurrency": workload.account_concurrency,
    }
    if isinstance(queue, SqsQueueSettings):
        known |= {"visibility": queue.visibility_s, "retention": queue.retention_s}
        known["max_receives"] = queue.max_receive_count
    if isinstance(dlq, SqsQueueSettings):
        known["dlq_retention"] = dlq.retention_s
    if functions:
        known |= {"timeout": functions[0].timeout_s, "memory": functions[0].memory_mb}
    if mappings:
        known["batch_size"] = mappings[0].batch_size
    return {name: float(value) for name, value in known.items() if isinstance(value, int | float) and value > 0}


def _concurrency(mappings: tuple[MappingSettings, ...], functions: list[FunctionSettings]) -> int | None:
    """The lower of what the mappings and the reservation allow."""
    maxima = [each.maximum_concurrency for each in mappings]
    limits = (
        [sum(each for each in maxima if isinstance(each, int))] if all(isinstance(each, int) for each in maxima) else []
    )
    limits += [each.reserved for each in functions[:1] if isinstance(each.reserved, int)]
    return min((each for each in limits if each > 0), default=None)
