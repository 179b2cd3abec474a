"""Cold starts: shares, percentiles by version, the waterfall of the newest one, and what they cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handler import contract
from ops import pricing
from ops.alarms.catalogue import InitBaseline
from ops.insight.report_types import Level
from ops.insight.reports import cold_starts, init_baseline
from ops.insight.reports.cold_starts import ColdStartReport
from ops.workload import Workload
from tests.cases.invocations.lambda_lines import ID, report_line
from tests.fakes.aws import Refusal
from tests.ops.insight.world import FUNCTION, WINDOW, WORKLOAD, Stage, record, without, world


def report(
    stage: Stage, lines: list[str], metrics: dict[str, Any] | None = None, workload: Workload = WORKLOAD, **more: Any
) -> ColdStartReport:
    with world(stage, metrics, log_lines=lines, **more) as (aws, fake):
        found = cold_starts.report(aws, workload, WINDOW)
    assert fake.count("GetMetricData") <= 1
    assert fake.count("StartQuery") <= 1
    return found


def run(number: int, cold: bool = False, version: str = "1", **changes: Any) -> str:
    at = WINDOW.start.replace(second=number % 60).isoformat()
    values = {
        contract.INV_REQUEST_ID: f"r{number}",
        contract.INV_STARTED: at,
        contract.INV_VERSION: version,
        contract.INV_COLD: int(cold),
        contract.INV_DURATION: 100.0,
        contract.INV_BILLED: 100,
        contract.INV_MEMORY_SIZE: 1024,
        contract.INV_MEMORY_USED: 200,
    }
    if cold:
        values |= {
            contract.INV_INIT: 1_000.0 + number,
            contract.INV_RUNTIME_INIT: 900.0,
            contract.INV_BILLED: 1_100 + number,
        }
    return record(**{**values, **changes})


def test_shares_and_percentiles_by_version(stage: Stage) -> None:
    lines = [run(n, cold=n in (0, 1), version="1" if n < 20 else "2") for n in range(25)]
    found = report(stage, lines)
    assert found.share == pytest.approx(2 / 25)
    assert (found.init_p50_ms, found.init_p99_ms) == pytest.approx((1_000.5, 1_000.99))
    first, second = found.by_version.to_dict("records")
    assert (first["version"], first["invocations"], first["cold"], first["share"]) == ("1", 20, 2, pytest.approx(0.1))
    assert (second["cold"], second["share"]) == (0, 0)
    assert found.finding.level is Level.OK
    assert found.finding.text.startswith("OK: 2 of 25 invocations were cold (8.0%), p95 init 1 s, INIT cost $0.0000")
    assert found.init_cost_usd == pytest.approx(2.001 * pricing.load().gb_second("arm64"))
    assert list(found.invocations.columns) == list(cold_starts.SHOWN_COLUMNS)
    assert found.invocations["started"].is_monotonic_increasing


@pytest.mark.parametrize(("between_s", "why"), [(1, "scale-out under load"), (9, "replaced by Lambda")])
def test_a_reason_that_is_inferred_is_said_to_be(stage: Stage, between_s: int, why: str) -> None:
    """Each environment is at work, or gone, when the next one starts."""
    lines = [run(between_s * number, cold=True) for number in range(4)]
    streams = [f"2026/11/30/[1]{number:032x}" for number in range(4)]
    assert f", mostly {why} (inferred), p95 init" in report(stage, lines, streams=streams).finding.text


def test_the_newest_cold_start_phase_by_phase(stage: Stage) -> None:
    spans: dict[str, Any] = {
        contract.INV_RESPONSE_LATENCY: 80.0,
        contract.INV_RESPONSE_DURATION: 5.0,
        contract.INV_RUNTIME_OVERHEAD: 15.0,
        contract.INV_EXTENSION_OVERHEAD: 2.0,
    }
    phases = report(stage, [run(0, cold=True), run(1, cold=True, **spans)]).phases
    assert list(phases["phase"]) == [name for name, _ in cold_starts.PHASES]
    assert list(phases["duration_ms"]) == pytest.approx([900, 101, 80, 5, 15, 2])
    assert list(phases["start_ms"]) == pytest.approx([0, 900, 1_001, 1_081, 1_086, 1_101])


def test_a_cold_start_that_succeeded_shows_the_phases_best(stage: Stage) -> None:
    late: dict[str, Any] = {contract.INV_STATUS: "timeout", contract.INV_DURATION: 15_000.0}
    lines = [run(0, cold=True), run(1, cold=True, **late)]
    assert report(stage, lines).phases["duration_ms"].max() < 1_000
    assert report(stage, lines[1:]).phases["duration_ms"].max() == 15_000


def test_many_and_slow_cold_starts_are_watched(stage: Stage) -> None:
    many = report(stage, [run(n, cold=n < 5) for n in range(50)])
    assert many.finding.text.startswith("Warning: 5 of 50 invocations were cold (10%)")
    few = report(stage, [run(n, cold=n < 5) for n in range(10)])
    assert few.finding.text.startswith("OK: 5 of 10 invocations were cold (50%)"), "little runs, so most of it is cold"
    assert few.finding.text.endswith("; fewer than 50 invocations are too few to judge."), "why that is OK"
    assert "judge" not in many.finding.text
    long_init: dict[str, Any] = {contract.INV_INIT: 9_500.0}
    slow = report(stage, [run(n, cold=n == 0, **(long_init if n == 0 else {})) for n in range(50)])
    assert slow.finding.text.endswith("; the slowest init (9.5 s) is close to Lambda's 10 s init timeout.")


def test_failures_are_left_to_the_failures_page(stage: Stage) -> None:
    late: dict[str, Any] = {contract.INV_STATUS: "timeout", contract.INV_ERROR_TYPE: "Sandbox.Timedout"}
    found = report(stage, [run(0, cold=True), run(2, **late), run(3, **late)])
    assert found.finding.text.startswith("OK: 1 of 3 invocations were cold (33%), p95 init ")
    assert "Timedout" not in found.finding.text


def test_the_metrics_count_as_on_the_overview(stage: Stage) -> None:
    found = report(stage, [run(n, cold=True) for n in range(3)], {"ColdStarts": 2, "ColdStarts/count": 8})
    assert (found.cold, found.recorded, found.share) == (20, 80, 0.25)
    assert found.finding.text.startswith("Warning: 20 of 80 invocations were cold (25%)")


def test_what_began_in_the_unfinished_period_is_in_both_counts(stage: Stage) -> None:
    """A day has periods of five minutes: a burst of the last minutes is not to be in the log lines alone."""
    lines = [run(n, cold=True) for n in range(4)]
    last = {"ColdStarts": [None] * 9 + [4.0], "ColdStarts/count": [None] * 9 + [4.0]}
    found = report(stage, lines, last)
    assert (found.cold, found.recorded, found.reasons["cold"].sum()) == (4, 4, 4)
    assert not any("two ways" in note for note in found.look.partial)


def test_what_metric_and_log_lines_count_is_said_where_they_differ(stage: Stage) -> None:
    lines = [run(n, cold=n < 2) for n in range(4)]
    killed = report_line(ID, more="Init Duration: 300.00 ms\t")
    counted = {"ColdStarts": [2], "ColdStarts/count": [4]}
    found = report(stage, [*lines, killed], counted)
    assert (found.cold, found.recorded, found.reasons["cold"].sum()) == (2, 4, 3)
    (note,) = [note for note in found.look.partial if note.startswith("Cold starts are counted in two ways.")]
    assert "by their metric: 2 of 4 invocations." in note
    assert "of the log lines: 3 of 5 invocations, of which 1 has a REPORT line and no record" in note
    assert not any("two ways" in note for note in report(stage, lines, counted).look.partial)
    assert not any("two ways" in note for note in report(stage, [*lines, killed]).look.partial), "no metric counts them"


def test_rows_that_are_cut_off_leave_the_share_to_the_metrics(stage: Stage) -> None:
    def more_matched(workload: Workload) -> ColdStartReport:
        metrics = {"ColdStarts": 3, "ColdStarts/count": 30, "InitDuration": 1_000}
        with world(stage, metrics, log_lines=[run(0, cold=True)]) as (aws, fake):
            whole = fake.answer

            def cut(service: str, operation: str, asked: dict[str, Any]) -> Any:
                answer = whole(service, operation, asked)
                if operation == "GetQueryResults":
                    answer["statistics"]["recordsMatched"] = 50_000
                return answer

            fake.answer = cut
            return cold_starts.report(aws, workload, WINDOW)

    found = more_matched(WORKLOAD)
    assert found.share == pytest.approx(0.1)
    assert any("50,000 log lines matched" in text for text in found.look.partial)
    assert found.init_cost_usd == pytest.approx(10 * pricing.load().gb_second("arm64")), (
        "ten minutes of 1 s, the last one unfinished"
    )


def test_nothing_ran(stage: Stage) -> None:
    empty = report(stage, [])
    assert empty.finding.level is Level.NO_DATA
    assert (empty.share, empty.init_p95_ms, len(empty.invocations), len(empty.phases)) == (None, None, 0, 0)
    denied = report(
        stage,
        [],
        {"ColdStarts": 1, "ColdStarts/count": 4},
        refuse={"StartQuery": Refusal("AccessDeniedException", "", 400)},
    )
    assert any("logs:StartQuery on log group /aws/lambda/worker" in text for text in denied.look.partial)
    assert denied.share == pytest.approx(0.25), "the metrics know the share"
    missing = report(stage, [], refuse={"StartQuery": Refusal("ResourceNotFoundException")})
    assert any("There is no log group /aws/lambda/worker" in text for text in missing.look.partial)
    orphan = report(stage, [], workload=without(function=None))
    assert any("No function reads the queue" in text for text in orphan.look.partial)


def test_looking_into_logs_is_priced_by_the_gigabyte(stage: Stage) -> None:
    lines = [run(0)]
    look = report(stage, lines, workload=without(function=replace(FUNCTION))).look
    assert look.usd == pytest.approx(5 * 1e-5 + len(lines[0]) / 1e9 * 0.005)


def test_a_page_reads_the_version_before_once_for_what_is_deployed(stage: Stage) -> None:
    lines = [run(number, cold=True, version="7") for number in range(20)]
    deployed = without(function=replace(FUNCTION, version="41"))
    newer = without(function=replace(FUNCTION, version="42"))
    with world(stage, log_lines=lines) as (aws, fake):
        assert init_baseline.read_daily(aws, deployed) == init_baseline.read_daily(aws, deployed)
        assert fake.count("StartQuery") == 1
        assert init_baseline.read_daily(aws, newer) == InitBaseline(7, 1018.0, 20)
        assert fake.count("StartQuery") == 2


def test_the_version_before_is_the_last_but_one_with_enough_cold_starts(stage: Stage) -> None:
    def before(lines: list[str], **more: Any) -> InitBaseline | str:
        with world(stage, log_lines=lines, **more) as (aws, _):
            return init_baseline.read(aws, WORKLOAD)

    of_7 = [run(number, cold=True, version="7") for number in range(20)]
    of_8 = [run(number, cold=True, version="8") for number in range(20, 50)]
    rare = [run(number, cold=True, version="9") for number in range(50, 53)]
    busy = before([*of_7, *of_8], metrics={"Invocations": 1_000_000})
    assert isinstance(busy, InitBaseline) and busy.version == 7, (
        "a sample over the two weeks, not the newest lines alone"
    )
    assert before([*of_7, *of_8]) == InitBaseline(7, 1018.0, 20)
    assert before([*of_7, *of_8, *rare]) == InitBaseline(8, 1047.5, 30), (
        "the newest one, even with few starts, is compared"
    )
    assert before(of_7) == InitBaseline(7, 1018.0, 20), "with which the next one will be"
    assert "no version has 20 measured cold starts in 14 days: 9 (3 cold starts)" in str(before(rare))
    silent = [run(number, cold=True, version="7", **{contract.INV_INIT: None}) for number in range(30)]
    assert "no version has 20 measured cold starts in 14 days: 7 (0 cold starts)" in str(before(silent)), (
        "none is measured"
    )
    unpublished = [run(number, cold=True, version="$LATEST") for number in range(30)]
    assert "$LATEST (30 cold starts)" in str(before(unpublished))
    denied = before([], refuse={"StartQuery": Refusal("AccessDeniedException", "", 400)})
    assert "logs may not be read" in str(denied)


def test_cold_starts_after_failures_are_cured_by_no_option(stage: Stage) -> None:
    after: dict[str, Any] = {contract.INV_PHASE: "invoke"}
    found = report(stage, [run(n, cold=True, **(after if n < 11 else {})) for n in range(20)])
    assert found.options.sentence.startswith(
        "Fix the failures first: 11 of 20 cold starts came after a crash, a timeout or a failed INIT. "
    )
    half = report(stage, [run(n, cold=True, **(after if n < 10 else {})) for n in range(20)])
    assert "failures" not in half.options.sentence
