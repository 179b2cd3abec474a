"""Rules about execution modes that limit an event source mapping: durable executions, tenant isolation."""

from __future__ import annotations

from collections.abc import Iterator

from ops import formatting
from ops.doctor import changes, sources
from ops.doctor.rule import Problem, RuleSeverity, rule
from ops.doctor.rules.functions import each_function, longest_timeout_s
from ops.doctor.rules.queues import MAX_VISIBILITY_S
from ops.doctor.settings import FunctionSettings, WorkloadSettings, known


@rule(
    "durable-execution-timeout",
    RuleSeverity.CRITICAL,
    "a durable function has an execution timeout of at most 15 minutes, or 90 on Managed Instances",
    "Lambda rejects the event source mapping: it waits for the whole execution, which must not outlast an invocation.",
    sources.LAMBDA_DURABLE,
)
@each_function
def durable_execution_timeout(function: FunctionSettings, workload: WorkloadSettings) -> Iterator[Problem]:
    execution_s = known(function.durable_s)
    if execution_s is None or execution_s <= (longest := longest_timeout_s(function)):
        return
    text = (
        f"an execution of {function.origin.name} may take {formatting.duration(execution_s)}, but an event source mapping "
        f"waits at most {formatting.duration(longest)}; start longer ones asynchronously, from another function"
    )
    change = changes.function(
        function.origin, f"--durable-config ExecutionTimeout={longest}", "DurableConfig", {"ExecutionTimeout": longest}
    )
    yield Problem(text, function.origin, "DurableConfig", change)


@rule(
    "durable-visibility-timeout",
    RuleSeverity.WARNING,
    "the queue's visibility timeout is at least the execution timeout of a durable function",
    "A message becomes visible again while its execution still runs, and starts another one.",
    sources.LAMBDA_DURABLE,
)
@each_function
def durable_visibility_timeout(function: FunctionSettings, workload: WorkloadSettings) -> Iterator[Problem]:
    execution_s = known(function.durable_s)
    if execution_s is None:
        return
    queue = known(workload.queue)
    visibility_s, wanted = known(queue.visibility_s), min(execution_s, MAX_VISIBILITY_S)
    if visibility_s < wanted:
        text = (
            f"the visibility timeout ({visibility_s} s) is less than an execution of {function.origin.name} may take "
            f"({execution_s} s)"
        )
        change = changes.queue(queue.origin, "VisibilityTimeout", wanted)
        yield Problem(text, queue.origin, "VisibilityTimeout", change)


@rule(
    "tenant-isolation",
    RuleSeverity.CRITICAL,
    "a function that an event source mapping invokes has no tenant isolation",
    "No message is processed: tenant isolation works with API Gateway, not with event source mappings.",
    sources.TENANT_ISOLATION,
)
@each_function
def tenant_isolation(function: FunctionSettings, workload: WorkloadSettings) -> Iterator[Problem]:
    if known(function.tenant_isolation):
        text = f"{function.origin.name} has tenant isolation, but an event source mapping invokes it"
        change = changes.other("", f"{function.origin.name} ({function.origin.kind}): remove TenancyConfig")
        yield Problem(text, function.origin, "TenancyConfig", change)


RULES = (durable_execution_timeout, durable_visibility_timeout, tenant_isolation)
