"""Hand-made reports on alarms: their states over a week, one chart, and what the checks find."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import numpy as np

from dashboard.services.alarm_tests import AlarmTestRun
from dashboard.time_range import TimeRange
from ops.alarms.catalogue import Recommendation, RecommendedAlarm
from ops.alarms.delivery import ActionDelivery, AlarmDelivery, DeliveryLeg, DeliveryStatus
from ops.alarms.live_test import AlarmTestPlan, AlarmTestResult
from ops.alarms.live_test.model import TopicArrival
from ops.aws.cloudwatch import StateChange
from ops.doctor.examination import Examination, RuleFinding, Unchecked
from ops.doctor.rule import RuleSeverity, SettingChange
from ops.doctor.sources import RuleSource
from ops.insight.report_types import Window
from ops.insight.reports.alarms_page.chart import AlarmChart
from ops.insight.reports.alarms_page.checks import AlarmChecks
from ops.insight.reports.alarms_page.coverage import Coverage, IncidentCoverage
from ops.insight.reports.alarms_page.recommended import CatalogueMatch
from ops.insight.reports.alarms_page.report import HISTORY, AlarmsReport, observe_states
from ops.insight.reports.alarms_page.rows import COMPOSITE, MATH, METRIC, AlarmRow
from ops.insight.rules.alarm_rules.alarm_receivers import NO_ACTION, AlarmReceivers
from ops.insight.sources.alarm_history import StateSpan
from ops.insight.sources.event_model import CONFIG, DEPLOY, REDRIVE, Event
from tests.dashboard.samples.series import NOW, SampleSeries

if TYPE_CHECKING:
    from ops.doctor.settings import WorkloadSettings

STALLED = RecommendedAlarm(
    "stalled",
    {
        "AlarmName": "scilearn-stalled",
        "Metrics": [{"Id": "e", "Expression": "IF(waiting > 0 AND received == 0, 1, 0)"}],
        "Threshold": 0.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 3,
    },
    False,
    "Messages wait, and nothing is received",
    "A queue of which nothing is received for longer than one batch takes has no reader.",
    "page",
    "runbooks/stalled.md",
    0.9,
    ("stalled-pollers",),
)
DEAD = RecommendedAlarm(
    "dead-letters",
    {"AlarmName": "scilearn-dead-letters"},
    False,
    "Messages are in the dead-letter queue",
    "A message that failed for good is never normal, so the first one counts.",
    "page",
    "runbooks/dead-letters.md",
    0.1,
    ("poison-timeouts",),
)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:scilearn-alarms"
_DENIED = "The policy of topic scilearn-alarms does not let CloudWatch publish."
_PUBLISHED = "CloudWatch published the last notification."
_ALARMS = (
    ("dead-letters", METRIC, "Messages visible, jobs-dead", "> 0 messages in 1 min", "dead-letters"),
    ("oldest-message-age", METRIC, "Age of oldest message, jobs", "≥ 5 min, 15 of 15 × 1 min", "oldest-message-age"),
    ("function-errors", METRIC, "Errors, worker", "> 0 invocations, 3 of 3 × 1 min", "function-errors"),
    ("error-share", MATH, "100 * errors / invocations", "> 5, 3 of 5 × 1 min", "function-errors"),
    ("function-throttles", METRIC, "Throttles, worker", "≥ 1 invocation, 5 of 5 × 1 min", "function-throttles"),
    ("page-me", COMPOSITE, 'ALARM("scilearn-dead-letters") OR ALARM("elsewhere")', "", ""),
)
FIRING = ("dead-letters", "oldest-message-age", "page-me")
SILENT = "function-throttles"


class AlarmReports(SampleSeries):
    """``copies``: of each alarm, for a long list."""

    copies = 1
    test: AlarmTestRun | None = None

    def alarms(self, span: TimeRange, chosen: str) -> AlarmsReport:
        self.calls.append(f"alarms {chosen}")
        history = Window(NOW - HISTORY, NOW, 1_800)
        rows = tuple(self._row(number, place) for number in range(self.copies) for place in range(len(_ALARMS)))
        rows = tuple(sorted(rows, key=lambda row: row.state != "ALARM"))
        row = next((row for row in rows if row.name == chosen), rows[0])
        return AlarmsReport(
            finding=observe_states(rows, (), Window(NOW - HISTORY, NOW, 1_800, past=not span.moves)),
            rows=rows,
            history=history,
            events=self._events() if self.trouble else (),
            chosen=row.name,
            chart=self._chart() if row.kind != COMPOSITE else None,
            no_chart="",
            look=self.look_cost,
            price_region="eu-west-1",
            past=not span.moves,
        )

    def _row(self, number: int, place: int) -> AlarmRow:
        label, kind, watches, condition, runbook = _ALARMS[place]
        state = "ALARM" if self.trouble and label in FIRING else "OK"
        state = "INSUFFICIENT_DATA" if self.trouble and label == SILENT else state
        name = f"scilearn-{label}{f'-{number}' if number else ''}{self.foreign}"
        since = NOW - (timedelta(minutes=21) if state == "ALARM" else timedelta(days=3))
        silent = label == "function-errors"
        return AlarmRow(
            name=name,
            label=name.removeprefix("scilearn-"),
            state=state,
            since=since,
            reason=f"1 datapoint was greater than the threshold (0.0).{self.foreign}",
            kind=kind,
            watches=f"{watches}{self.foreign}",
            expression=f"{watches}{self.foreign}" if kind != METRIC else "",
            page="dead_letters" if label == "dead-letters" else "",
            condition=condition,
            runbook=f"runbooks/{runbook}.md" if runbook else "",
            monthly_usd={METRIC: 0.1, MATH: 0.2, COMPOSITE: 0.5}[kind],
            spans=self._spans(state),
            receivers=AlarmReceivers(silent, NO_ACTION if silent else f"scilearn-alarms{self.foreign}"),
            arn=f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}",
            missing_data="" if kind == COMPOSITE else "notBreaching",
            statistic="" if kind == COMPOSITE else "Maximum",
            children=(("scilearn-dead-letters", state), (f"elsewhere{self.foreign}", "")) if kind == COMPOSITE else (),
            changes=(
                StateChange(
                    since, name, "OK", state, f"Threshold Crossed: [54.0] was greater than (0.0).{self.foreign}"
                ),
                StateChange(NOW - timedelta(days=3), name, "ALARM", "OK", ""),
            ),
        )

    def _spans(self, state: str) -> tuple[StateSpan, ...]:
        start, since = NOW - HISTORY, NOW - timedelta(minutes=21)
        edges = [start, start + timedelta(days=1), start + timedelta(days=3.4), start + timedelta(days=3.6), since, NOW]
        states = ["", "OK", "ALARM" if self.trouble else "OK", "OK", state]
        return tuple(StateSpan(edges[at], edges[at + 1], each) for at, each in enumerate(states))

    def _events(self) -> tuple[Event, ...]:
        at = [NOW - timedelta(days=days) for days in (3.7, 2.5, 2.45, 0.1)]
        return (
            Event(DEPLOY, f"scilearn-worker version 8: code{self.foreign}", at[0], at[0]),
            Event(REDRIVE, f"redrive of scilearn-jobs-dead{self.foreign}", at[1], at[2]),
            Event(CONFIG, "event source mapping: configuration changed", at[3], at[3]),
        )

    def _chart(self) -> AlarmChart:
        frame = self._frame(value=self.dead, breaching=np.where(self.dead > 0, self.dead, np.nan))
        end = frame.index[-1].to_pydatetime() + timedelta(seconds=self.period) if len(frame) else NOW
        return AlarmChart(
            title="Messages visible",
            unit="messages",
            frame=frame,
            sign=">",
            threshold=0.0,
            threshold_text="0 messages",
            evaluated=(end - timedelta(seconds=3 * self.period), end),
            breaching=3 if self.trouble else 0,
            to_alarm=3,
            periods=3,
            period_s=self.period,
        )

    def alarm_checks(self) -> AlarmChecks:
        self.calls.append("alarm_checks")
        source = RuleSource("SQS developer guide, quotas-messages", "https://docs.aws.amazon.com/")
        found = tuple(
            RuleFinding(
                rule,
                severity,
                f"scilearn-jobs{self.foreign}",
                "RedrivePolicy",
                0,
                f"the dead-letter queue keeps messages as long as the queue{self.foreign}",
                "it keeps them longer",
                f"Dead letters expire on arrival.{self.foreign}",
                source,
                SettingChange(f"aws sqs set-queue-attributes{self.foreign}", "MessageRetentionPeriod: 1209600"),
            )
            for rule, severity in (("dlq-retention", RuleSeverity.CRITICAL), ("log-retention", RuleSeverity.WARNING))
        )
        return AlarmChecks(
            at=NOW,
            examination=Examination(
                "scilearn-jobs",
                found if self.trouble else (),
                (Unchecked("xray-sdk", f"what an image holds cannot be seen{self.foreign}"),),
                ("dlq-type", "short-retention"),
            ),
            settings=cast("WorkloadSettings", None),
            deliveries={
                row.name: self._delivery(row) for row in (self._row(0, place) for place in range(len(_ALARMS)))
            },
            recommendation=Recommendation((STALLED, DEAD), (), "eu-west-1"),
            matches={f"scilearn-dead-letters{self.foreign}": CatalogueMatch(DEAD, True, "> 0 messages in 60 s")},
            definitions=({"AlarmName": "scilearn-dead-letters", "AlarmActions": [TOPIC]},),
            doctor_command="ops doctor --queue scilearn-jobs",
        )

    def plan_alarm_test(self, name: str) -> AlarmTestPlan:
        self.calls.append(f"plan_alarm_test {name}")
        row = next(row for row in (self._row(0, place) for place in range(len(_ALARMS))) if row.name == name)
        blocked = "" if not row.receivers.nobody else "It has no topic of this region and account to watch."
        people = (f"email oncall@example.com{self.foreign}",)
        others = ("arn:aws:automate:eu-west-1:ec2:terminate",) if name == "scilearn-error-share" else ()
        returns = row.kind != COMPOSITE
        delivery = self._delivery(row)
        return AlarmTestPlan(name, row.arn, row.state, returns, (TOPIC,), (), people, blocked, delivery, others)

    def start_alarm_test(self, plan: AlarmTestPlan) -> AlarmTestRun:
        self.calls.append(f"start_alarm_test {plan.alarm}")
        arrivals = (TopicArrival(TOPIC, 1.2),)
        self.test = AlarmTestRun(
            plan, lambda _: AlarmTestResult(plan, arrivals, True, 1.2, afterwards="It is OK again.")
        )
        self.test.wait()
        return self.test

    def alarm_test(self, arn: str) -> AlarmTestRun | None:
        return self.test if self.test is not None and self.test.plan.arn == arn else None

    def _delivery(self, row: AlarmRow) -> AlarmDelivery:
        status = DeliveryStatus.BROKEN if self.trouble or row.receivers.nobody else DeliveryStatus.DELIVERED
        leg = DeliveryLeg(
            status,
            f"{_DENIED if self.trouble else _PUBLISHED}{self.foreign}",
            at=None if self.trouble else NOW - timedelta(hours=3),
            error=f"KMS key is disabled{self.foreign}" if self.trouble else "",
            policy_of="scilearn-alarms" if self.trouble else "",
            statement={"Effect": "Allow"} if self.trouble else None,
            change="aws sns set-topic-attributes" if self.trouble else "",
        )
        actions = (ActionDelivery(TOPIC, "topic", True, status, leg),) if not row.receivers.nobody else ()
        text = (
            "It reaches no one."
            if status is DeliveryStatus.BROKEN
            else "CloudWatch published its last notification, and a subscriber can take it."
        )
        return AlarmDelivery(row.name, row.state, row.kind == COMPOSITE, status, text, actions)

    def alarm_coverage(self, checks: AlarmChecks) -> Coverage:
        self.calls.append("alarm_coverage")
        missed = IncidentCoverage(
            "stalled-pollers",
            f"The pollers of event source mappings stop{self.foreign}",
            "https://status.example.com/1",
            f"Messages wait and no consumer reads them.{self.foreign}",
            required=True,
            covered=not self.trouble,
            paged=() if self.trouble else (("scilearn-stalled", 6.0),),
            late=(),
            wrong=(),
            would_page=(STALLED,) if self.trouble else (),
        )
        paged = replace(
            missed,
            name="poison-timeouts",
            title="A message times out each time",
            because="",
            covered=True,
            paged=((f"scilearn-dead-letters{self.foreign}", 4.0),),
            would_page=(),
        )
        quiet = replace(paged, name="quiet-day", title="A quiet day", required=False, paged=())
        return Coverage((missed, paged, quiet))
