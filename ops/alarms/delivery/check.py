"""Whether alarms reach anyone: each alarm's actions, leg by leg, and the composite alarms that speak for it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeGuard

from ops import formatting
from ops.alarms.delivery.alarm_actions import action_delivery
from ops.alarms.delivery.cached_reader import DeliveryReader, place_of
from ops.alarms.delivery.model import BEST_FIRST, ActionDelivery, AlarmDelivery, DeliveryReport, DeliveryStatus
from ops.alarms.evaluate.composite.alarm_rule import AlarmRule, alarm_rule
from ops.alarms.evaluate.errors import AlarmError
from ops.aws import cloudwatch
from ops.aws.cloudwatch.mute_rules import UNSUPPORTED
from ops.aws.parallel_calls import parallel_map
from ops.errors import AwsError, CredentialsError, Unreachable
from ops.workload.gaps import Gap

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Alarm, AlarmMuteRule, CompositeAlarm
    from ops.workload import Workload

OTHER_WAYS = (
    "EventBridge rules and AWS User Notifications may notify someone of an alarm, too: they are not read here, and count "
    "for nothing."
)
NAMED = 3
SENTENCES = {
    DeliveryStatus.DELIVERED: "CloudWatch published its last notification, and a subscriber can take it.",
    DeliveryStatus.ALLOWED: "Every policy on the way allows it. It has not been published in the last 30 days.",
    DeliveryStatus.UNKNOWN: "Whether it reaches anyone is unknown.",
    DeliveryStatus.BROKEN: "It reaches no one.",
}


def check_workload(aws: Aws, workload: Workload) -> DeliveryReport:
    """The alarms on the workload's parts, those of its stack, and the composite alarms over them."""
    parts = [queue.name for queue in (workload.queue, workload.dlq, workload.function) if queue is not None]
    own = cloudwatch.find_alarms_on(aws, parts)
    known = {alarm.name for alarm in own}
    own += cloudwatch.describe_alarms(aws, [name for name in workload.alarms if name not in known])
    composites = cloudwatch.composite_alarms(aws)
    names = {alarm.name for alarm in own}
    over = [composite for composite in composites if names & _watched(composite, composites)]
    return check(aws, (*own, *over), composites)


def check_alarm(aws: Aws, name: str) -> DeliveryReport:
    """One alarm. Raises NotFound."""
    return check(aws, (cloudwatch.find_alarm(aws, name),), cloudwatch.composite_alarms(aws))


def check(
    aws: Aws, alarms: Sequence[Alarm | CompositeAlarm], composites: Sequence[CompositeAlarm] = ()
) -> DeliveryReport:
    """``composites``: of the region. Needs cloudwatch:DescribeAlarmHistory, and what README lists for topics, keys and
    subscribers: what may not be read is unknown. Raises CredentialsError and Unreachable."""
    reader = DeliveryReader(aws)
    muted, unread = _muted(aws)
    speaking = [composite for composite in composites if composite.actions and composite.actions_enabled]
    asked = {alarm.name: alarm for alarm in alarms}
    below = {alarm.name: _watched(alarm, composites) for alarm in alarms if _leaves_it_to_others(alarm)}
    needed = {**asked, **{composite.name: composite for composite in speaking}}
    missing = sorted(frozenset().union(*below.values()) - needed.keys() - {composite.name for composite in composites})
    needed |= {alarm.name: alarm for alarm in (cloudwatch.describe_alarms(aws, missing) if missing else ())}
    own = dict(zip(needed, parallel_map(lambda alarm: _own(reader, alarm), needed.values()), strict=True))
    judged = {name: _with_composites(each, own, speaking) for name, each in own.items()}
    found = tuple(_by_those_below(judged[name], judged, below.get(name)) for name in asked)
    found = tuple(_with_mute_rules(delivery, muted) for delivery in found)
    return DeliveryReport(found, reader.refused or bool(unread), (OTHER_WAYS, *unread) if found else unread)


def _own(reader: DeliveryReader, alarm: Alarm | CompositeAlarm) -> AlarmDelivery:
    """The alarm's delivery by its own actions alone."""
    history = reader.history(alarm.name)
    place = place_of(alarm.arn)
    actions = tuple(action_delivery(reader, action, alarm.arn, place, history) for action in alarm.actions)
    status, text = _judged(actions)
    if not alarm.actions_enabled:
        status, text = DeliveryStatus.BROKEN, "Its actions are disabled: it changes its state and notifies no one."
    change = (
        "" if alarm.actions_enabled else f"aws cloudwatch enable-alarm-actions --alarm-names {shlex.quote(alarm.name)}"
    )
    unread = (f"Its history could not be read: {history.note}",) if isinstance(history, Gap) else ()
    composite = isinstance(alarm, cloudwatch.CompositeAlarm)
    return AlarmDelivery(alarm.name, alarm.state, composite, status, text, actions, unread=unread, change=change)


def _judged(actions: Sequence[ActionDelivery]) -> tuple[DeliveryStatus, str]:
    telling = [action for action in actions if action.tells]
    if not telling:
        others = ", ".join(sorted({action.kind for action in actions}))
        why = (
            f"Its actions ({others}) notify no one."
            if actions
            else "It has no action: it turns red and notifies no one."
        )
        return DeliveryStatus.BROKEN, why
    status = next(each for each in BEST_FIRST if any(action.status is each for action in telling))
    broken = sum(action.status is DeliveryStatus.BROKEN for action in telling)
    if broken and status is not DeliveryStatus.BROKEN:
        return (
            status,
            f"{SENTENCES[status]} {formatting.count(broken, 'of its actions is', 'of its actions are')} broken.",
        )
    why = f" {telling[0].publish.text}" if status is DeliveryStatus.BROKEN else ""
    return status, f"{SENTENCES[status]}{why}"


def _with_composites(
    own: AlarmDelivery,
    judged: Mapping[str, AlarmDelivery],
    speaking: Iterable[CompositeAlarm],
) -> AlarmDelivery:
    """The delivery, extended by composite alarms that notify for the alarm if its own actions are not certain to reach
    anyone."""
    over = [
        (composite, rule)
        for composite in speaking
        if (rule := _rule(composite)) and own.name in rule.alarms and composite.name != own.name
    ]
    own = replace(own, through=tuple(composite.name for composite, _ in over))
    if own.status is not DeliveryStatus.BROKEN or not over:
        return own
    best, text = DeliveryStatus.BROKEN, own.text
    for composite, rule in over:
        status = judged[composite.name].status
        alone = rule.holds({name: "ALARM" if name == own.name else "OK" for name in rule.alarms})
        if not alone and status is not DeliveryStatus.BROKEN:
            status = DeliveryStatus.UNKNOWN
        if BEST_FIRST.index(status) < BEST_FIRST.index(best):
            best = status
            text = f"Composite alarm {composite.name} speaks for it. " + (
                judged[composite.name].text if alone else "That depends on other alarms of its rule, too."
            )
    return replace(own, status=best, text=text)


def _leaves_it_to_others(alarm: Alarm | CompositeAlarm) -> TypeGuard[CompositeAlarm]:
    """A composite alarm without an action may be there to be looked at, while each alarm below it notifies."""
    return isinstance(alarm, cloudwatch.CompositeAlarm) and not alarm.actions


def _by_those_below(
    own: AlarmDelivery, judged: Mapping[str, AlarmDelivery], below: frozenset[str] | None
) -> AlarmDelivery:
    """``below``: of a composite alarm without an action. It is as good as the worst of them."""
    found = [judged[name] for name in sorted(below or ()) if name in judged and not judged[name].composite]
    if own.status is not DeliveryStatus.BROKEN or not found:
        return own
    status = max((delivery.status for delivery in found), key=BEST_FIRST.index)
    text = "It has no action: each alarm below it notifies for itself."
    broken = [delivery.name for delivery in found if delivery.status is DeliveryStatus.BROKEN]
    if broken:
        names = ", ".join(broken[:NAMED]) + (" …" if len(broken) > NAMED else "")
        text = f"It has no action, and {len(broken)} of {formatting.count(len(found), 'alarm')} below it reach no one: {names}"
    return replace(own, status=status, text=text)


def _watched(composite: CompositeAlarm, composites: Sequence[CompositeAlarm]) -> frozenset[str]:
    """The alarms below it, at any depth."""
    by_name = {composite.name: composite for composite in composites}
    seen: set[str] = set()
    waiting = [composite]
    while waiting:
        rule = _rule(waiting.pop())
        for name in rule.alarms if rule else ():
            if name not in seen:
                seen.add(name)
                waiting += [by_name[name]] if name in by_name else []
    return frozenset(seen)


def _rule(composite: CompositeAlarm) -> AlarmRule | None:
    try:
        return alarm_rule(composite.rule)
    except AlarmError:
        return None


def _muted(aws: Aws) -> tuple[tuple[AlarmMuteRule, ...], tuple[str, ...]]:
    """The active mute rules, and what could not be read. An endpoint without mute rules has none."""
    try:
        return tuple(cloudwatch.get_mute_rule(aws, name) for name in cloudwatch.active_mute_rules(aws)), ()
    except (CredentialsError, Unreachable):
        raise
    except AwsError as refused:
        return (), () if refused.code in UNSUPPORTED else (
            f"Mute rules could not be read: {refused} {refused.next_step}",
        )


def _with_mute_rules(alarm: AlarmDelivery, active: Sequence[AlarmMuteRule]) -> AlarmDelivery:
    own = [rule for rule in active if alarm.name in rule.alarms]
    texts = tuple(
        f"Muted now by mute rule {rule.name} ({rule.expression}, {rule.duration}): it notifies no one until that ends."
        for rule in own
    )
    return replace(alarm, notes=(*alarm.notes, *texts), muted_by=tuple(rule.name for rule in own))
