"""One alarm: its chart with the threshold and the periods that decide, whom it tells, its last changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard import page_runtime, runbooks
from dashboard.app_pages.alarms import live_test
from dashboard.charts import alarms as charts
from dashboard.components import widgets
from dashboard.components.queries import runbook_queries
from dashboard.formatting import escape, usd
from dashboard.markup import alarms as markup
from dashboard.markup import html_blocks
from dashboard.pages import PAGES
from dashboard.server import first_chart
from ops.insight.reports.alarms_page.checks import AlarmChecks
from ops.insight.reports.alarms_page.report import AlarmsReport
from ops.insight.reports.alarms_page.rows import COMPOSITE, AlarmRow

MISSING_DATA = {
    "missing": "no data: the state becomes INSUFFICIENT_DATA",
    "ignore": "the state stays as it is",
    "breaching": "counts as a breach",
    "notBreaching": "counts as no breach",
}


@dataclass(frozen=True)
class SelectedAlarm:
    """``rows``: of all alarms. ``why``: the element that the checks fill in. ``beside``: the container beside the chart."""

    row: AlarmRow
    rows: Sequence[AlarmRow]
    why: Any
    beside: Any


@dataclass(frozen=True)
class DetailElements:
    """Placeholders that the checks fill in."""

    why: Any
    delivery: Any


def show_chart(report: AlarmsReport, checks: AlarmChecks | None) -> SelectedAlarm | None:
    """The part that ``show_facts`` completes; None without an alarm."""
    row = _row(report)
    if row is None:
        return None
    with st.container(key="alarm-detail"):
        st.html(markup.title(row))
        chart, beside = st.columns([1.4, 1], gap="medium")
        with chart:
            _show_chart(report, row)
            why = st.html(_why(row, checks))
            if row.changes:
                st.html(markup.changes(row, page_runtime.ZONE))
    return SelectedAlarm(row, report.rows, why, beside)


def show_facts(selected: SelectedAlarm, checks: AlarmChecks | None) -> DetailElements:
    """Returns the elements for ``update``."""
    row = selected.row
    with selected.beside:
        _show_runbook(row, selected.rows)
        command = st.container()  # not st.empty(): a refresh would take them away for a moment
        st.html(html_blocks.facts(_facts(row)))
        told = st.empty()
        first_chart.wait()
        _show_command(command, row, selected.rows)
        _show_delivery(told, row, checks)
        live_test.show(row)
    return DetailElements(selected.why, told)


def update(report: AlarmsReport, drawn: DetailElements, checks: AlarmChecks) -> None:
    row = _row(report)
    if row is not None:
        drawn.why.html(_why(row, checks))
        _show_delivery(drawn.delivery, row, checks)


def _row(report: AlarmsReport) -> AlarmRow | None:
    return next((row for row in report.rows if row.name == report.chosen), None)


def _show_chart(report: AlarmsReport, row: AlarmRow) -> None:
    if row.kind == COMPOSITE:
        st.html(f'<code class="so-composite">{escape(row.expression)}</code>')
        st.html(markup.children(row))
        return
    if report.chart is None:
        st.html(html_blocks.empty("No chart", report.no_chart or "Its metric could not be read."))
        return
    widgets.chart(charts.chart(report.chart, row.label, page_runtime.ZONE), "alarm")
    st.html(html_blocks.quiet(charts.window_text(report.chart)))


def _show_runbook(row: AlarmRow, rows: Sequence[AlarmRow]) -> None:
    """The page that shows the cause; and the runbook, on paper with the workload's names."""
    if row.page:
        page = PAGES[row.page]
        st.page_link(page.file, label=f"Open {page.title}", icon=":material/arrow_forward:", icon_position="right")
    own = runbook_queries.path(row.name, row.runbook)
    if own:
        st.html(f'<p class="so-runbook">Runbook: {runbooks.link(own, row.name)}</p>')
    for other in runbook_queries.behind(row, rows):
        if path := runbook_queries.path(other.name, other.runbook):
            state = "in ALARM" if other.state == "ALARM" else "not in ALARM"
            named = f"Runbook of {escape(other.label)} ({state})"
            st.html(f'<p class="so-runbook">{named}: {runbooks.link(path, other.name)}</p>')


def _show_command(place: Any, row: AlarmRow, rows: Sequence[AlarmRow]) -> None:
    """Shows the command that runs the alarm's runbook; its other runbooks are links. Those of the alarms behind a
    composite one stand above already."""
    source = page_runtime.report_source()
    own = runbook_queries.runnable(row.name, row.runbook)
    below = [runbook_queries.runnable(other.name, other.runbook) for other in runbook_queries.behind(row, rows)]
    with place:
        for name in [name for names in (own, *below) for name in names][:1]:
            st.code(source.command(f"runbook run {name}"), language=None, wrap_lines=True)
        if others := list(own.items())[1:]:
            links = [runbooks.titled_link(name, title, row.name) for name, title in others]
            st.html(f'<p class="so-also">Also for this alarm: {" · ".join(links)}</p>')


def _facts(row: AlarmRow) -> dict[str, str]:
    rows = {
        "Metric": f"{row.watches} ({row.statistic})" if row.statistic else "",
        "Expression": row.expression if row.kind != COMPOSITE and row.expression != row.watches else "",
        "Fires when": row.condition,
        "Without data": MISSING_DATA.get(row.missing_data, row.missing_data),
        "Costs": f"{usd(row.monthly_usd)} per month" if row.monthly_usd is not None else "",
        "Name": row.name,
    }
    return {name: text for name, text in rows.items() if text}


def _why(row: AlarmRow, checks: AlarmChecks | None) -> str:
    """Why this threshold or this composite alarm, by the catalogue."""
    if checks is None:
        return "<span></span>"
    found = checks.matches.get(row.name)
    if found is None:
        return markup.why(row, "Not in the catalogue: the reason is not known.")
    if found.same or row.kind == COMPOSITE:
        return markup.why(row, found.recommended.reason)
    return markup.why(row, f"The catalogue's alarm fires at {found.condition}: {found.recommended.reason}")


def _show_delivery(place: Any, row: AlarmRow, checks: AlarmChecks | None) -> None:
    """Whether it reaches someone; leg by leg with the change where something is missing."""
    found = checks.deliveries.get(row.name) if checks else None
    with place.container(gap="xsmall"):
        if found is None:
            st.html(markup.delivery(f"Notifies: {row.receivers.text}", () if checks else ("Not checked yet.",)))
            return
        legs = markup.legs(found)
        st.html(markup.delivery(markup.verdict(found.text, legs), (*found.notes, *found.unread)))
        if found.change:
            st.code(found.change, language=None, wrap_lines=True)
        for leg in legs:
            st.html(markup.leg(leg))
            if leg.change:
                st.code(leg.change, language=None, wrap_lines=True)
