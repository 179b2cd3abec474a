"""Restores are cold; what initializes ahead of time is not. Records and REPORT lines come to the same answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handler.extension.records import prices
from ops import invocation_log
from tests.cases.invocations.lambda_lines import ID, Event, attempt, event, init, invoked, records, report_line, row

RESTORED: dict[str, Any] = {"restoreDurationMs": 640.5, "billedRestoreDurationMs": 120, "billedDurationMs": 921}
RESTORE_LINE = "Restore Duration: 640.50 ms\tBilled Restore Duration: 120 ms\t"
INITIALISED = {"initDurationMs": 2_200.0}
INIT_LINE = "Init Duration: 2200.00 ms\t"


def restore(at_s: float) -> list[Event]:
    return [
        event("restoreStart", at_s, functionName="worker", functionVersion="12"),
        event("restoreRuntimeDone", at_s + 0.6, status="success"),
        event("restoreReport", at_s + 0.64, status="success", metrics={"durationMs": 640.5}),
    ]


CASES = {
    "on demand": (init("on-demand", -3), "on-demand", INITIALISED, 1),
    "on demand, its init events lost": ([], "on-demand", INITIALISED, 1),
    "provisioned concurrency": (init("provisioned-concurrency", -9_000), "", {}, 0),
    "provisioned concurrency whose report names an INIT": (
        init("provisioned-concurrency", -9_000),
        "",
        INITIALISED,
        0,
    ),
    "provisioned concurrency by the environment alone": ([], "provisioned-concurrency", INITIALISED, 0),
    "provisioned concurrency after a crash": (init("provisioned-concurrency", 0, phase="invoke"), "", {}, 1),
    "Managed Instances": (init("lambda-managed-instances", -400), "", {}, 0),
    "SnapStart": ([*init("snap-start", -90_000), *restore(-1)], "snap-start", RESTORED, 1),
    "SnapStart, its restore events lost": (init("snap-start", -90_000), "snap-start", RESTORED, 1),
    "SnapStart by its report alone": ([], "on-demand", RESTORED, 1),
}


@pytest.mark.parametrize(("before", "environment", "metrics", "cold"), CASES.values(), ids=CASES)
def test_who_waited(before: list[Event], environment: str, metrics: dict[str, Any], cold: int) -> None:
    first, second = records(before, attempt(ID, 0, **metrics), attempt("next", 60), init_type=environment)
    assert (first["ColdStarts"], second["ColdStarts"]) == (cold, 0)
    assert ("InitDuration" in first) == (cold == 1 and metrics is not RESTORED)
    read = invoked(row(json.dumps(first), 2))[0]
    assert read.cold == bool(cold), "as in the record"


def test_a_restore_is_shown_and_priced() -> None:
    (record,) = records(restore(-1), attempt(ID, 0, **RESTORED))
    assert (record["initialization_type"], record["phase"]) == ("snap-start", "snap-start")
    assert (record["restore_ms"], record["billed_restore_ms"], record["BilledDuration"]) == (640.5, 120, 921)
    assert record["EstimatedCost"] == pytest.approx(0.921 / 2 * prices.GB_SECOND["arm64"] + prices.REQUEST)
    (read,) = invoked(row(json.dumps(record), 2), row(report_line(more=RESTORE_LINE), 1))
    assert (read.init_type, read.restore_ms, read.billed_restore_ms, read.cold) == ("snap-start", 640.5, 120, True)


def test_a_report_line_of_a_restore() -> None:
    (read,) = invoked(row(report_line(more=RESTORE_LINE), 10))
    assert (read.cold, read.init_type, read.restore_ms) == (True, "snap-start", 640.5)
    assert read.started.second == 8, "the restore comes before the duration"


@pytest.mark.parametrize(
    ("kind", "more", "cold"),
    [
        ("on-demand", INITIALISED, True),
        ("provisioned-concurrency", INITIALISED, False),
        ("lambda-managed-instances", {}, False),
        ("snap-start", RESTORED, True),
    ],
)
def test_json_platform_lines_name_the_type_once_for_their_stream(kind: str, more: dict[str, Any], cold: bool) -> None:
    rows = [row(json.dumps(one), 0) for one in (*init(kind, -3), attempt(ID, 0, **more)[2])]
    assert all(invocation_log.parse(row) or '"platform.init' in row["@message"] for row in rows)
    (read,) = invoked(*rows, as_json=True)
    assert (read.cold, read.init_type) == (cold, kind)
    assert (read.init_ms is not None) == (cold and more is INITIALISED), "an init that ran ahead is not billed here"


def test_a_report_line_takes_the_type_from_the_record_of_its_attempt() -> None:
    (record,) = records(init("provisioned-concurrency", -9_000), attempt(ID, 0))
    (read,) = invoked(row(json.dumps(record), 2), row(report_line(more=INIT_LINE), 1))
    assert (read.cold, read.init_ms, read.init_type) == (False, None, "provisioned-concurrency")


def test_nothing_is_missing_that_is_never_sent() -> None:
    start, _, report = attempt(ID, 0)
    report["record"]["metrics"] = {"durationMs": 12.5}
    (managed,) = records(init("lambda-managed-instances", -5), [start, report])
    assert "missing" not in managed
    assert managed["EstimatedCost"] == prices.REQUEST
    (by_environment,) = records([start, report], init_type="lambda-managed-instances")
    assert "missing" not in by_environment
    (lost,) = records([start, report])
    assert lost["missing"] == ["platform.runtimeDone"]
