"""Which runbook is first while several alarms are in ALARM: that of the alarm which the page Alarms shows first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard.app_pages.runbooks.runbook_list import finding, ordered
from dashboard.services.runbook_service import LocalRunbookService
from ops import workload
from ops.aws import Aws
from ops.insight.report_types import Window
from ops.insight.reports.alarms_page.report import report
from ops.target import Target
from tests.fakes.aws import serve
from tests.fakes.observed_workload import ObservedWorkload, an_alarm

IN_ALARM = ("concurrency-near-limit", "concurrency-pinned", "dead-letters", "oldest-message-age")


def test_alarms_and_runbooks_name_the_same_runbook_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_HOME", str(tmp_path))
    world = ObservedWorkload()
    world.metric_alarms = [
        an_alarm(name, AlarmDescription=f"Runbook: runbooks/{name.replace('pinned', 'near-limit')}.md")
        for name in IN_ALARM
    ]
    with serve(world.answer, monkeypatch):
        aws = Aws(Target(queue="orders"), max_attempts=1)
        described = workload.describe(aws, aws.target)
        entries = LocalRunbookService(aws, described).list_documents().entries
        now = datetime.now(UTC)
        alarms = report(aws, described, Window(now - timedelta(hours=1), now, 60))
    first = ordered(entries)[0]
    assert alarms.rows[0].runbook.endswith(f"/{first.document.name}.md"), alarms.rows[0].name
    assert first.firing[0] == alarms.rows[0].name, "the run's reason"
    assert first.document.title in finding(entries, ()).text
    assert first.document.name == "dead-letters", "two alarms of the limit are less urgent than the first dead letter"
