"""What the Overview counts of the doctor's findings, from what it has read already."""

from __future__ import annotations

from dataclasses import replace

from ops.aws.sqs import Queue
from ops.insight.rules.settings_findings import count_findings
from ops.target import Target
from tests.ops.insight.world import WORKLOAD

AWS = Target(region="eu-west-1", profile="prod")


def test_counts_and_the_command() -> None:
    dlq = WORKLOAD.dlq
    assert isinstance(dlq, Queue)
    found = count_findings(WORKLOAD, (), AWS, alarms_unread=True)
    worse = count_findings(replace(WORKLOAD, dlq=replace(dlq, retention_s=60)), (), AWS, alarms_unread=True)
    assert found is not None and worse is not None
    assert worse.critical == found.critical + 1
    assert worse.command == f"ops doctor --queue {WORKLOAD.queue.name} --profile prod --region eu-west-1"
    assert worse.text.startswith("1 critical finding")


def test_alarms_that_could_not_be_read_are_not_missing() -> None:
    unread = count_findings(WORKLOAD, (), AWS, alarms_unread=True)
    none = count_findings(WORKLOAD, (), AWS, alarms_unread=False)
    assert unread is not None and none is not None
    assert none.critical == unread.critical + 1, "no alarm on the dead-letter queue"


def test_a_dead_letter_queue_is_not_examined() -> None:
    assert count_findings(replace(WORKLOAD, serves=("orders",)), (), AWS, alarms_unread=False) is None
