"""What the cost by requests per day assumes: given numbers, else measured ones; otherwise they are unknown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ops.compare.arrivals import PEAK_FACTOR
from ops.compare.costs import instance_prices
from ops.compare.costs.break_even import EventDrivenUse, SynchronousUse
from ops.compare.costs.instance_prices import FARGATE
from ops.compare.costs.task_definition import TaskSize
from ops.compare.measured import ComparisonRun
from ops.errors import UsageError
from ops.formatting import about, duration, percent

DEFAULT_TASK = TaskSize(1.0, 2.0, "arm64")
APIS = ("rest", "http", "none")


@dataclass(frozen=True)
class CostAssumptions:
    """None: the measured value, or the one of the price file. Shares are from 0 to 1; ``usd_per_hour`` is of one
    instance, ``load_balancer_usd`` of an hour of the load balancer, whose price is not on record. ``jobs_at_once``: on one
    instance, by default one for each of its vCPUs. ``peak_factor``: the highest rate of a day over its mean. ``task``: the
    size of a Fargate task."""

    instance: str = "m7g.large"
    usd_per_hour: float | None = None
    least_instances: int = 2
    jobs_at_once: float | None = None
    load_balancer_usd: float | None = None
    utilization: float = 0.6
    peak_factor: float | None = None
    synchronous_seconds: float | None = None
    seconds_per_job: float | None = None
    jobs_per_invocation: float | None = None
    cold_share: float | None = None
    init_s: float | None = None
    memory_mb: int | None = None
    log_bytes: float | None = None
    api: str = "rest"
    task: TaskSize = DEFAULT_TASK

    def __post_init__(self) -> None:
        if self.api not in APIS:
            raise UsageError(f"There is no API type {self.api!r}.", f"Choose one of: {', '.join(APIS)}.")

    def synchronous(self, run: ComparisonRun | None) -> tuple[SynchronousUse | None, tuple[str, ...]]:
        """What a container uses, or None, and what its numbers are from. Raises UsageError for what cannot be."""
        notes = []
        price = instance_prices.find(self.instance, self.task.vcpus, self.task.memory_gb, self.task.architecture)
        usd = self.usd_per_hour if self.usd_per_hour is not None else price.usd_per_hour if price else None
        if usd is None:
            names = ", ".join(instance_prices.names())
            notes.append(f"No price on file for {self.instance}: give its dollars per hour, or choose one of {names}")
        elif self.usd_per_hour is not None:
            notes.append(f"{self.instance}: ${usd:g} per hour, as given")
        elif price is not None:
            doubt = "" if price.sure else "; check it before you rely on it"
            size = (
                f" ({self.task.vcpus:g} vCPU, {self.task.memory_gb:g} GB, {self.task.architecture})"
                if self.instance == FARGATE
                else ""
            )
            notes.append(f"{self.instance}{size}: ${usd:g} per hour ({price.source}{doubt})")
        seconds = run.service_s if run and self.synchronous_seconds is None else self.synchronous_seconds
        if seconds is None:
            notes.append("The container's time per job is not measured: give it (--synchronous-seconds)")
        if usd is None or seconds is None:
            return None, tuple(notes)
        at_once = price.vcpus if price and self.jobs_at_once is None else self.jobs_at_once
        if at_once is None:
            at_once = SynchronousUse.jobs_at_once
            notes.append(f"{at_once:g} jobs at once per instance, because its vCPUs are not on file")
        peak = PEAK_FACTOR[run.shape if run else "day"] if self.peak_factor is None else self.peak_factor
        balancer = self.load_balancer_usd
        use = SynchronousUse(usd, seconds, at_once, self.least_instances, self.utilization, peak, balancer or 0.0)
        notes.append(
            f"An instance carries {about(use.capacity_per_day)} requests per day: {at_once:g} at once, {percent(self.utilization)} "
            f"used at most, {duration(seconds)} per job, a peak of {peak:.3g} times the mean"
        )
        notes.append(
            "Containers do not scale by themselves here: as many as the peak of the day needs run all day, and none is late"
        )
        notes.append(
            "The load balancer in front of the containers is left out, because its price is not on record: give it "
            "(--load-balancer-usd)"
            if balancer is None
            else f"Load balancer: ${balancer:g} per hour, as given; its capacity units by use are left out"
        )
        return use, tuple(notes)

    def event_driven(self, run: ComparisonRun | None) -> tuple[EventDrivenUse | None, tuple[str, ...]]:
        """What the function uses, or None, and what is unknown of it. Raises UsageError for what cannot be."""
        usage = run.usage if run else None
        if usage is None and self.seconds_per_job is None:
            return None, ("The function's time per job is not measured: give it (--seconds-per-job)",)
        measured = EventDrivenUse(self.seconds_per_job or 1.0)
        if usage is not None:
            measured = EventDrivenUse(
                usage.seconds_per_job,
                usage.jobs_per_invocation,
                usage.cold_share,
                usage.init_s,
                usage.memory_mb,
                usage.architecture,
                usage.message_bytes,
            )
        given = {
            "seconds_per_job": self.seconds_per_job,
            "jobs_per_invocation": self.jobs_per_invocation,
            "cold_share": self.cold_share,
            "init_s": self.init_s,
            "memory_mb": self.memory_mb,
            "log_bytes_per_invocation": self.log_bytes,
        }
        changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        return replace(measured, api=self.api, **changes), ()
