"""Compare: the last measured run of ``ops compare``, and which form is cheaper from which load on."""

import re

import pandas as pd
import streamlit as st

from dashboard import page_runtime, theme
from dashboard.app_pages.compare import assumptions_form
from dashboard.charts import compare as charts
from dashboard.components import widgets
from dashboard.formatting import NONE, duration, millis, number, usd
from dashboard.markup import error_box, html_blocks
from dashboard.markup.html_blocks import Stat
from dashboard.server import first_chart
from ops.compare import report as reports
from ops.compare.measured import EVENT_DRIVEN, SYNCHRONOUS, ComparisonRun, Percentiles
from ops.compare.report import ComparisonReport
from ops.errors import OpsError
from ops.formatting import count as counted
from ops.formatting import sentence

COMMAND = "ops compare --kill"
KIND_PX, FORM_PX = 170, 90
"""Widths with which two forms fit beside the kinds on a phone."""
_OPTION = re.compile(r" \(--[a-z-]+\)")
"""Of the command line, in a note; the page has a field for it."""


def page() -> None:
    found = page_runtime.read_once(
        "compare",
        _read,
        skeleton_heights=(68, 84, 320, 300, 220),
        at=lambda read: read[0].at if read[0] else None,
        verb="Measured",
    )
    if found is None:
        return
    (run,) = found
    top, form = st.container(), st.container()
    changed = assumptions_form.is_changed()
    try:
        report = reports.report(run, assumptions_form.edit(run, form) if changed else assumptions_form.UNCHANGED)
    except OpsError as error:
        error_box.show(error)
        return
    with top:
        with st.container(key="opening"):
            page_runtime.show_finding(report.finding)
        if run is None:
            why = "A comparison starts a twin if none is running, and takes about four minutes:"
            st.html(html_blocks.empty("No comparison yet", why))
            st.code(COMMAND, language=None, wrap_lines=True)
        else:
            _measured(report, run)
        _costs(report)
    if not changed:
        first_chart.wait()  # the browser takes as long for the fields as for a chart
        if assumptions_form.edit(run, form) != assumptions_form.UNCHANGED:  # it was changed just now
            st.rerun()


def _read() -> tuple[ComparisonRun | None]:
    """The last run, or None where nothing was measured yet."""
    return (page_runtime.report_source().comparison(),)


def _measured(report: ComparisonReport, run: ComparisonRun) -> None:
    st.html(html_blocks.stats(_stats(report, run)))
    st.html(html_blocks.lead(reports.wait_sentence(run)))
    widgets.chart(charts.waits(run), "compare-waits")
    st.html(html_blocks.lead(reports.scaling_sentence(run)))
    courses = charts.courses(run)
    widgets.pair(*((chart, f"compare-course-{form.form}") for form, chart in zip(run.forms, courses, strict=True)))
    st.subheader("What callers have to handle", anchor=False)
    st.html(html_blocks.lead(reports.kill_sentence(run)))
    _failures(run)
    about = (
        f"{run.shape} arrivals, {run.per_second:g} jobs per second for {duration(run.seconds)}, seed {run.seed}; "
        f"one form after the other on {number(run.cores)} cores, which both share with whatever else ran there"
    )
    st.html(html_blocks.quiet(sentence(about)))


def _stats(report: ComparisonReport, run: ComparisonRun) -> list[Stat]:
    shown = []
    for name in (SYNCHRONOUS, EVENT_DRIVEN):
        form = run.form(name)
        if form is not None:
            what = "for the result" if name == SYNCHRONOUS else "to hand it over"
            answered = " of answered calls" if form.failed else ""
            shown.append(_times(f"{name.capitalize()} wait", form.wait, what, answered))
    if event := run.form(EVENT_DRIVEN):
        shown.append(_times("Event-driven result", event.to_result, "after its arrival", missing="no result in time"))
    lost = {form.form: form.lost for form in run.forms}
    value = " / ".join(number(each) for each in lost.values())
    gone = any(count for form, count in lost.items() if form != SYNCHRONOUS)
    shown.append(
        Stat(
            "Jobs lost",
            value,
            note=" / ".join(lost),
            colour=theme.DEAD if gone else "",
        )
    )
    costs = report.costs
    container = (
        f"{usd(costs.synchronous_idle_usd)} for the containers" if costs.synchronous_idle_usd is not None else ""
    )
    return [
        *shown,
        Stat("Idle month", usd(costs.event_idle_usd), note=f"event-driven; {container or 'containers unknown'}"),
    ]


def _times(
    label: str, found: Percentiles | None, what: str, of: str = "", missing: str = "no call was answered"
) -> Stat:
    if found is None:
        return Stat(label, NONE, note=missing)
    return Stat(label, millis(found.p95), note=f"p95{of}, {what}")


def _failures(run: ComparisonRun) -> None:
    kinds = sorted({kind for form in run.forms for kind in form.failures})
    counts = {kind.capitalize(): {form.form: form.failures.get(kind, 0) for form in run.forms} for kind in kinds}
    counts |= {
        "Jobs lost": {form.form: form.lost for form in run.forms},
        "Jobs in the DLQ": {form.form: form.dead_lettered for form in run.forms},
        "Jobs still in the queue": {form.form: form.unfinished for form in run.forms},
    }
    rows = [{"kind": kind, **numbers} for kind, numbers in counts.items() if any(numbers.values())]
    if not rows:
        st.html(html_blocks.quiet("No call failed, and no job was lost."))
        return
    columns = {
        form.form: st.column_config.NumberColumn(form.form.capitalize(), format="localized", width=FORM_PX)
        for form in run.forms
    }
    widgets.table(
        pd.DataFrame(rows),
        "compare-failures",
        {"kind": st.column_config.TextColumn("Calls and jobs", width=KIND_PX), **columns},
        height=widgets.height(len(rows)),
    )


def _costs(report: ComparisonReport) -> None:
    st.subheader("Break-even", anchor=False)
    costs = report.costs
    st.html(html_blocks.lead(f"{reports.cost_sentence(costs)} {reports.idle_sentence(costs)}"))
    if costs.comparable:
        _costs_by_load(costs)
    parts = ", ".join(f"{name} {usd(value * 1000)}" for name, value in sorted(costs.parts.items(), key=lambda p: -p[1]))
    per_job = (f"Event-driven, per 1,000 jobs: {usd(1000 * costs.usd_per_job)} ({parts})",) if costs.parts else ()
    notes = (_OPTION.sub(" under Assumptions", note) for note in report.notes)
    st.html(html_blocks.remarks((*per_job, *notes)))


def _costs_by_load(costs: reports.Costs) -> None:
    place = st.container()
    field, answer = st.columns((1, 2), gap="medium", vertical_alignment="bottom")
    with field:
        per_day = assumptions_form.requests_per_day()
    with place:
        widgets.chart(charts.costs(costs, per_day), "compare-costs")
    if per_day is not None and costs.synchronous is not None:
        container, function = costs.synchronous.usd_per_month(per_day), costs.event_usd(per_day)
        instances = counted(costs.synchronous.instances(per_day), "instance")
        text = f"At {number(per_day)} requests per day: {usd(container)} per month for {instances}, {usd(function)} event-driven."
        answer.html(html_blocks.lead(text))


page()
