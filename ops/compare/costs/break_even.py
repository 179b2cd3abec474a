"""The monthly cost of both forms by requests per day, and the load from which the always-on form is cheaper.

Synchronous: instances are paid for by the hour, at least ``least_instances`` of them, and as many as the peak of a day
needs. Event-driven: each job pays for its API request, its SQS requests, its share of an invocation and its logs; an
idle queue is polled. Left out on both sides: S3, DynamoDB, EventBridge, alarms and metrics, which cost the same either
way; the use of the load balancer in front of the containers, beyond its hours; free tiers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ops.errors import UsageError
from ops.insight.rules.cost.cost_model import HOURS_PER_MONTH
from ops.insight.rules.cost.function_cost import GB
from ops.pricing import Prices
from ops.pricing.billed_requests import api_requests, sqs_chunks

SECONDS_PER_DAY = 86_400
DAYS_PER_MONTH = HOURS_PER_MONTH / 24
IDLE_RECEIVES_PER_MONTH = 648_000
"""Fifteen empty receives a minute per idle queue, measured by users (getlift/lift#132)."""
LEFT_OUT = (
    "S3, DynamoDB, EventBridge, alarms and metrics: the same either way",
    "free tiers and volume tiers",
)


@dataclass(frozen=True)
class SynchronousUse:
    """``usd_per_hour``: of one instance. ``jobs_at_once``: that one instance works on; of that ``utilization`` (0 to 1)
    is used at most. ``peak_factor``: the highest rate of a day over its mean."""

    usd_per_hour: float
    seconds_per_job: float
    jobs_at_once: float = 2.0
    least_instances: int = 2
    utilization: float = 0.6
    peak_factor: float = 4 / 3
    load_balancer_usd_per_hour: float = 0.0

    def __post_init__(self) -> None:
        _ensure_positive("the time per job", self.seconds_per_job)
        _ensure_positive("jobs at once per instance", self.jobs_at_once)
        if not 0 < self.utilization <= 1:
            raise UsageError(f"The utilization must be above 0% and at most 100%, not {self.utilization * 100:g}%.")
        if self.least_instances < 1 or self.peak_factor < 1 or not 0 <= self.usd_per_hour < math.inf:
            raise UsageError(
                "There must be at least 1 instance, a peak factor of at least 1, and a price of at least 0."
            )
        if not 0 <= self.load_balancer_usd_per_hour < math.inf:
            raise UsageError(f"A load balancer cannot cost {self.load_balancer_usd_per_hour:g} USD per hour.")
        if not self.capacity_per_day >= 1:
            raise UsageError(
                "One instance would carry less than one request per day.",
                "Check the time per job, the jobs at once, the utilization and the peak factor.",
            )

    @property
    def capacity_per_day(self) -> float:
        """Jobs a day that one instance carries."""
        return SECONDS_PER_DAY * self.jobs_at_once * self.utilization / (self.seconds_per_job * self.peak_factor)

    def instances(self, per_day: float) -> int:
        return max(self.least_instances, math.ceil(per_day / self.capacity_per_day))

    def usd_per_month(self, per_day: float) -> float:
        return self.usd_of(self.instances(per_day))

    def usd_of(self, instances: int) -> float:
        """A month of that many, with the load balancer."""
        return (instances * self.usd_per_hour + self.load_balancer_usd_per_hour) * HOURS_PER_MONTH


@dataclass(frozen=True)
class EventDrivenUse:
    """``cold_share``: of the invocations. ``api``: rest, http or none."""

    seconds_per_job: float
    jobs_per_invocation: float = 1.0
    cold_share: float = 0.01
    init_s: float = 1.0
    memory_mb: int = 1024
    architecture: str = "arm64"
    message_bytes: float = 1_000.0
    log_bytes_per_invocation: float = 3_000.0
    api: str = "rest"

    def __post_init__(self) -> None:
        _ensure_positive("the time per job", self.seconds_per_job)
        if not 0 <= self.log_bytes_per_invocation < math.inf:
            raise UsageError(f"An invocation cannot log {self.log_bytes_per_invocation:g} bytes.")
        if not self.jobs_per_invocation >= 1 or not 0 <= self.cold_share <= 1 or not self.init_s >= 0:
            raise UsageError(
                "An invocation has at least 1 job, between 0% and 100% are cold starts, and an INIT takes 0 s or more."
            )

    def parts(self, prices: Prices) -> dict[str, float]:
        """USD per job, by component."""
        gb_second_usd = self.memory_mb / 1024 * prices.gb_second(self.architecture)
        per_invocation = self.log_bytes_per_invocation / GB * prices.log_gb_ingested
        return {
            "API Gateway": api_requests(self.api, self.message_bytes)
            * {"rest": prices.api_rest_request, "http": prices.api_http_request}.get(self.api, 0.0),
            # Sent, received and deleted; an upper bound, because the mapping receives and deletes in batches.
            "SQS requests": (2 * sqs_chunks(self.message_bytes) + 1) * prices.sqs_request,
            "Lambda duration": self.seconds_per_job * gb_second_usd,
            "Lambda INIT": self.cold_share * self.init_s * gb_second_usd / self.jobs_per_invocation,
            "Lambda requests": prices.lambda_request / self.jobs_per_invocation,
            "Logs": per_invocation / self.jobs_per_invocation,
        }

    def usd_per_job(self, prices: Prices) -> float:
        return math.fsum(self.parts(prices).values())


def idle_usd_per_month(prices: Prices) -> float:
    """What the event-driven form costs when idle: polling the empty queue."""
    return IDLE_RECEIVES_PER_MONTH * prices.sqs_request


def event_usd_per_month(per_day: float, usd_per_job: float, idle_usd: float) -> float:
    """Polling is an upper bound under load, where fewer receives are empty."""
    return idle_usd + per_day * DAYS_PER_MONTH * usd_per_job


def break_even(synchronous: SynchronousUse, usd_per_job: float, idle_usd: float) -> float | None:
    """The least requests per day at which the synchronous form costs no more than the event-driven one; None when there
    is none.

    Each further instance adds the same capacity for the same price. So where the least number of instances, full, is not
    cheaper, more of them are only where a full instance costs less than its jobs do event-driven, which then pays for the
    load balancer, too.
    """
    least, slope = synchronous.least_instances, usd_per_job * DAYS_PER_MONTH
    if idle_usd >= synchronous.usd_of(least):
        return 0.0
    if slope <= 0:
        return None
    if event_usd_per_month(least * synchronous.capacity_per_day, usd_per_job, idle_usd) < synchronous.usd_of(least):
        gain = slope * synchronous.capacity_per_day - synchronous.usd_per_hour * HOURS_PER_MONTH
        if gain <= 0:
            return None
        least = max(least, math.ceil((synchronous.usd_of(0) - idle_usd) / gain))
    return (synchronous.usd_of(least) - idle_usd) / slope


def costs_more_again(synchronous: SynchronousUse, usd_per_job: float, idle_usd: float) -> bool:
    """Whether the first instance beyond those at the break-even makes the synchronous form more expensive again, until it has
    enough to do."""
    instances = synchronous.instances(break_even(synchronous, usd_per_job, idle_usd) or 0.0)
    full = instances * synchronous.capacity_per_day
    return event_usd_per_month(full, usd_per_job, idle_usd) < synchronous.usd_of(instances + 1)


def _ensure_positive(what: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise UsageError(f"{what.capitalize()} must be above 0, not {value:g}.")
