"""The sentences and numbers that follow from a measured run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.compare import report as reports
from ops.compare.costs.assumptions import CostAssumptions
from ops.compare.measured import EVENT_DRIVEN, SYNCHRONOUS, CourseSample, FormMeasured, percentiles, thinned
from ops.errors import UsageError
from ops.insight.report_types import Level
from tests.dashboard.samples.comparisons import JOBS, LOST, REFUSED, comparison_run

RUN = comparison_run()


def test_the_finding_says_what_was_waited_lost_and_which_is_cheaper() -> None:
    found = reports.report(RUN, CostAssumptions(peak_factor=1.0)).finding
    assert found.level is Level.OK
    assert f"; jobs lost with the host: {LOST} synchronous, 0 event-driven;" in found.text
    assert f"for a synchronous result ({LOST + REFUSED} of {JOBS} calls got none)" in found.headline
    assert "whose result came after" in found.headline


def test_without_a_failed_call_none_is_said_to_have_got_nothing() -> None:
    assert "got none" not in reports.report(comparison_run(killed=False), CostAssumptions()).finding.text


def test_hosts_killed_at_the_same_second_are_named_once() -> None:
    sync, event = RUN.forms
    apart = replace(RUN, forms=(sync, replace(event, killed_at_s=(event.killed_at_s or 0) + 0.04)))
    assert reports.loss_sentence(apart).startswith("The host of each was killed after 25 s: ")
    assert reports.kill_sentence(apart) == "The host of each was killed after 25 s."


def test_hosts_killed_at_other_times_are_named_with_theirs() -> None:
    sync, event = RUN.forms
    later = replace(RUN, forms=(sync, replace(event, killed_at_s=30.0)))
    assert reports.kill_sentence(later) == (
        "The host of the synchronous container was killed after 25 s; "
        "the host of the event-driven function was killed after 30 s."
    )
    assert reports.kill_sentence(comparison_run(killed=False)) == "No host was killed."


def test_a_lost_event_driven_job_is_critical() -> None:
    found = reports.report(comparison_run(lost=1), CostAssumptions()).finding
    assert found.level is Level.CRITICAL
    assert found.text.startswith("Critical: 1 event-driven job lost;")


def test_a_late_or_dead_lettered_job_is_a_warning_not_a_loss() -> None:
    sync, event = RUN.forms
    waiting = replace(RUN, forms=(sync, replace(event, unfinished=2, dead_lettered=1)))
    found = reports.report(waiting, CostAssumptions()).finding
    assert found.level is Level.WARNING
    assert found.text.startswith(
        "Warning: 1 event-driven job ended in the dead-letter queue; 2 event-driven jobs were still in the queue at the end;"
    )
    assert "lost no jobs (2 still in the queue, 1 in the dead-letter queue)" in reports.loss_sentence(waiting)


def test_without_a_run_nothing_is_claimed_but_typed_numbers_count() -> None:
    empty = reports.report(None, CostAssumptions())
    assert empty.finding.level is Level.NO_DATA
    assert not empty.costs.comparable
    assert "The container's time per job is not measured: give it (--synchronous-seconds)" in empty.notes
    typed = reports.report(None, CostAssumptions(synchronous_seconds=0.1, seconds_per_job=0.1))
    assert typed.costs.comparable


def test_a_price_that_is_not_on_file_is_said_and_can_be_given() -> None:
    unknown = reports.report(RUN, CostAssumptions(instance="c99.huge"))
    assert not unknown.costs.comparable
    assert any(note.startswith("No price on file for c99.huge") for note in unknown.notes)
    assert "missing" in reports.cost_sentence(unknown.costs)
    given = reports.report(RUN, CostAssumptions(instance="c99.huge", usd_per_hour=0.5))
    assert given.costs.comparable
    assert "c99.huge: $0.5 per hour, as given" in given.notes


@pytest.mark.parametrize("name", ["synchronous_seconds", "jobs_at_once", "peak_factor", "seconds_per_job"])
def test_a_zero_is_refused_and_does_not_mean_as_measured(name: str) -> None:
    with pytest.raises(UsageError):
        reports.report(RUN, CostAssumptions(**{name: 0.0}))  # type: ignore[arg-type]


def test_the_load_balancer_is_left_out_until_its_price_is_given() -> None:
    without, given = (reports.report(RUN, CostAssumptions(load_balancer_usd=usd)) for usd in (None, 0.03))
    assert any("its price is not on record: give it (--load-balancer-usd)" in note for note in without.notes)
    assert any(note.startswith("Load balancer: $0.03 per hour, as given") for note in given.notes)
    assert any("do not scale by themselves" in note for note in without.notes)
    assert without.costs.synchronous_idle_usd is not None and given.costs.synchronous_idle_usd is not None
    assert given.costs.synchronous_idle_usd - without.costs.synchronous_idle_usd == pytest.approx(0.03 * 730)


def test_the_curve_crosses_at_the_break_even() -> None:
    costs = reports.report(RUN, CostAssumptions(peak_factor=1.0)).costs
    assert costs.break_even is not None
    assert costs.synchronous is not None
    before, after = costs.break_even * 0.999, costs.break_even * 1.001
    assert costs.event_usd(before) < costs.synchronous.usd_per_month(before)
    assert costs.event_usd(after) > costs.synchronous.usd_per_month(after)
    assert costs.curve()[-1][0] == pytest.approx(2 * costs.break_even)


def test_an_api_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match="There is no API type 'soap'"):
        CostAssumptions(api="soap")


def test_failures_and_waits_are_those_of_the_form() -> None:
    sync = RUN.form(SYNCHRONOUS)
    assert sync is not None
    assert sync.failed == LOST + REFUSED
    assert RUN.form("worker") is None
    assert RUN.form(EVENT_DRIVEN) is not None


def test_percentiles_are_measured_values() -> None:
    found = percentiles([float(each) for each in range(1, 101)])
    assert found is not None
    assert (found.p50, found.p95, found.p99, found.most) == (50, 95, 99, 100)
    assert percentiles([]) is None


def test_the_scaling_lag_is_from_the_need_to_the_peak() -> None:
    course = [CourseSample(1, 1, 1), CourseSample(2, 8, 1), CourseSample(3, 9, 2), CourseSample(5, 9, 4)]
    form = FormMeasured(EVENT_DRIVEN, 9, (), (), {}, 0, 0, 4, course=tuple(course))
    assert form.peak_running == 4
    assert form.scaling_lag_s == 3  # four were wanted after 2 s and ran after 5 s
    assert form.overloaded_s == 3  # from the second 2 to 5
    assert FormMeasured(EVENT_DRIVEN, 0, (), (), {}, 0, 0, 4).scaling_lag_s is None


def test_a_long_course_keeps_its_peak() -> None:
    course = [CourseSample(at, at % 7, 40 if at == 1_003 else 1) for at in range(2_000)]
    kept = thinned(course)
    assert len(kept) <= 240
    assert max(sample.running for sample in kept) == 40
