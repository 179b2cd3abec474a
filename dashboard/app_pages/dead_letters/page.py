"""Dead letters: what died, why, and may it go back?"""

import streamlit as st

from dashboard import page_runtime, theme
from dashboard.app_pages.dead_letters import sections
from dashboard.app_pages.dead_letters.scan_bar import QueueCount
from dashboard.charts import dead_letters as charts
from dashboard.components import overview_view, widgets
from dashboard.formatting import duration, number
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from ops import formatting
from ops.insight.reports.dead_letters import DeadLettersReport

COUNT = "_dead_count"


def _held(report: DeadLettersReport) -> str:
    """Whose they are now, and of when the number is."""
    held = f"{number(report.held)} held by a reader" if report.held else ""
    return ", ".join(filter(None, [f"at {formatting.clock(report.at, report.at)}" if report.at else "", held]))


def draw(report: DeadLettersReport) -> None:
    st.session_state[COUNT] = None if report.at else report.count
    firing = [alarm for alarm in report.alarms if alarm.state == "ALARM"]
    alarms = f"{len(firing)} firing" if firing else "none firing"
    st.html(
        html_blocks.stats(
            [
                Stat(
                    "In the dead-letter queue",
                    number(report.count),
                    "letters",
                    note=_held(report),
                    colour=theme.DEAD if report.count else theme.NEUTRAL,
                ),
                Stat("New in range", number(report.arrived), "at least" if report.arrived_at_least else ""),
                Stat("Oldest", duration(report.oldest_s)),
                *([] if report.at else [Stat("Alarms", alarms, note=f"of {len(report.alarms)}")]),
            ]
        )
    )


def draw_depth(report: DeadLettersReport) -> None:
    widgets.chart(charts.depth(report, page_runtime.ZONE), "dead")
    if report.alarms:
        st.html(overview_view.alarms(report.alarms, page_runtime.ZONE))


def counted() -> QueueCount | None:
    count, at = st.session_state.get(COUNT), page_runtime.loaded_at("dead_letters")
    return None if count is None or at is None else QueueCount(count, at)


page_runtime.page("dead_letters", draw, skeleton_heights=(56, 70), finding=sections.current_finding)
sections.show_sections(counted)
page_runtime.section("dead_letters", draw_depth)
