"""Whom the recommended alarms notify, and how someone is added, as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ops import formatting
from ops.alarms.catalogue import RecommendedAlarm
from ops.cli.alarms.recommended import WorkloadRecommendation

SUBSCRIBE = "aws sns subscribe --topic-arn ARN --protocol email --notification-endpoint NAME@EXAMPLE.COM"
"""Someone subscribed by email has to confirm it before anything arrives (SNS developer guide, sns-email-notifications)."""


def notified(found: WorkloadRecommendation) -> Iterator[str]:
    """Who is notified, by the composite alarm and by those below it. Whether it arrives is another command's question."""
    alarms = found.recommendation.alarms
    over = [alarm for alarm in alarms if alarm.composite][-1:]
    single = [alarm for alarm in alarms if not alarm.composite]
    pagers, topics = _topics(over), _topics(single)
    for alarm in over:
        yield f"{alarm.id} notifies {', '.join(pagers)}." if pagers else _silent(alarm)
    if single and topics:
        notifying = sum(bool(alarm.definition.get("AlarmActions")) for alarm in single)
        yield f"{formatting.count(notifying, 'alarm')} of the {len(single)} {'below it ' * bool(over)}notify {', '.join(topics)}."
    elif single:
        yield f"The alarms {'below it ' * bool(over)}notify no one."
    command = "apply" if found.owner else "export"
    if not pagers and not topics:
        chosen = "--pager ARN (page-me alone) or --topic ARN (each alarm)" if over else "--topic ARN"
        yield f"To be notified: ops alarms {command} {chosen}, and subscribe to the topic: {SUBSCRIBE}"
    elif over and not pagers:
        yield f"For one notification however many alarms fire: ops alarms {command} --pager ARN"
    if found.owner and (pagers or topics):
        yield "Whether it arrives: ops alarms delivery"


def _silent(composite: RecommendedAlarm) -> str:
    price = formatting.usd(composite.monthly_usd)
    return f"{composite.id} notifies no one: without --pager it is one state to look at, for {price} a month."


def _topics(alarms: Sequence[RecommendedAlarm]) -> list[str]:
    return sorted({str(arn) for alarm in alarms for arn in alarm.definition.get("AlarmActions") or ()})
