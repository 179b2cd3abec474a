"""Running the jobs: one invocation at a time through the sweep's alias, each with its REPORT, within bounds."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops import formatting, invocation_log
from ops.aws.lambda_ import versions
from ops.aws.lambda_.versions import Alias, Invoked
from ops.errors import AwsError, OpsError, Throttled
from ops.pricing import Prices
from ops.rightsize import jobs, settling
from ops.rightsize.model import Attempt
from ops.rightsize.publishing import PublishedSize
from ops.rightsize.settling import Pause

if TYPE_CHECKING:
    from ops.aws import Aws

HOPELESS = 3
"""Failed invocations in a row after which a memory size is given up: it would only cost."""
THROTTLE_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)
ALIAS_POLLS = 60
"""Half a minute for an alias to lead to its new version everywhere; it takes about a second."""


@dataclass(frozen=True)
class JobSource:
    """``bodies`` are sent round and round, under new IDs in ``id_field``."""

    bodies: tuple[str, ...]
    id_field: str
    queue_arn: str
    region: str


@dataclass(frozen=True)
class Bounds:
    """``most_usd``: of Lambda's price. ``most_s``: of measuring."""

    most_usd: float
    most_s: float


class Invoker:
    """Invokes ``function`` with batches of jobs. ``aws`` makes no retries. ``price``: of what was used so far, in ``usd``."""

    def __init__(
        self, aws: Aws, function: str, architecture: str, source: JobSource, sweep: str, prices: Prices, pause: Pause
    ) -> None:
        self._aws = aws
        self._function = function
        self._gb_second = prices.gb_second(architecture)
        self._request = prices.lambda_request
        self._source = source
        self._sweep = sweep
        self._pause = pause
        self.usd = 0.0

    def run(self, qualifier: str, memory_mb: int, batch_size: int, number: int, version: str = "") -> Attempt | None:
        """One invocation. None where another version than ``version`` ran. Raises Throttled after half a minute."""
        source = self._source
        bodies = jobs.batch(source.bodies, number, batch_size)
        event = jobs.event(
            bodies, source.id_field, self._sweep, source.queue_arn, source.region, round(time.time() * 1000)
        )
        answer = self._invoke(qualifier, event)
        attempt = _attempt(answer, memory_mb, batch_size, number)
        self.usd += (attempt.billed_ms or 0.0) / 1000 * memory_mb / 1024 * self._gb_second + self._request
        return None if version and answer.version != version else attempt

    def _invoke(self, qualifier: str, event: bytes) -> Invoked:
        for pause in (*THROTTLE_PAUSES_S, None):
            try:
                return versions.invoke(self._aws, self._function, qualifier, event)
            except Throttled:
                if pause is None:
                    raise
                self._pause(pause)
        raise AssertionError("the last try returns or raises")


@dataclass
class Measurement:
    """What was measured so far, also when it ends early: then ``stopped`` says why."""

    attempts: list[Attempt]
    stopped: str = ""


class Measuring:
    """Runs ``per_round`` warm invocations for each batch size at each published version, the first of them cold."""

    def __init__(
        self,
        aws: Aws,
        function: str,
        invoker: Invoker,
        bounds: Bounds,
        stop: Callable[[], bool],
        tell: Callable[[str], None],
        pause: Pause,
    ) -> None:
        self._aws = aws
        self._function = function
        self._invoker = invoker
        self._bounds = bounds
        self._stop = stop
        self._tell = tell
        self._pause = pause
        self._failures: dict[int, int] = defaultdict(int)

    def run(
        self, alias: Alias, published: Sequence[PublishedSize], batch_sizes: Sequence[int], per_round: int
    ) -> Measurement:
        """``stopped`` of the result says why it ended early: a bound was reached, it was asked to, or a call
        failed; what was measured by then is kept."""
        found = Measurement([])
        deadline = time.monotonic() + self._bounds.most_s
        rounds: dict[int, int] = defaultdict(int)
        try:
            for size in published:
                if self._failures[size.memory_mb] >= HOPELESS:
                    continue
                alias = self._lead(alias, size.version)
                first = rounds[size.memory_mb] * per_round
                rounds[size.memory_mb] += 1
                so_far = formatting.usd(self._invoker.usd)
                self._tell(f"measuring {size.memory_mb:,} MB, round {rounds[size.memory_mb]}: {so_far} so far")
                for batch_size in batch_sizes:
                    cold = batch_size == batch_sizes[0]
                    for number in range(first - cold, first + per_round):
                        if self._failures[size.memory_mb] >= HOPELESS:
                            break
                        found.stopped = self._limit(deadline)
                        if found.stopped:
                            return found
                        self._once(alias, size, batch_size, max(number, 0), found)
        except OpsError as error:
            found.stopped = " ".join(filter(None, (str(error), error.next_step)))
        return found

    def _once(self, alias: Alias, size: PublishedSize, batch_size: int, number: int, found: Measurement) -> None:
        for _ in range(ALIAS_POLLS):
            attempt = self._invoker.run(alias.name, size.memory_mb, batch_size, number, size.version)
            if attempt is not None:
                break
            self._pause(settling.POLL_S)
        else:
            raise settling.changed(f"the alias {alias.name} does not lead to version {size.version}")
        found.attempts.append(attempt)
        self._failures[size.memory_mb] = 0 if attempt.succeeded else self._failures[size.memory_mb] + 1

    def _limit(self, deadline: float) -> str:
        if self._stop():
            return "It was stopped."
        if self._invoker.usd >= self._bounds.most_usd:
            return f"It reached the limit of ${self._bounds.most_usd:g} (--max-usd)."
        if time.monotonic() >= deadline:
            return f"It reached the limit of {self._bounds.most_s / 60:g} minutes (--max-minutes)."
        return ""

    def _lead(self, alias: Alias, version: str) -> Alias:
        try:
            return versions.move_alias(self._aws, self._function, alias, version)
        except AwsError as error:
            if error.code in settling.CHANGED_CODES:
                raise settling.changed(f"the alias {alias.name} was moved") from error
            raise


def _attempt(answer: Invoked, memory_mb: int, batch_size: int, number: int) -> Attempt:
    report = _report(answer.log_tail)
    error = ""
    if answer.error:
        error = str(report.get("error_type") or "") or _error_type(answer.payload) or answer.error
    return Attempt(
        memory_mb=memory_mb,
        batch_size=batch_size,
        number=number,
        cold=bool(report.get("cold")),
        succeeded=0 if answer.error else batch_size - _failed_items(answer.payload, batch_size),
        duration_ms=report.get("duration_ms"),
        billed_ms=report.get("billed_ms"),
        init_ms=report.get("init_ms"),
        used_mb=report.get("memory_used_mb"),
        error=error,
    )


def _report(tail: str) -> dict[str, Any]:
    """The last REPORT or platform.report; empty without one."""
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.000")
    for line in reversed(tail.splitlines()):
        found = invocation_log.parse({"@timestamp": at, "@message": line, "@logStream": ""})
        if found is not None and found.source == invocation_log.REPORT:
            return dict(found.values)
    return {}


def _failed_items(payload: bytes, batch_size: int) -> int:
    """How many items a partial batch response reports as failed; anything else, or a null in it, means that all
    succeeded (LDG services-sqs-errorhandling, 2026)."""
    try:
        items = json.loads(payload)["batchItemFailures"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return 0
    if items is None:
        return 0
    return min(len(items), batch_size) if isinstance(items, list) else batch_size


def _error_type(payload: bytes) -> str:
    try:
        return str(json.loads(payload)["errorType"])[:80]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
