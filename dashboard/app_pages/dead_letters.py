"""Dead letters: what died, why, and may it go back?"""

import streamlit as st

from dashboard import live, theme
from dashboard.charts import dead_letters as charts
from dashboard.parts import blocks, overview, show
from dashboard.parts.blocks import Stat
from dashboard.parts.dead_letters import page
from dashboard.parts.dead_letters.looking import Counted
from dashboard.text import duration, number
from ops.insight import words
from ops.insight.reports import DeadLettersReport

COUNT = "_dead_count"


def _held(report: DeadLettersReport) -> str:
    """Whose they are now, and of when the number is."""
    held = f"{number(report.held)} held by a reader" if report.held else ""
    return ", ".join(filter(None, [f"at {words.clock(report.at, report.at)}" if report.at else "", held]))


def draw(report: DeadLettersReport) -> None:
    st.session_state[COUNT] = None if report.at else report.count
    firing = [alarm for alarm in report.alarms if alarm.state == "ALARM"]
    alarms = f"{len(firing)} firing" if firing else "none firing"
    st.html(
        blocks.stats(
            [
                Stat(
                    "In the dead-letter queue",
                    number(report.count),
                    "letters",
                    note=_held(report),
                    colour=theme.DEAD if report.count else theme.NEUTRAL,
                ),
                Stat("Came in this time", number(report.arrived), "at least"),
                Stat("Oldest", duration(report.oldest_s)),
                *([] if report.at else [Stat("Alarms", alarms, note=f"of {len(report.alarms)}")]),
            ]
        )
    )


def draw_depth(report: DeadLettersReport) -> None:
    show.chart(charts.depth(report, live.ZONE), "dead")
    if report.alarms:
        st.html(overview.alarms(report.alarms, live.ZONE))


def counted() -> Counted | None:
    count, at = st.session_state.get(COUNT), live.answered("dead_letters")
    return None if count is None or at is None else Counted(count, at)


live.page("dead_letters", draw, sketch=(56, 70), finding=page.finding)
page.section(counted)
live.more("dead_letters", draw_depth)
