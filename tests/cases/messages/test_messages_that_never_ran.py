"""Throttled until no receive was left: no log line at all, and nothing wrong with the message.

After a report of 2025-11 in r/aws (1oz3p88): a reserved concurrency of 1, four messages, three of them in the
dead-letter queue five minutes later.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.deadletters import causes
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.snapshot import Snapshot
from tests.factories import QUEUE
from tests.fakes.logs import FakeLogs, a_source, failed, row, silent
from tests.ops.insight.world import MAPPING, WORKLOAD

ALONE = replace(MAPPING, batch_size=1, partial_batches=False)
OWN = replace(WORKLOAD.queue, arn=QUEUE, visibility_s=90, max_receive_count=3)
THROTTLED = {"Throttles": {0: 2.0, 1: 1.0}}


def told(here: DeadLetterQueue) -> tuple[str, bool, str]:
    causes.explain_causes(here)
    with Snapshot.open(here) as snapshot:
        cause = snapshot.get("m1").cause
    return cause.error_type, cause.likely, cause.source


@pytest.mark.parametrize(
    ("metrics", "mapping", "expected"),
    [
        (THROTTLED, ALONE, "Never ran"),
        ({**THROTTLED, "Invocations": {0: 1.0}, "Errors": {0: 0.0}}, ALONE, "Never ran"),  # another message's
        ({**THROTTLED, "Invocations": {0: 1.0}, "Errors": {0: 1.0}}, ALONE, "unknown"),
        ({**THROTTLED, "Invocations": {0: 1.0}}, replace(ALONE, partial_batches=True), "unknown"),
        ({"Throttles": {30: 9.0}}, ALONE, "unknown"),  # long after
        ({"Throttles": {0: 0.0}, "Invocations": {0: 0.0}}, ALONE, "unknown"),
        ({}, ALONE, "unknown"),
    ],
)
def test_it_is_inferred_from_throttles_and_silence(
    metrics: Any, mapping: Any, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_source(tmp_path, monkeypatch, [silent(first_receive=5)], queue=OWN, mapping=mapping) as (here, logs):
        logs.metrics = metrics
        found = told(here)
        assert found[0] == expected
        if expected == "Never ran":
            assert found[1:] == (True, "metrics")
            assert causes.report_causes(here).finding.text.startswith(
                "Critical: 1 dead letter: likely Never ran: the function was"
            )


def not_invoked_either(logs: FakeLogs) -> None:
    """The metrics alone show that: no log group exists of a function that was never invoked."""
    logs.refuse = "ResourceNotFoundException"


def asked_in_vain(logs: FakeLogs) -> None:
    logs.refuse = "AccessDeniedException"
    logs.metrics["Invocations"] = {0: 1.0}


def a_trace(logs: FakeLogs) -> None:
    logs.rows = [failed(6, "KeyError", "r1")]


def another_failure(logs: FakeLogs) -> None:
    logs.rows = [
        row(6, '[ERROR] KeyError: 1\nTraceback (most recent call last):\n  File "/var/task/a.py", line 1, in f\n    x')
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (not_invoked_either, "Never ran"),
        (asked_in_vain, "unknown"),
        (a_trace, "KeyError"),
        (another_failure, "KeyError"),
    ],
)
def test_it_is_not_inferred_over_what_the_logs_tell_or_may_not_tell(
    change: Any, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_source(tmp_path, monkeypatch, [silent(first_receive=5)], queue=OWN, mapping=ALONE) as (here, logs):
        logs.metrics = dict(THROTTLED)
        change(logs)
        assert told(here)[0] == expected
