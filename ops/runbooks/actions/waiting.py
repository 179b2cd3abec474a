"""Actions that wait: for a number to fall to a bound, for an alarm to be OK, for a time, or for a person's answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ops import formatting
from ops.aws import cloudwatch, sqs
from ops.aws.call import ApiCall
from ops.errors import AwsError, OpsError, Throttled, Unreachable
from ops.insight.rules.drain_forecast import DepthSample, forecast
from ops.runbooks.actions.action import ActionContext, Effect, Outputs, Paper, PersonNeeded
from ops.runbooks.actions.observe import measures
from ops.runbooks.actions.observe.alarm_look import AlarmName, find_alarm, paper_command
from ops.runbooks.actions.observe.measures import MetricName
from ops.runbooks.actions.reads import Repeatable

POLL_S = 5.0
METRIC_POLL_S = 15.0
"""Metrics come by the minute, and each reading is billed."""
Depth = Literal["queue-visible", "queue-messages", "queue-in-flight", "dlq-messages"]
DEPTHS = {
    "queue-visible": "messages waiting",
    "queue-messages": "messages in the queue",
    "queue-in-flight": "messages in flight",
    "dlq-messages": "messages in the dead-letter queue",
}
_GAUGE_MINUTES, _COUNT_MINUTES = 1, 5


class WaitInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"at_most": "at-most"}):
    """Until ``measure`` is ``at_most`` or less; ``minutes``: how long at most. ``over``: minutes of a metric that are
    added up (a count) or of which the highest counts; by default 5 or 1. They are those after the run's last change: a
    number that was low before it does not tell whether the change has helped."""

    measure: Depth | MetricName
    at_most: Annotated[int, Meta(ge=0, le=100_000_000)]
    minutes: Annotated[int, Meta(ge=1, le=1_440)] = 15
    over: Annotated[int, Meta(ge=1, le=180)] | None = None


class WaitForTimeInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    seconds: Annotated[int, Meta(ge=1, le=3_600)]


class WaitForAlarmInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``alarm``: as of ``alarm.look``; ``minutes``: how long at most."""

    alarm: AlarmName
    minutes: Annotated[int, Meta(ge=1, le=1_440)] = 30


class AskInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    question: Annotated[str, Meta(min_length=1, max_length=500)]
    choices: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=80)], ...], Meta(max_length=10)] = ()
    default: str = ""


@dataclass(frozen=True)
class _Seen:
    """``text``: what is so now; ``outlook``: how long it takes, as far as that is known."""

    reached: bool
    text: str
    value: Any = None
    outlook: str = ""


class WaitUntil(Repeatable):
    name = "wait.until"
    summary = "Wait until a number of messages or a metric has fallen to a bound"
    inputs = WaitInputs
    outputs = ("value", "reached", "seconds", "lines")
    permissions = ("sqs:GetQueueAttributes", "cloudwatch:GetMetricData")

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        name, bound = str(values["measure"]), values["at-most"]
        if name not in DEPTHS:
            minutes = values.get("over") or str(_over(name))
            what = "their sum" if measures.METRICS[name].counts else "the highest"
            return Paper((f"{measures.paper(name, minutes)}  # repeat until {what} is {_bound(bound)}",))
        url = "$DLQ_URL" if name.startswith("dlq") else "$URL"
        counts = [f"ApproximateNumberOfMessages{state}" for state in ("", "NotVisible")]
        look = ApiCall("sqs", "GetQueueAttributes", {"QueueUrl": url, "AttributeNames": counts}).command()
        return Paper((f"{look}  # repeat until it is {_bound(bound)}",))

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        samples: list[DepthSample] = []
        metric = inputs.measure not in DEPTHS
        over_s = (inputs.over or _over(inputs.measure)) * context.minute_s if metric else 0.0

        def look(at_s: float) -> _Seen:
            measured = measures.measure(context, inputs.measure, over_s) if metric else _depth(context, inputs.measure)
            if measured.value is None:
                return _Seen(False, measured.text)
            samples.append(DepthSample(at_s, measured.value))
            if metric and (early := _too_early(context, at_s, over_s, inputs.minutes)):
                return _Seen(False, measured.text, measured.value, early)
            return _Seen(measured.value <= inputs.at_most, measured.text, measured.value, _outlook(samples, inputs))

        written = measures.METRICS[inputs.measure].write(inputs.at_most) if metric else f"{inputs.at_most:,}"
        goal = _bound(written if inputs.at_most else "0")
        seen, seconds = _wait(context, inputs.minutes, METRIC_POLL_S if metric else POLL_S, goal, look)
        return {"value": seen.value, "reached": True, "seconds": round(seconds), "lines": [_after(seen, seconds)]}


class WaitForTime(Repeatable):
    """Killed in the middle, it waits for the whole time again."""

    name = "wait.for"
    summary = "Wait for a fixed time"
    inputs = WaitForTimeInputs
    outputs = ("seconds",)
    permissions = ()

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        return Paper((f"sleep {values['seconds']}",))

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        if not context.waits:
            raise PersonNeeded("Nothing was carried out to wait for.")
        started = context.elapsed_s()
        while (left := started + inputs.seconds - context.elapsed_s()) > 0:
            context.progress(f"waiting; {formatting.duration(math.ceil(left))} left")
            context.pause(min(POLL_S, left))
        return {"seconds": round(context.elapsed_s() - started)}


class WaitForAlarm(Repeatable):
    """One that is OK when the wait begins was so before the run's last change, or because nothing ran meanwhile: it
    counts once it could have fired again since that change."""

    name = "wait.alarm-ok"
    summary = "Wait until an alarm is OK"
    inputs = WaitForAlarmInputs
    outputs = ("state", "seconds", "lines")
    permissions = ("cloudwatch:DescribeAlarms",)

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        return Paper((f"{paper_command(str(values['alarm']))}  # repeat until it is OK",))

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        was_ok: list[bool] = []

        def look(at_s: float) -> _Seen:
            alarm = find_alarm(context, inputs.alarm)
            if alarm is None:
                raise OpsError(
                    f"{context.workload.name} has no alarm {inputs.alarm}.",
                    "Verify by the numbers of the steps before.",
                )
            is_ok = alarm.state == "OK"
            was_ok.append(is_ok)
            if all(was_ok) and (early := _too_early(context, at_s, _fires_after_s(alarm), inputs.minutes)):
                return _Seen(False, f"{alarm.name} is in OK", alarm.state, early)
            return _Seen(is_ok, f"{alarm.name} is in {alarm.state}", alarm.state, _earliest(alarm))

        seen, seconds = _wait(context, inputs.minutes, METRIC_POLL_S, "OK", look)
        return {"state": seen.value, "seconds": round(seconds), "lines": [_after(seen, seconds)]}


class Ask(Repeatable):
    name = "person.ask"
    summary = "Ask the person who runs the runbook"
    effect = Effect.READ
    inputs = AskInputs
    outputs = ("answer",)
    permissions = ()

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        return Paper((f"# {values['question']}",))

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        return {"answer": context.ask(inputs.question, inputs.choices, inputs.default)}


def _wait(
    context: ActionContext, minutes: int, every_s: float, goal: str, look: Callable[[float], _Seen]
) -> tuple[_Seen, float]:
    """Look until the goal is reached. Raises OpsError at the deadline, and PersonNeeded where a run does not wait. An
    answer that did not come is asked for again until then."""
    started, most_s = context.elapsed_s(), minutes * 60
    while True:
        waited = context.elapsed_s() - started
        failed: AwsError | None = None
        try:
            seen = look(waited)
        except (Throttled, Unreachable) as error:
            failed, seen = error, _Seen(False, f"AWS did not answer ({error})")
        if seen.reached:
            return seen, waited
        outlook = f"; {seen.outlook}" if seen.outlook else ""
        if waited >= most_s:
            raise failed or OpsError(
                f"{formatting.sentence(f'{seen.text}; not {goal} within {formatting.duration(most_s)}{outlook}')}",
                "Find out why, then resume: it waits again.",
            )
        if not context.waits:
            raise PersonNeeded(f"{seen.text}; nothing was carried out to wait for.")
        left = formatting.duration(round(most_s - waited))
        context.progress(f"{seen.text}; waiting for {goal}{outlook}; {left} left")
        context.pause(every_s)


def _too_early(context: ActionContext, waited_s: float, window_s: float, minutes: int) -> str:
    """Why what is seen does not tell yet whether the run's last change has helped: less than ``window_s`` has passed since
    it. Empty: it tells, or the wait ends."""
    since = context.changed_ago_s
    if since is None or waited_s >= minutes * 60 or since + waited_s >= window_s:
        return ""
    left = formatting.duration(math.ceil(window_s - since - waited_s))
    return f"tells whether the last change has helped in {left}"


def _fires_after_s(alarm: cloudwatch.Alarm | cloudwatch.CompositeAlarm) -> float:
    """The least time in which it fires again; of a composite alarm not known here: 0."""
    return float(alarm.to_alarm * _period_s(alarm)) if isinstance(alarm, cloudwatch.Alarm) else 0.0


def _period_s(alarm: cloudwatch.Alarm) -> int:
    return alarm.period_s or max((metric.period_s for metric in alarm.metrics), default=60)


def _after(seen: _Seen, seconds: float) -> str:
    return f"{seen.text}, after {formatting.duration(round(seconds))}" if seconds >= 1 else seen.text


def _bound(at_most: str | None) -> str:
    return "0" if at_most == "0" else f"{at_most} or less"


def _over(name: str) -> int:
    return _COUNT_MINUTES if measures.METRICS[name].counts else _GAUGE_MINUTES


def _depth(context: ActionContext, measure: str) -> measures.MeasuredValue:
    queue = context.open_dlq().queue if measure.startswith("dlq") else context.workload.queue
    depth = sqs.queue_depth(context.aws, queue)
    every = depth.visible + depth.in_flight + depth.delayed
    value = {"queue-visible": depth.visible, "queue-in-flight": depth.in_flight}.get(measure, every)
    return measures.MeasuredValue(value, f"{DEPTHS[measure]}: {value:,}")


def _outlook(samples: list[DepthSample], inputs: Any) -> str:
    """A sum over minutes is not forecast: it is 0 once the last event is old enough."""
    watched = measures.METRICS.get(inputs.measure)
    if watched is not None and watched.counts:
        return ""
    found = forecast(samples, inputs.at_most)
    return found.text if found else ""


def _earliest(alarm: cloudwatch.Alarm | cloudwatch.CompositeAlarm) -> str:
    """When the alarm can be OK at the earliest. If one breaching period of N makes it fire, all N must pass without
    one; otherwise the next may be enough."""
    if not isinstance(alarm, cloudwatch.Alarm) or alarm.state != "ALARM":
        return ""
    period = _period_s(alarm)
    least = period * (alarm.periods if alarm.to_alarm == 1 else 1)
    return f"OK at the earliest {formatting.duration(least)} after the last period that breaches"
