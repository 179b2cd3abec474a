"""Queue: is work arriving faster than it is done, and when is it drained?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.aws import sqs
from ops.insight import alarms, metrics, setup, sources, words
from ops.insight.findings import Claim, conclude
from ops.insight.metrics import Readings
from ops.insight.reports import Level, Line, Look, QueueReport, Window

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Alarm
    from ops.workload import Workload

AGE = "ApproximateAgeOfOldestMessage"
EVEN = 1.05
"""Arrivals up to this many times the completions count as keeping up: both are counted by the period."""
RETENTION_NEAR = 0.5
"""Share of the queue's retention at which waiting messages are about to be lost unworked."""
RETURNED = 0.2
"""Share of receives that do not end in a deletion from which it is worth saying."""


def report(aws: Aws, workload: Workload, window: Window) -> QueueReport:
    """One GetMetricData call, one DescribeAlarms and the queue's depth now. Raises what ``ops.aws`` raises."""
    queue = workload.queue
    names = ("visible", "in_flight", "delayed", "oldest_s", "sent", "received", "deleted", "empty_receives")
    readings = metrics.read(aws, sources.queue(queue, *names), window)
    now = sqs.depth(aws, queue)
    known, missing = alarms.read(aws, workload)
    lines = age_lines(workload, readings, alarms.threshold(known, AGE, queue.name))
    arrivals, completions = readings.per_minute("sent"), readings.per_minute("deleted")
    left_s = drain_s(now.visible + now.in_flight, arrivals, completions)
    claims = [
        *setup.reading(workload, readings, now),
        *setup.visibility(workload),
        *age_claims(readings, workload, lines, now, known),
    ]
    claims += _returned(readings)
    if not any(claim.level is Level.ACT for claim in claims):
        claims += _balance(now, arrivals, completions, left_s, readings)
    frame = readings.frame
    rates = frame[["sent", "deleted", "received", "empty_receives"]] * (60 / window.period)
    return QueueReport(
        finding=conclude(claims),
        depth=frame[["visible", "in_flight", "delayed"]],
        age=frame[["oldest_s"]],
        age_lines=lines,
        rates=rates,
        drain_s=left_s,
        arrivals_per_min=arrivals,
        completions_per_min=completions,
        look=Look(readings.look.metrics_requested, readings.look.usd, readings.look.partial + missing),
    )


def drain_s(backlog: float, arrivals_per_min: float | None, completions_per_min: float | None) -> float | None:
    """Seconds until the backlog is gone at this pace; 0 with no backlog, None when it is not being drained."""
    if backlog <= 0:
        return 0.0
    gain = (completions_per_min or 0.0) - (arrivals_per_min or 0.0)
    return backlog / gain * 60 if gain > 0 else None


def pressing(readings: Readings, now: sqs.Depth) -> bool:
    """Whether there is work to do: messages wait, or more arrive than leave.

    The depth of this second is not enough: a mapping holds messages in flight that it has no concurrency for.
    """
    return bool(now.visible) or falling_behind(readings)


def falling_behind(readings: Readings) -> bool:
    """Whether more arrives than leaves, lately."""
    arriving, leaving = readings.per_minute("sent") or 0.0, readings.per_minute("deleted") or 0.0
    return arriving > EVEN * leaving


def age_lines(workload: Workload, readings: Readings, alarm: Line | None) -> tuple[Line, ...]:
    """The alarm's threshold; and the retention, once the age comes near enough to share an axis with it."""
    lines = [alarm] if alarm else []
    retention = workload.queue.retention_s
    if readings.has("oldest_s") and float(readings.frame["oldest_s"].max()) > retention / 10:
        lines.append(Line("retention: messages are deleted", float(retention)))
    return tuple(lines)


def age_claims(
    readings: Readings, workload: Workload, lines: tuple[Line, ...], now: sqs.Depth, known: tuple[Alarm, ...]
) -> list[Claim]:
    """That the oldest message waits too long: over its alarm's threshold, or half-way to being deleted.

    A message that is in flight while nothing waits needs no faster work: it has most likely been tried before. The
    metric lags behind the depth, so an empty queue makes no claim.
    """
    age = readings.latest("oldest_s")
    if age is None or not (now.visible or now.in_flight):
        return []
    retention = workload.queue.retention_s
    if age >= RETENTION_NEAR * retention:
        text = (
            f"the oldest message has waited {words.duration(age)} and is deleted unworked after "
            f"{words.duration(retention)}"
        )
        return [Claim(Level.ACT, text, "queue")]
    alarm = next((line for line in lines if line.name.startswith("alarm")), None)
    if alarm is not None and age >= alarm.value:
        limit = f"the alarm is set to {words.duration(alarm.value)}"
        if now.visible:
            page = "dead_letters" if _returned(readings) and not falling_behind(readings) else "concurrency"
            return [Claim(Level.ACT, f"the oldest message has waited {words.duration(age)}; {limit}", page)]
        text = (
            f"nothing waits, but the oldest message in flight was sent {words.duration(age)} ago and has most likely "
            f"been tried before: look for failures; {limit}"
        )
        level = Level.ACT if alarms.fires(known, AGE, workload.queue.name) else Level.WATCH
        return [Claim(level, text, "dead_letters")]
    return []


def _returned(readings: Readings) -> list[Claim]:
    """Receives that do not end in a deletion: messages that fail and come back."""
    received, deleted = readings.per_minute("received"), readings.per_minute("deleted")
    if not received or deleted is None:
        return []
    back = max(0.0, received - deleted)
    if back < 1 or back / received < RETURNED:
        return []
    text = f"of {words.rate(received)} received, {words.rate(back)} are not finished and come back: look for failures"
    return [Claim(Level.WATCH, text, "dead_letters")]


def _balance(
    now: sqs.Depth, arrivals: float | None, completions: float | None, left_s: float | None, readings: Readings
) -> list[Claim]:
    waiting = now.visible + now.in_flight
    if arrivals is None and completions is None:
        if waiting:
            return [Claim(Level.UNKNOWN, f"{words.count(waiting, 'message')} in the queue, but no metrics yet")]
        return [Claim(Level.UNKNOWN, "the queue is empty and has no metrics in this time range")]
    arriving, done = arrivals or 0.0, completions or 0.0
    pace = f"{words.rate(arriving)} arrive, {words.rate(done)} are done"
    if not waiting:
        return [Claim(Level.OK, f"nothing waits; {pace}")]
    if arriving > done * EVEN and now.visible and _rising(readings):
        more = (arriving - done) * 60
        text = f"work arrives faster than it is done ({pace}): {words.count(more)} more will wait in an hour"
        return [Claim(Level.WATCH, text, "concurrency")]
    if left_s is None:
        return [Claim(Level.OK, f"{words.count(waiting, 'message')} in the queue and steady; {pace}")]
    return [
        Claim(Level.OK, f"{words.count(waiting, 'message')} in the queue, done in {words.duration(left_s)}; {pace}")
    ]


def _rising(readings: Readings) -> bool:
    """Whether more waits now than a little while ago, so that one busy period is no growth."""
    waiting = readings.frame["visible"].dropna()
    rows = max(2, len(readings.recent))
    return len(waiting) < 2 or float(waiting.iloc[-1]) > float(waiting.tail(rows).iloc[0])
