"""Dead letters: failed messages, their causes, and redrive."""

import streamlit as st

from dashboard import page_runtime, theme
from dashboard.app_pages.dead_letters import sections
from dashboard.app_pages.dead_letters.scan_bar import QueueCount
from dashboard.charts import dead_letters as charts
from dashboard.components import overview_view, widgets
from dashboard.formatting import NONE, duration, number
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from ops import formatting
from ops.insight.reports.dead_letters import SOME_LEFT, DeadLettersReport

COUNT_KEY = "_dead_count"


def _count_note(report: DeadLettersReport) -> str:
    """A note on the message count: its time, if not now, and how many messages another consumer has in flight."""
    in_flight = f"{number(report.held)} in flight" if report.held else ""
    return ", ".join(filter(None, [f"at {formatting.clock(report.at, report.at)}" if report.at else "", in_flight]))


def _alarms(report: DeadLettersReport) -> Stat:
    if report.alarms_unread:
        return Stat("Alarms", NONE, note="may not be read")
    firing = sum(alarm.state == "ALARM" for alarm in report.alarms)
    if not report.alarms:
        return Stat("Alarms", "none", note="on this queue")
    return Stat("Alarms", f"{firing} firing" if firing else "none firing", note=f"of {len(report.alarms)}")


def show_numbers(report: DeadLettersReport) -> None:
    st.session_state[COUNT_KEY] = None if report.at else report.count
    st.html(
        html_blocks.stats(
            [
                Stat(
                    "In the DLQ",
                    number(report.count),
                    "messages",
                    note=_count_note(report),
                    colour=theme.DEAD if report.count else theme.NEUTRAL,
                ),
                Stat(
                    "Arrived in range",
                    number(report.arrived),
                    "at least" if report.arrived_at_least else "",
                    note=SOME_LEFT if (report.arrived or 0) > (report.count or 0) else "",
                ),
                Stat("Oldest", duration(report.oldest_s)),
                *([] if report.at else [_alarms(report)]),
            ]
        )
    )


def show_depth(report: DeadLettersReport) -> None:
    widgets.chart(charts.depth(report, page_runtime.ZONE), "dead")
    if report.alarms:
        st.html(overview_view.alarms(report.alarms, page_runtime.ZONE))
    elif report.alarms_unread:
        st.html(html_blocks.empty("Alarm states unknown", report.alarms_unread))


def queue_count() -> QueueCount | None:
    count, at = st.session_state.get(COUNT_KEY), page_runtime.loaded_at("dead_letters")
    return None if count is None or at is None else QueueCount(count, at)


with st.container(key="dead-letters"):  # as high as the window, so that a redrive needs no scrolling
    page_runtime.page("dead_letters", show_numbers, skeleton_heights=(46, 28, 420), finding=sections.current_finding)
    sections.show_sections(queue_count)
page_runtime.section("dead_letters", show_depth)
