"""Made-up answers to who fills the queue: one group's burst, no tenant, a refusal."""

from __future__ import annotations

from datetime import timedelta

from dashboard.time_range import TimeRange
from ops.errors import AccessDenied
from ops.insight.report_types import Finding, Level, QueryCost
from ops.tenants import Grouping, Source, TenantReport, TenantShare
from ops.tenants.model import Peak
from tests.dashboard.samples.series import NOW

NAMES = ("north", "south", "east", "west")
MESSAGES = (4_500, 210, 180, 110)


class TenantReports:
    """By sender it is refused, and no message has a tenant."""

    foreign = ""

    def tenants(self, span: TimeRange, by: str) -> TenantReport:
        if by == "sender":
            raise AccessDenied("The reader may not call logs:StartQuery.", "Allow logs:StartQuery.")
        if by == "tenant":
            finding = Finding(Level.NO_DATA, "No tenant is logged.", "", "No tenant is logged.")
            return TenantReport(finding, Grouping.TENANT, "", Source.LOGS, "every line", 5_000, True, 5_000)
        tenants = tuple(
            TenantShare(
                f"{name}{self.foreign}", count, count / 5_000, count / 5_000 - 0.01, count / 5_000 + 0.01, count // 5
            )
            for name, count in zip(NAMES, MESSAGES, strict=True)
        )
        headline = f"Message group north{self.foreign} had 90% of the 1,000 messages that waited at 13:28 UTC."
        chips = ("its messages wait p95 12 min, others 9 min",)
        return TenantReport(
            Finding(Level.WARNING, f"{headline} {chips[0]}.", "", headline, chips),
            Grouping.GROUP,
            "",
            Source.LOGS,
            "every line about a batch received from 13:00 UTC to 14:00 UTC (500 batches, 5,000 messages)",
            5_000,
            True,
            tenants=tenants,
            others=3,
            other_messages=12,
            peak=Peak(NOW - timedelta(minutes=30), 1_000, "north", 900, 0.9, 0.88, 0.92),
            look=QueryCost(usd=0.01, partial=("Batches of more than 100 messages log that many.",)),
        )
