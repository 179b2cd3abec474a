"""Rules about the event source mappings: batches, filters, what they invoke."""

from __future__ import annotations

from collections.abc import Iterator

from ops import formatting
from ops.doctor import changes, sources
from ops.doctor.rule import Problem, RuleSeverity, SettingChange, each, rule
from ops.doctor.rules.workload_facts import mapping_name
from ops.doctor.settings import MappingSettings, Unknown, WorkloadSettings, known


@rule(
    "mapping-disabled",
    RuleSeverity.CRITICAL,
    "an event source mapping of the queue is on",
    "Nothing is processed, and messages expire when their retention ends.",
    sources.CREATE_MAPPING,
)
def mapping_disabled(workload: WorkloadSettings) -> Iterator[Problem]:
    if any(mapping.enabled is True for mapping in known(workload.mappings)):
        return  # one may be off on purpose, as in a deployment of two stacks

    def check(mapping: MappingSettings) -> Iterator[Problem]:
        if not known(mapping.enabled):
            change = changes.mapping(mapping.origin, "--enabled", "Enabled", True)
            yield Problem(f"{mapping_name(mapping)} is disabled", mapping.origin, "Enabled", change)

    yield from each(known(workload.mappings), check)


@rule(
    "partial-batch-responses",
    RuleSeverity.WARNING,
    "the function reports the messages of a batch that failed, where a batch holds several",
    "One bad message fails its whole batch: the others are processed again, and may reach the dead-letter queue with it.",
    sources.LAMBDA_SQS_ERRORS,
)
def partial_batch_responses(workload: WorkloadSettings) -> Iterator[Problem]:
    def check(mapping: MappingSettings) -> Iterator[Problem]:
        if known(mapping.batch_size) > 1 and not known(mapping.partial_batches):
            text = f"batches of up to {formatting.count(known(mapping.batch_size))} fail as a whole"
            change = changes.mapping(
                mapping.origin,
                "--function-response-types ReportBatchItemFailures",
                "FunctionResponseTypes",
                ["ReportBatchItemFailures"],
            )
            yield Problem(text, mapping.origin, "FunctionResponseTypes", change)

    yield from each(known(workload.mappings), check)


@rule(
    "batch-limits",
    RuleSeverity.CRITICAL,
    "batch size and batching window are within Lambda's limits",
    "Lambda rejects the mapping: above 10 messages it needs a window of 1 s, and a FIFO queue takes neither.",
    sources.CREATE_MAPPING,
)
def batch_limits(workload: WorkloadSettings) -> Iterator[Problem]:
    mappings = known(workload.mappings)
    fifo = known(known(workload.queue).fifo)

    def check(mapping: MappingSettings) -> Iterator[Problem]:
        size, window = known(mapping.batch_size), known(mapping.window_s)
        if fifo and size > 10:
            change = changes.mapping(mapping.origin, "--batch-size 10", "BatchSize", 10)
            yield Problem(f"a FIFO queue has batches of at most 10, not {size}", mapping.origin, "BatchSize", change)
        elif fifo and window:
            change = _window(mapping, 0)
            yield Problem(
                "a FIFO queue takes no batching window", mapping.origin, "MaximumBatchingWindowInSeconds", change
            )
        elif size > 10 and window < 1:
            text = f"batches of {formatting.count(size)} need a batching window of at least 1 s"
            yield Problem(text, mapping.origin, "BatchSize", _window(mapping, 1))

    yield from each(mappings, check)


def _window(mapping: MappingSettings, seconds: int) -> SettingChange:
    setting = "MaximumBatchingWindowInSeconds"
    return changes.mapping(mapping.origin, f"--maximum-batching-window-in-seconds {seconds}", setting, seconds)


@rule(
    "provisioned-or-maximum",
    RuleSeverity.CRITICAL,
    "a mapping has provisioned pollers or a MaximumConcurrency, not both",
    "Lambda rejects the mapping: what bounds its concurrency in provisioned mode is the maximum of its pollers.",
    sources.LAMBDA_SQS_SCALING,
)
def provisioned_or_maximum(workload: WorkloadSettings) -> Iterator[Problem]:
    def check(mapping: MappingSettings) -> Iterator[Problem]:
        if known(mapping.minimum_pollers) and known(mapping.maximum_concurrency):
            text = f"{mapping_name(mapping)} has provisioned pollers and a MaximumConcurrency"
            change = changes.mapping(mapping.origin, "--scaling-config '{}'", "ScalingConfig", {})
            yield Problem(text, mapping.origin, "ScalingConfig", change)

    yield from each(known(workload.mappings), check)


@rule(
    "competing-mappings",
    RuleSeverity.WARNING,
    "one event source mapping reads the queue",
    "Each message goes to one of the mappings, whichever polls first; a filter that does not match deletes it.",
    sources.LAMBDA_FILTERS,
)
def competing_mappings(workload: WorkloadSettings) -> Iterator[Problem]:
    mappings = [mapping for mapping in known(workload.mappings) if known(mapping.enabled)]
    if len(mappings) < 2:
        return
    filtered = any(known(mapping.filters) for mapping in mappings)
    then = (
        "and a message that its filter does not match is deleted"
        if filtered
        else "and each message reaches one of them only"
    )
    text = f"{len(mappings)} event source mappings read the queue, {then}"
    change = changes.mapping(mappings[-1].origin, "--no-enabled", "Enabled", False)
    yield Problem(text, mappings[-1].origin, "FilterCriteria", change, RuleSeverity.CRITICAL if filtered else None)


@rule(
    "function-on-latest",
    RuleSeverity.ADVICE,
    "the mapping invokes an alias or a version",
    "Each deployment is live at once for all messages, and going back means deploying the old code again.",
    sources.LAMBDA_VERSIONS,
)
def function_on_latest(workload: WorkloadSettings) -> Iterator[Problem]:
    def check(mapping: MappingSettings) -> Iterator[Problem]:
        if not known(mapping.qualifier):
            function = mapping.function
            name = "NAME" if isinstance(function, Unknown) else changes.name(function.origin)
            change = changes.mapping(mapping.origin, f"--function-name {name}:live", "FunctionName", "ALIAS_ARN")
            text, severity = "the mapping invokes $LATEST", None
            if not isinstance(function, Unknown) and isinstance(function.durable_s, int):
                # A version pins an execution to its code (Lambda developer guide, durable-best-practices, 2026).
                text += " of a durable function: executions under way replay with the code of the next deployment"
                severity = RuleSeverity.WARNING
            yield Problem(text, mapping.origin, "FunctionName", change, severity)

    yield from each(known(workload.mappings), check)


@rule(
    "mapping-metrics",
    RuleSeverity.ADVICE,
    "the mapping publishes EventCount metrics",
    "What filters dropped, and which messages failed in a batch, cannot be told from SQS's own metrics.",
    sources.LAMBDA_METRICS,
)
def mapping_metrics(workload: WorkloadSettings) -> Iterator[Problem]:
    def check(mapping: MappingSettings) -> Iterator[Problem]:
        if not known(mapping.event_count):
            change = changes.mapping(
                mapping.origin, "--metrics-config Metrics=EventCount", "MetricsConfig", {"Metrics": ["EventCount"]}
            )
            yield Problem("EventCount metrics are off", mapping.origin, "MetricsConfig", change)

    yield from each(known(workload.mappings), check)


RULES = (
    mapping_disabled,
    partial_batch_responses,
    batch_limits,
    provisioned_or_maximum,
    competing_mappings,
    function_on_latest,
    mapping_metrics,
)
