"""The concurrency law of a workload while messages wait, with its own and with other settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ops.aws.lambda_ import DEFAULT_MINIMUM_POLLERS
from ops.errors import UsageError
from ops.esm_scaling import ScalingPolicy
from ops.insight.forecast.drain_model import ConcurrencyLaw
from ops.insight.rules.concurrency import concurrency_limits
from ops.insight.rules.concurrency.ramp import MESSAGE_GROUPS, POLLERS_PER_MINUTE

if TYPE_CHECKING:
    from ops.workload import Workload

MAXIMUM_CONCURRENCY_RANGE = (2, 1_000)
POLLER_RANGE = (2, 10_000)
BATCH_RANGE, FIFO_BATCH_RANGE, WINDOW_RANGE = (1, 10_000), (1, 10), (0, 300)
WINDOW_NEEDED_ABOVE = 10
"""CreateEventSourceMapping, ScalingConfig and ProvisionedPollerConfig (botocore 1.44.5, 2026-11): a batch above 10 messages
needs a batching window of at least 1 s, and a FIFO queue has none."""
GROUPS_RANGE, RESERVED_RANGE = (1, 1_000_000), (0, 1_000_000)
"""More is a slip of the finger."""
IN_FLIGHT_QUOTA = 120_000
"""Messages of one queue that may be in flight (SQS quotas, 2026-11); beyond it no more are received."""
GROUPS, IN_FLIGHT = MESSAGE_GROUPS, "in-flight quota"


@dataclass(frozen=True)
class Environments:
    """``running``: invocations now, from where concurrency grows. ``warm``: initialized environments; ``init_s``: the INIT
    of a further one, 0 where it is not known."""

    running: float = 0.0
    warm: float = 0.0
    init_s: float = 0.0


NONE_THERE = Environments()


@dataclass(frozen=True)
class ScalingSettings:
    """Settings that limit concurrency. ``pollers``: minimum and maximum of provisioned mode. ``groups``: active
    message groups of a FIFO queue, each of which runs one invocation at a time. ``window_s``: the batching window."""

    batch_size: int = 10
    window_s: int = 0
    fifo: bool = False
    maximum_concurrency: int | None = None
    pollers: tuple[int, int] | None = None
    reserved: int | None = None
    account: int | None = None
    groups: int | None = None

    def __post_init__(self) -> None:
        """Raises UsageError for settings that Lambda rejects."""
        if self.maximum_concurrency is not None and self.pollers is not None:
            raise UsageError(
                "A mapping has either a maximum concurrency or provisioned pollers.",
                "Choose one of them.",
            )
        _within("A maximum concurrency", self.maximum_concurrency, MAXIMUM_CONCURRENCY_RANGE)
        _within("Reserved concurrency", self.reserved, RESERVED_RANGE)
        _within("The number of message groups", self.groups, GROUPS_RANGE)
        for number in self.pollers or ():
            _within("The number of provisioned pollers", number, POLLER_RANGE)
        if self.pollers and self.pollers[0] > self.pollers[1]:
            raise UsageError("The least pollers are more than the most.", "Write the lower number first.")

    def with_changes(
        self,
        maximum_concurrency: int | None = None,
        pollers: tuple[int, int] | None = None,
        reserved: int | None = None,
        groups: int | None = None,
        batch_size: int | None = None,
        window_s: int | None = None,
    ) -> ScalingSettings:
        """The settings with the given changes. Maximum concurrency and provisioned pollers replace each other, as in
        Lambda."""
        scaling = (self.maximum_concurrency, self.pollers)
        if maximum_concurrency is not None or pollers is not None:
            scaling = (maximum_concurrency, pollers)
        changed = replace(
            self,
            maximum_concurrency=scaling[0],
            pollers=scaling[1],
            reserved=self.reserved if reserved is None else reserved,
            groups=self.groups if groups is None else groups,
            batch_size=self.batch_size if batch_size is None else batch_size,
            window_s=self.window_s if window_s is None else window_s,
        )
        if batch_size is not None or window_s is not None:
            changed._ensure_batches()
        return changed

    def _ensure_batches(self) -> None:
        if self.fifo:
            _within("The batch size of a FIFO queue", self.batch_size, FIFO_BATCH_RANGE)
        _within("A batch size", self.batch_size, BATCH_RANGE)
        _within("A batching window (seconds)", self.window_s, WINDOW_RANGE)
        if self.fifo and self.window_s:
            raise UsageError("A FIFO queue has no batching window.", "Leave the window out.")
        if self.batch_size > WINDOW_NEEDED_ABOVE and not self.window_s:
            raise UsageError(
                f"A batch of more than {WINDOW_NEEDED_ABOVE} messages needs a batching window of at least 1 s.",
                "Add a batching window, e.g. of 1 s.",
            )

    def law(self, there: Environments = NONE_THERE) -> ConcurrencyLaw:
        if self.pollers is not None:
            least, most = (number * concurrency_limits.POLLER_CONCURRENCY for number in self.pollers)
            scaling = ConcurrencyLaw(least, POLLERS_PER_MINUTE, most, "provisioned pollers")
        else:
            policy = ScalingPolicy(maximum_concurrency=self.maximum_concurrency)
            name = "ESM maximum" if self.maximum_concurrency is None else "ESM MaximumConcurrency"
            scaling = ConcurrencyLaw(policy.base, policy.per_minute, policy.limit, name)
        limits = [(scaling.limit, scaling.limited_by), (IN_FLIGHT_QUOTA / self.batch_size, IN_FLIGHT)]
        limits += [
            (float(limit), name)
            for limit, name in (
                (self.reserved, concurrency_limits.RESERVED),
                (self.account if self.reserved is None else None, concurrency_limits.ACCOUNT_QUOTA),
                (self.groups, GROUPS),
            )
            if limit is not None
        ]
        limit, name = min(limits, key=lambda limit: limit[0])
        start = min(limit, max(scaling.start, there.running))
        throttles = name in (concurrency_limits.RESERVED, concurrency_limits.ACCOUNT_QUOTA) and scaling.limit > limit
        warm = max(there.running, there.warm)
        return ConcurrencyLaw(start, scaling.per_minute, limit, name, warm, there.init_s, throttles)


def of_workload(workload: Workload) -> ScalingSettings | None:
    """None where no function of this account reads the queue: how fast anything else does is not known."""
    mapping, function = workload.mapping, workload.function
    if mapping is None:
        return None
    pollers = None
    if mapping.maximum_pollers is not None:
        pollers = (mapping.minimum_pollers or DEFAULT_MINIMUM_POLLERS, mapping.maximum_pollers)
    return ScalingSettings(
        batch_size=mapping.batch_size,
        window_s=mapping.window_s,
        fifo=workload.queue.fifo,
        maximum_concurrency=mapping.maximum_concurrency,
        pollers=pollers,
        reserved=function.reserved if function else None,
        account=workload.account_concurrency,
    )


def _within(what: str, number: int | None, allowed: tuple[int, int]) -> None:
    if number is not None and not allowed[0] <= number <= allowed[1]:
        raise UsageError(f"{what} is {allowed[0]} to {allowed[1]:,}, not {number:,}.", "Choose a number in that range.")
