"""The alarms as rows, those in ALARM first. A click selects one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from dashboard import page_runtime
from dashboard.components import paged_list
from dashboard.components.queries import runbook_queries
from dashboard.formatting import number
from dashboard.markup import alarms as markup
from dashboard.markup import html_blocks
from dashboard.markup.alarms import Axis
from ops.insight.reports.alarms_page.checks import AlarmChecks
from ops.insight.reports.alarms_page.report import AlarmsReport
from ops.insight.reports.alarms_page.rows import AlarmRow

CHOSEN_KEY = "alarm"
"""In the address."""
PAGE_SIZE = 12
PAGE_KEY, TEXT_KEY = "alarms-page", "alarms-find"
NO_ALARMS = "The recommended alarms are below."


def chosen() -> str:
    """The name of the alarm that was selected; empty: none."""
    return str(st.query_params.get(CHOSEN_KEY, ""))


def _choose(name: str) -> None:
    st.query_params[CHOSEN_KEY] = name


def show(report: AlarmsReport, checks: AlarmChecks | None) -> list[tuple[AlarmRow, Any]]:
    """Returns the rows that are on the screen with their elements, for ``update``."""
    if not report.rows:
        title = "Alarm states unknown" if report.unread else "No alarms"
        st.html(html_blocks.empty(title, report.unread or NO_ALARMS))
        return []
    shown = markup.axis(report.rows, report.history)
    rows = _matching(report.rows)
    if not rows:
        st.html(html_blocks.empty("No alarm matches", "Clear the search above."))
        return []
    selected = next((place for place, row in enumerate(rows) if row.name == report.chosen), 0)
    page = paged_list.current_page(PAGE_KEY, len(rows), PAGE_SIZE, selected)
    now = datetime.now(UTC)
    drawn = []
    with st.container(key="alarm-rows", gap=None):
        st.html(markup.head(shown, report.history, report.events, page_runtime.ZONE))
        for place in range(page * PAGE_SIZE, min(len(rows), (page + 1) * PAGE_SIZE)):
            drawn.append((rows[place], _show(rows[place], place, report, checks, shown, now)))
    _show_pages(rows, page)
    return drawn


def update(report: AlarmsReport, drawn: Sequence[tuple[AlarmRow, Any]], checks: AlarmChecks) -> None:
    """Draw the rows again with what the checks say, in their places."""
    shown = markup.axis(report.rows, report.history)
    now = datetime.now(UTC)
    for row, element in drawn:
        element.html(
            markup.row(
                row, checks, shown, report.events, page_runtime.ZONE, now, runbook_queries.path_of_row(row, report.rows)
            )
        )


def _show(
    row: AlarmRow, place: int, report: AlarmsReport, checks: AlarmChecks | None, shown: Axis, now: datetime
) -> Any:
    mark = "chosen-alarm" if row.name == report.chosen else "alarm-row"
    with st.container(key=f"{mark}-{place}"):
        element = st.html(
            markup.row(
                row, checks, shown, report.events, page_runtime.ZONE, now, runbook_queries.path_of_row(row, report.rows)
            )
        )
        # The label must not quote the alarm: labels are read as Markdown.
        st.button(f"Details of alarm {place + 1}", key=f"choose-alarm-{place}", on_click=_choose, args=(row.name,))
    return element


def _matching(rows: Sequence[AlarmRow]) -> Sequence[AlarmRow]:
    """The alarms that match the search, which is offered when they do not fit on one page."""
    if len(rows) <= PAGE_SIZE:
        return rows
    text = st.text_input(
        "Find an alarm",
        key=TEXT_KEY,
        icon=":material/search:",
        placeholder="Find an alarm: name, metric, queue or state",
        label_visibility="collapsed",
    )
    wanted = (text or "").strip().lower()
    return (
        [row for row in rows if wanted in f"{row.name}\n{row.watches}\n{row.expression}\n{row.state}".lower()]
        if wanted
        else rows
    )


def _show_pages(rows: Sequence[AlarmRow], page: int) -> None:
    if len(rows) <= PAGE_SIZE:
        return
    paged_list.show_pages(PAGE_KEY, len(rows), PAGE_SIZE)
    first, last = page * PAGE_SIZE + 1, min((page + 1) * PAGE_SIZE, len(rows))
    st.html(f'<span class="so-quiet">Alarms {number(first)}–{number(last)} of {number(len(rows))}</span>')
