"""Values for the catalogue's formulas and metrics, from a workload's settings.

Names of formulas: ``visibility_s``, ``retention_s``, ``max_receive_count``, ``timeout_s``, ``memory_mb``,
``read_gap_s`` (the longest time between two receives while messages wait and pollers work),
``concurrency_limit`` (the least of MaximumConcurrency, reserved and account concurrency), ``account_concurrency``,
``deadline_s``, ``init_ms``, ``init_before_ms`` (p95 of the version before), ``init_before_version``,
``init_before_starts``, ``in_flight_quota``, ``least_cost_usd``, ``day_budget_usd``, ``most_per_day_usd`` (of a whole
day at the limit of concurrency), and ``retry_period_s``: a period of an alarm as long as visibility and function timeout
together, in which a message that failed is received again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from handler import contract
from ops import pricing
from ops.alarms.catalogue.formula import Values
from ops.alarms.catalogue.model import CatalogueOptions, InitBaseline
from ops.doctor.settings import (
    FunctionSettings,
    MappingSettings,
    NotChecked,
    ObservedMetrics,
    SqsQueueSettings,
    Unknown,
    WorkloadSettings,
    known,
)

DAY_S = 86_400
IN_FLIGHT_QUOTA = 120_000
"""Messages in flight, of a standard queue and of a FIFO queue (SQS developer guide, quotas-messages; botocore 1.44.5)."""
Dimensions = tuple[str, tuple[tuple[str, str], ...]]  # the namespace, and the dimensions


def functions(workload: WorkloadSettings) -> tuple[FunctionSettings, ...]:
    """Each once. Raises NotChecked."""
    found = [known(each.function) for each in known(workload.mappings)]
    return tuple({each.origin.name: each for each in found}.values())


def values(workload: WorkloadSettings, function: FunctionSettings | Unknown, options: CatalogueOptions) -> Values:
    """Variables of the catalogue's formulas by name, in seconds, MB or US dollars as the suffix says; ``Unknown``,
    with why, for each that the workload does not show."""

    def queue() -> SqsQueueSettings:
        return known(workload.queue)

    def deadline() -> float:
        given = workload.deadline_s if options.deadline_s is None else options.deadline_s
        return _there(given, "no deadline is given")

    def most_per_day() -> float:
        return most_per_day_usd(_concurrency_limit(workload, known(function)), known(known(function).memory_mb))

    def read_gap() -> float:
        windows = [known(each.window_s) for each in _mappings_of(workload, known(function))]
        return read_gap_s(
            known(queue().visibility_s), known(known(function).timeout_s), max(windows, default=0), known(queue().fifo)
        )

    return {
        "visibility_s": _value(lambda: known(queue().visibility_s)),
        "retention_s": _value(lambda: known(queue().retention_s)),
        "max_receive_count": _value(
            lambda: _there(known(queue().max_receive_count), "the queue has no dead-letter queue")
        ),
        "timeout_s": _value(lambda: known(known(function).timeout_s)),
        "memory_mb": _value(lambda: known(known(function).memory_mb)),
        "retry_period_s": _value(lambda: retry_period_s(known(queue().visibility_s), known(known(function).timeout_s))),
        "read_gap_s": _value(read_gap),
        "concurrency_limit": _value(lambda: _concurrency_limit(workload, known(function))),
        "account_concurrency": workload.account_concurrency,
        "deadline_s": _value(deadline),
        "init_ms": _value(lambda: _there(known(workload.observed).init_ms, "no metrics of two weeks show it")),
        **_init_before(options.init_before),
        "in_flight_quota": IN_FLIGHT_QUOTA,
        "least_cost_usd": options.least_cost_usd,
        "day_budget_usd": _value(lambda: _there(options.day_budget_usd, "no budget is given")),
        "most_per_day_usd": _value(most_per_day),
    }


def _init_before(known: InitBaseline | None) -> Values:
    if known is None:
        names = ("init_before_ms", "init_before_version", "init_before_starts")
        return dict.fromkeys(names, Unknown("no version before is compared with (--compare-versions)"))
    return {
        "init_before_ms": known.p95_ms,
        "init_before_version": known.version,
        "init_before_starts": known.starts,
    }


def retry_period_s(visibility_s: int, timeout_s: int) -> int:
    """A multiple of a minute; at least five, below which few messages make a share."""
    return max(300, 60 * math.ceil((visibility_s + timeout_s) / 60))


def read_gap_s(visibility_s: float, timeout_s: float, window_s: float, fifo: bool) -> float:
    """A batch is one window and one run. Behind a failed message a FIFO group waits until that is visible again, and no
    other group need be there."""
    return max(timeout_s + window_s, visibility_s if fifo else 0)


def most_per_day_usd(concurrency: float, memory_mb: float) -> float:
    """The most that invocations can cost in a day, at the price of the more expensive architecture. us-east-1 prices
    in every region, like the metric EstimatedCost that it is compared with."""
    return concurrency * memory_mb / 1024 * DAY_S * pricing.load(pricing.PRICE_REGION).lambda_gb_second_x86_64


def _value(read: Callable[[], float]) -> float | Unknown:
    try:
        return read()
    except NotChecked as reason:
        return Unknown(str(reason))


def _there(value: float | None, why_not: str) -> float:
    """Raises NotChecked."""
    if value is None:
        raise NotChecked(why_not)
    return value


def dimensions(
    subject: str, workload: WorkloadSettings, function: FunctionSettings | Unknown, options: CatalogueOptions
) -> Dimensions:
    """Raises NotChecked where the subject is not there, or not known."""
    if subject == "account":
        return "AWS/Lambda", ()
    if subject == "queue":
        return "AWS/SQS", (("QueueName", metric_name(known(workload.queue))),)
    if subject == "dlq":
        dlq = known(workload.dlq)
        if dlq is None:
            raise NotChecked("the queue has no dead-letter queue")
        return "AWS/SQS", (("QueueName", metric_name(dlq)),)
    if subject == "undelivered":
        return "AWS/SQS", (("QueueName", options.undelivered_queue or _undelivered_queue(workload)),)
    if subject == "jobs":
        if options.jobs is None:
            raise NotChecked("no metrics of finished jobs are named")
        return options.jobs.namespace, ((options.jobs.dimension, options.jobs.value),)
    name = metric_name(known(function))
    if subject == "extension":
        _check_extension(workload, options)
        return contract.INVOCATION_NAMESPACE, ((contract.INVOCATION_DIMENSION, name),)
    return "AWS/Lambda", (("FunctionName", name),)


def _undelivered_queue(workload: WorkloadSettings) -> str:
    """The one that the functions' settings name. Raises NotChecked where they name none, or several."""
    found = {name for name in (known(each.undelivered) for each in functions(workload)) if name is not None}
    if not found:
        raise NotChecked("no queue for failed asynchronous invocations is configured, or named (--undelivered)")
    if len(found) > 1:
        several = ", ".join(sorted(found))
        raise NotChecked(f"several queues keep failed asynchronous invocations: name one (--undelivered): {several}")
    (name,) = found
    for queue in (workload.queue, workload.dlq):
        if isinstance(queue, SqsQueueSettings) and name in queue.metric_names:
            raise NotChecked(f"failed asynchronous invocations go to {name}, which other alarms watch")
    return name


def metric_name(of: SqsQueueSettings | FunctionSettings) -> str:
    """The resource's name as a metric dimension: a reference in a template."""
    names = sorted(of.metric_names)
    return next((name for name in names if name.startswith(f"${{{of.origin.name}")), names[0])


def _check_extension(workload: WorkloadSettings, options: CatalogueOptions) -> None:
    """Raises NotChecked unless the options, the extension's metrics of two weeks, or an alarm on them say that it is
    installed."""
    if options.extension:
        return
    observed = workload.observed
    seen = isinstance(observed, ObservedMetrics) and observed.init_ms is not None
    alarms = () if isinstance(workload.alarms, Unknown) else workload.alarms
    watched = any(series.namespace == contract.INVOCATION_NAMESPACE for each in alarms for series in each.series)
    if options.extension is False or not (seen or watched):
        raise NotChecked(f"no metrics of the extension ({contract.INVOCATION_NAMESPACE}) are known")


def _mappings_of(workload: WorkloadSettings, function: FunctionSettings) -> Sequence[MappingSettings]:
    """The mappings that invoke it, also from other queues: they share its concurrency. Raises NotChecked."""
    others = () if isinstance(workload.other_mappings, Unknown) else workload.other_mappings
    return [
        each
        for each in (*known(workload.mappings), *others)
        if isinstance(each.function, FunctionSettings) and each.function.origin.name == function.origin.name
    ]


def _concurrency_limit(workload: WorkloadSettings, function: FunctionSettings) -> float:
    """The least of what mappings, reservation and account allow. Raises NotChecked."""
    maxima = [known(each.maximum_concurrency) for each in _mappings_of(workload, function)]
    bounded = [each for each in maxima if each is not None]
    limits = [sum(bounded)] if len(bounded) == len(maxima) else []
    reserved = known(function.reserved)
    limits += [reserved] if reserved is not None else []
    if not limits or not isinstance(workload.account_concurrency, Unknown):
        limits.append(known(workload.account_concurrency))
    return min(limits)
