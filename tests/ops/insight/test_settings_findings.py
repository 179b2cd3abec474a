"""What ``ops status`` counts of the doctor's findings, from what it has read already."""

from __future__ import annotations

from dataclasses import replace

from ops.aws.sqs import Queue
from ops.doctor.examination import examine
from ops.doctor.live import described_settings
from ops.doctor.rule import RuleSeverity
from ops.insight.rules.settings_findings import count_findings, counts_text
from ops.target import Target
from tests.ops.insight.world import WORKLOAD

AWS = Target(region="eu-west-1", profile="prod")


def test_counts_and_the_command() -> None:
    dlq = WORKLOAD.dlq
    assert isinstance(dlq, Queue)
    found = count_findings(WORKLOAD, AWS)
    worse = count_findings(replace(WORKLOAD, dlq=replace(dlq, retention_s=60)), AWS)
    assert found is not None and worse is not None
    assert worse.critical == found.critical + 1
    assert worse.command == f"ops doctor --queue {WORKLOAD.queue.name} --profile prod --region eu-west-1"
    assert worse.text.startswith("at least 1 critical finding")


def test_what_is_not_read_counts_for_nothing() -> None:
    """So that it never counts more than ``ops doctor``, which knows of alarms outside the stack."""
    found = count_findings(WORKLOAD, AWS)
    without_alarms = examine(described_settings.settings(WORKLOAD, (), AWS.finest_period))
    assert found is not None
    assert found.critical < without_alarms.count(RuleSeverity.CRITICAL), "no alarm on the dead-letter queue"


def test_counts_in_words() -> None:
    assert [counts_text(*counts) for counts in ((2, 1), (1, 0), (0, 3), (0, 0))] == [
        "2 critical findings, 1 warning",
        "1 critical finding",
        "3 warnings",
        "",
    ]


def test_a_dead_letter_queue_is_not_examined() -> None:
    assert count_findings(replace(WORKLOAD, serves=("orders",)), AWS) is None
