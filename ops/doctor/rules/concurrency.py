"""Rules about concurrency: what the mappings may use, what the function and the account have, what idle polling costs."""

from __future__ import annotations

from collections.abc import Iterator

from ops import formatting, pricing
from ops.doctor import changes, sources
from ops.doctor.rule import Problem, RuleSeverity, each, rule
from ops.doctor.rules.workload_facts import mapping_name
from ops.doctor.settings import FunctionSettings, MappingSettings, Unknown, WorkloadSettings, known

CEILING = 1_250
"""Concurrent invocations of a mapping without MaximumConcurrency (Lambda developer guide, services-sqs-scaling, 2026-11)."""
EMPTY_RECEIVES_MONTH, EMPTY_RECEIVES_MONTH_AT_TWO = 648_000, 259_200
"""Empty receives of an idle queue with five and with two pollers: 15 and 6 per minute (getlift/lift#132, measured)."""
HOURS_PER_MONTH = 730
"""AWS's own month in its price examples."""
PER_POLLER = 10
"""Concurrent invocations of a provisioned poller (Lambda developer guide, services-sqs-scaling, 2026-11)."""


def _functions(workload: WorkloadSettings) -> list[FunctionSettings]:
    """The functions that read the queue, each once."""
    found = [known(mapping.function) for mapping in known(workload.mappings)]
    return list({function.origin.name: function for function in found}.values())


def _mappings_of(workload: WorkloadSettings, function: FunctionSettings) -> list[MappingSettings]:
    """All that invoke the function, on other queues too."""
    several = (*known(workload.mappings), *known(workload.other_mappings))
    return [
        mapping
        for mapping in several
        if not isinstance(mapping.function, Unknown) and mapping.function.origin.name == function.origin.name
    ]


def demand(workload: WorkloadSettings, function: FunctionSettings) -> int | None:
    """The sum of MaximumConcurrency of the function's mappings; None when one has no maximum."""
    maxima = [
        known(mapping.maximum_concurrency) for mapping in _mappings_of(workload, function) if known(mapping.enabled)
    ]
    return None if any(maximum is None for maximum in maxima) else sum(maximum or 0 for maximum in maxima)


@rule(
    "reserved-below-maximum",
    RuleSeverity.CRITICAL,
    "reserved concurrency is at least the sum of MaximumConcurrency of the function's mappings",
    "Lambda receives messages that it cannot run: throttled receives count, and the messages end in the dead-letter queue.",
    sources.THROTTLED_TO_DLQ,
)
def reserved_below_maximum(workload: WorkloadSettings) -> Iterator[Problem]:
    def check(function: FunctionSettings) -> Iterator[Problem]:
        reserved, wanted = known(function.reserved), demand(workload, function)
        if reserved and wanted and reserved < wanted:
            text = f"{function.origin.name} has {reserved} reserved, and its mappings may use {wanted}"
            yield Problem(
                text, function.origin, "ReservedConcurrentExecutions", changes.reserved(function.origin, wanted)
            )

    yield from each(_functions(workload), check)


@rule(
    "reserved-without-maximum",
    RuleSeverity.WARNING,
    "a function with reserved concurrency has mappings with a MaximumConcurrency",
    "A mapping starts with 5 concurrent batches and adds 300 per minute; what the function cannot take is throttled.",
    sources.LAMBDA_SQS_SCALING,
)
def reserved_without_maximum(workload: WorkloadSettings) -> Iterator[Problem]:
    def check(mapping: MappingSettings) -> Iterator[Problem]:
        function = known(mapping.function)
        reserved = known(function.reserved)
        if (
            reserved
            and reserved < CEILING
            and not known(mapping.maximum_concurrency)
            and not known(mapping.minimum_pollers)
        ):
            least = max(2, reserved)
            text = (
                f"{function.origin.name} has {reserved} reserved, and {mapping_name(mapping)} has no MaximumConcurrency"
            )
            change = changes.mapping(
                mapping.origin,
                f"--scaling-config MaximumConcurrency={least}",
                "ScalingConfig",
                {"MaximumConcurrency": least},
            )
            yield Problem(text, mapping.origin, "ScalingConfig", change)

    yield from each(known(workload.mappings), check)


@rule(
    "reserved-zero",
    RuleSeverity.CRITICAL,
    "reserved concurrency is not 0",
    "Every invocation is throttled: messages reach the dead-letter queue without having run.",
    sources.LAMBDA_CONCURRENCY,
)
def reserved_zero(workload: WorkloadSettings) -> Iterator[Problem]:
    def check(function: FunctionSettings) -> Iterator[Problem]:
        if known(function.reserved) == 0:
            cli = f"aws lambda delete-function-concurrency --function-name {changes.name(function.origin)}"
            change = changes.other(
                cli, f"{function.origin.name} ({function.origin.kind}): remove ReservedConcurrentExecutions"
            )
            text = f"{function.origin.name} has a reserved concurrency of 0"
            yield Problem(text, function.origin, "ReservedConcurrentExecutions", change)

    yield from each(_functions(workload), check)


@rule(
    "unbounded-concurrency",
    RuleSeverity.ADVICE,
    "something bounds how many invocations a backlog starts",
    "A backlog can take the account's concurrency from every other function of the region.",
    sources.LAMBDA_SQS_SCALING,
)
def unbounded(workload: WorkloadSettings) -> Iterator[Problem]:
    def check(mapping: MappingSettings) -> Iterator[Problem]:
        bounds = (
            known(mapping.maximum_concurrency),
            known(mapping.minimum_pollers),
            known(known(mapping.function).reserved),
        )
        if all(bound is None for bound in bounds):
            text = f"{mapping_name(mapping)} may start up to {formatting.count(CEILING)} concurrent invocations"
            change = changes.mapping(
                mapping.origin, "--scaling-config MaximumConcurrency=50", "ScalingConfig", {"MaximumConcurrency": 50}
            )
            yield Problem(text, mapping.origin, "ScalingConfig", change)

    yield from each(known(workload.mappings), check)


@rule(
    "account-concurrency",
    RuleSeverity.WARNING,
    "the mappings' maximum leaves a part of the account's concurrency to other functions",
    "At a backlog every other function of the region is throttled.",
    sources.LAMBDA_CONCURRENCY,
)
def account(workload: WorkloadSettings) -> Iterator[Problem]:
    quota = known(workload.account_concurrency)
    for function in _functions(workload):
        wanted = demand(workload, function)
        if wanted is not None and known(function.reserved) is None and wanted >= quota:
            mapping = _mappings_of(workload, function)[0]
            lower = max(2, quota // 2)
            text = f"the mappings of {function.origin.name} may use {wanted} of the account's {quota}"
            change = changes.mapping(
                mapping.origin,
                f"--scaling-config MaximumConcurrency={lower}",
                "ScalingConfig",
                {"MaximumConcurrency": lower},
            )
            yield Problem(text, mapping.origin, "ScalingConfig", change)


@rule(
    "idle-polling",
    RuleSeverity.ADVICE,
    "MaximumConcurrency is worth what its idle polling costs",
    "With MaximumConcurrency an idle mapping keeps 5 pollers instead of 2; empty receives are billed.",
    sources.IDLE_POLLING,
)
def idle_polling(workload: WorkloadSettings) -> Iterator[Problem]:
    prices = pricing.load(workload.price_region)
    fifo = known(known(workload.queue).fifo)
    price = prices.sqs_fifo_request if fifo else prices.sqs_request

    def check(mapping: MappingSettings) -> Iterator[Problem]:
        if known(mapping.maximum_concurrency) is None:
            return
        more, usual = EMPTY_RECEIVES_MONTH * price, EMPTY_RECEIVES_MONTH_AT_TWO * price
        text = (
            f"{mapping_name(mapping)} polls for about {formatting.usd(more)} a month while it is idle, instead of {formatting.usd(usual)} "
            f"({prices.region} prices)"
        )
        change = changes.other(
            "", "none, while the limit is needed: it protects the function and the account, and costs cents"
        )
        yield Problem(text, mapping.origin, "ScalingConfig", change)

    yield from each(known(workload.mappings), check)


@rule(
    "provisioned-pollers",
    RuleSeverity.ADVICE,
    "the cost of provisioned pollers is known",
    "Pollers are billed by the hour whether messages arrive or not.",
    sources.LAMBDA_SQS_SCALING,
)
def provisioned_pollers(workload: WorkloadSettings) -> Iterator[Problem]:
    prices = pricing.load(workload.price_region)

    def check(mapping: MappingSettings) -> Iterator[Problem]:
        pollers = known(mapping.minimum_pollers)
        if pollers is not None:
            month = pollers * prices.lambda_poller_hour * HOURS_PER_MONTH
            text = f"{pollers} pollers cost at least {formatting.usd(month)} a month ({prices.region} prices)"
            change = changes.mapping(
                mapping.origin,
                "--provisioned-poller-config MinimumPollers=2",
                "ProvisionedPollerConfig",
                {"MinimumPollers": 2},
            )
            yield Problem(text, mapping.origin, "ProvisionedPollerConfig", change)

    yield from each(known(workload.mappings), check)


@rule(
    "pollers-above-reserved",
    RuleSeverity.WARNING,
    "reserved concurrency is enough for the provisioned pollers",
    "Each poller starts up to 10 concurrent invocations; those above the reservation are throttled.",
    sources.LAMBDA_SQS_SCALING,
)
def pollers_above_reserved(workload: WorkloadSettings) -> Iterator[Problem]:
    def check(mapping: MappingSettings) -> Iterator[Problem]:
        pollers, function = known(mapping.minimum_pollers), known(mapping.function)
        reserved = known(function.reserved)
        if pollers is not None and reserved and reserved < pollers * PER_POLLER:
            text = f"{pollers} pollers start up to {pollers * PER_POLLER} invocations, and {reserved} are reserved"
            change = changes.reserved(function.origin, pollers * PER_POLLER)
            yield Problem(text, function.origin, "ReservedConcurrentExecutions", change)

    yield from each(known(workload.mappings), check)


RULES = (
    reserved_below_maximum,
    reserved_without_maximum,
    reserved_zero,
    unbounded,
    account,
    idle_polling,
    provisioned_pollers,
    pollers_above_reserved,
)
