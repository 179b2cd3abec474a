"""Observations on a queue: whether messages wait too long, and when the backlog is drained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops import formatting
from ops.aws import sqs
from ops.insight.report_types import Level, Threshold
from ops.insight.rules import alarm_rules, levels, queue_readers, setting_claims
from ops.insight.rules.findings import Observation
from ops.insight.sources.metrics import Readings
from ops.insight.sources.queue_depths import Depths

if TYPE_CHECKING:
    from ops.aws.cloudwatch import Alarm
    from ops.workload import Workload

AGE_METRIC = "ApproximateAgeOfOldestMessage"
BALANCED_RATIO = 1.05
"""Arrivals up to this many times the completions count as keeping up: both are counted by the period."""
RETENTION_NEAR = 0.5
"""Share of the queue's retention at which queued messages may soon expire unprocessed."""
RETURNED_SHARE = 0.2
"""Share of receives without a deletion that is worth a warning."""
SLOW_AGE_S = 300.0
"""Age of the oldest message worth a warning where no alarm sets a threshold: a guess, so never Critical."""


def observe_queue(workload: Workload, readings: Readings, there: Depths, known: tuple[Alarm, ...]) -> list[Observation]:
    """Observations for the Queue page, its cards and the headline: the age of the oldest message, and messages that
    return."""
    return [
        *queue_readers.reading(workload, readings, there.work),
        *setting_claims.visibility(workload, readings.window),
        *alarm_rules.firing(known, readings.window, workload.stack, "queue"),
        *age_claims(readings, workload, there.work, known),
        *(returned(readings, there.work) if workload.mapping is not None else ()),
    ]


def backlog_level(workload: Workload, readings: Readings, there: Depths) -> Level:
    """The level of queued messages. Never worse than OK where no function of this account reads the queue: what is no
    backlog for its consumer is not known."""
    waiting = None if there.queue is None else float(there.queue.visible)
    level = levels.backlog(waiting, readings.per_minute("deleted"), readings.latest("oldest_s"))
    return Level.OK if level is Level.WARNING and workload.mapping is None else level


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
    return arriving > BALANCED_RATIO * leaving


def oldest_age(readings: Readings, there: Depths) -> float | None:
    """The age (s) of the oldest message: 0 where nothing waits and the metric is silent; None when unknown."""
    idle = there.queue is not None and not there.queue.visible and not readings.has("oldest_s")
    return 0.0 if idle else readings.latest("oldest_s")


def age_lines(workload: Workload, readings: Readings, known: tuple[Alarm, ...]) -> tuple[Threshold, ...]:
    """The alarms' thresholds; and the retention, once the age comes near enough to share an axis with it."""
    lines = alarm_rules.thresholds(known, AGE_METRIC, workload.queue.name, readings.window)
    retention = workload.queue.retention_s
    if not any(age > retention / 10 for age in readings.columns.get("oldest_s", ())):
        return lines
    return (*lines, Threshold("message retention", float(retention)).read_now(readings.window))


def age_claims(readings: Readings, workload: Workload, now: sqs.Depth, known: tuple[Alarm, ...]) -> list[Observation]:
    """Observations that the oldest message waits too long: past its alarm's threshold, or past half of its retention.

    A message that is in flight while nothing waits does not need faster work: it has most likely been tried before. The
    metric lags behind the depth, so an empty queue makes no claim.
    """
    age = readings.latest("oldest_s")
    if age is None or not (now.visible or now.in_flight):
        return []
    retention = workload.queue.retention_s
    waited = f"the oldest message has waited {formatting.duration(age)}"
    if age >= RETENTION_NEAR * retention:
        after = f"{formatting.duration(retention)}{' (now)' if readings.window.past else ''}"
        return [Observation(Level.CRITICAL, f"{waited} and expires unprocessed after {after}", "queue")]
    alarm = alarm_rules.find_alarm(known, AGE_METRIC, workload.queue.name)
    if alarm is None or alarm.threshold is None:
        slow = now.visible and age >= SLOW_AGE_S and workload.mapping is not None
        return [Observation(Level.WARNING, f"{waited}; no alarm watches it", "queue")] if slow else []
    if age < alarm.threshold:
        return []
    limit = f"alarm threshold{readings.window.now_mark} {formatting.duration(alarm.threshold)}"
    fires = not readings.window.past and alarm.state == "ALARM"
    if not now.visible:
        text = (
            f"no backlog; a message sent {formatting.duration(age)} ago is in flight, probably a retry: check for failures; "
            f"{limit}"
        )
        return [Observation(Level.CRITICAL if fires else Level.WARNING, text, "dead_letters")]
    page = "dead_letters" if returned(readings, now) and not falling_behind(readings) else "concurrency"
    if fires or alarm_rules.breached(alarm, readings.points("oldest_s"), readings.window.period):
        return [Observation(Level.CRITICAL, f"{waited}; {limit}", page)]
    # One point over the threshold, as a message that is tried again makes it, is not yet what the alarm is about.
    return [Observation(Level.WARNING, f"{waited}; {limit} in {alarm_rules.evaluation_rule(alarm)}", page)]


def backlog_claims(workload: Workload, readings: Readings, there: Depths, aged: bool = False) -> list[Observation]:
    """A backlog of more than about a minute's work, and whether it grows. ``aged``: another observation has its age."""
    now, age = there.work, readings.latest("oldest_s")
    arriving, leaving = readings.per_minute("sent") or 0.0, readings.per_minute("deleted") or 0.0
    if backlog_level(workload, readings, there) is not Level.WARNING:
        return []
    come, go = formatting.rate(arriving), formatting.rate(leaving)
    oldest = f", the oldest for {formatting.duration(age)}" if age is not None and not aged else ""
    when = f" {there.label}" if there.label else ""
    waiting = f"{formatting.count(now.visible)} queued{when}{oldest}"
    if arriving > leaving * BALANCED_RATIO:
        return [Observation(Level.WARNING, f"backlog growing ({come} arriving, {go} processed); {waiting}", "queue")]
    left_s = drain_s(now.visible + now.in_flight, arriving, leaving)
    done = f", drained in {formatting.duration(left_s)}" if left_s is not None else ""
    return [Observation(Level.WARNING, f"{waiting}{done}; {come} arriving, {go} processed", "queue")]


def unfinished(readings: Readings, now: sqs.Depth) -> float | None:
    """Messages per minute that were received, not deleted and are no longer in flight. None when unknown."""
    received, deleted = readings.per_minute("received"), readings.per_minute("deleted")
    if received is None or deleted is None:
        return None
    minutes = max(1, len(readings.recent)) * readings.window.period / 60
    return max(0.0, received - deleted - now.in_flight / minutes)


def returned(readings: Readings, now: sqs.Depth) -> list[Observation]:
    """Receives that do not end in a deletion: messages that fail and come back. Those in flight are still at work."""
    received, back = readings.per_minute("received"), unfinished(readings, now)
    if not received or back is None or back < 1 or back / received < RETURNED_SHARE:
        return []
    got, again = formatting.rate(received), formatting.rate(back)
    text = f"{again} of {got} received are not deleted and return to the queue: check for failures"
    return [Observation(Level.WARNING, text, "dead_letters")]


def balance(workload: Workload, there: Depths, readings: Readings) -> list[Observation]:
    """The Queue page's clause about the backlog, or that there is none."""
    now = there.work
    waiting = now.visible + now.in_flight
    arrivals, completions = readings.per_minute("sent"), readings.per_minute("deleted")
    level = backlog_level(workload, readings, there)
    if arrivals is None and completions is None and level is not Level.WARNING:
        if waiting:
            return [
                Observation(Level.NO_DATA, f"{formatting.count(waiting, 'message')} in the queue, but no metrics yet")
            ]
        return [Observation(Level.NO_DATA, "the queue is empty and has no metrics in this time range")]
    arriving, done = arrivals or 0.0, completions or 0.0
    pace = f"{formatting.rate(arriving)} arriving, {formatting.rate(done)} processed"
    if not waiting:
        return [Observation(Level.OK, f"no backlog{_when(there)}; {pace}")]
    left_s = drain_s(waiting, arrivals, completions)
    if arriving > done * BALANCED_RATIO and level is Level.WARNING and _rising(readings):
        text = f"backlog growing by {formatting.rate(arriving - done)} ({pace})"
        return [Observation(Level.WARNING, f"{_held(there)}; {text}", "concurrency")]
    if left_s is None and level is Level.WARNING:
        return [Observation(level, f"{_held(there)}{_when(there)}, not draining at this rate; {pace}", "concurrency")]
    if left_s is None:  # no backlog by the rule: at most a minute's work, or too young to have been processed
        return [Observation(level, f"{_held(there)}{_when(there)}; {pace}")]
    return [Observation(level, f"{_held(there)}{_when(there)}, drained in {formatting.duration(left_s)}; {pace}")]


def _held(there: Depths) -> str:
    return f"{formatting.count(there.work.visible + there.work.in_flight, 'message')} in the queue"


def _when(there: Depths) -> str:
    return f" {there.label}" if there.label else ""


def _rising(readings: Readings) -> bool:
    """Whether more waits now than a little while ago, so that one busy period is no growth."""
    waiting = [count for _, count in readings.points("visible")]
    periods = max(2, len(readings.recent))
    return len(waiting) < 2 or waiting[-1] > waiting[-periods:][0]
