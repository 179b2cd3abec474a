"""Overview: is it healthy, and if not, where do I look first?"""

import streamlit as st

from dashboard import live, theme
from dashboard.pages import PAGES
from dashboard.parts import blocks, overview
from dashboard.parts.blocks import Stat
from dashboard.text import number
from ops.insight import words
from ops.insight.reports import OverviewReport, Watched


def draw(report: OverviewReport) -> None:
    for row in (report.cards[:3], report.cards[3:]):
        for column, card in zip(st.columns(3, gap="small"), row, strict=False):
            with column, st.container(border=True, key=f"card-{card.key}"):
                st.html(overview.card(card))
                page = PAGES[overview.PAGE_OF_CARD[card.key]]
                st.page_link(page.file, label=f"{card.title}: open {page.title}")
    at = words.clock(report.at, report.at) if report.at else ""
    st.subheader(f"Where was the work at {at}?" if at else "Where is the work now?", anchor=False)
    st.html(overview.path(report.path, report.stops))
    if report.watched:
        st.subheader("What do other watched queues hold?", anchor=False)
        st.html(blocks.stats([_watched(one, report) for one in report.watched]))
    if report.at:
        return  # the states are of now, the page is not
    st.subheader("Which alarms are firing?", anchor=False)
    if report.alarms:
        st.html(overview.alarms(report.alarms, live.ZONE))
    else:
        st.html(blocks.empty("No alarms", "This workload has none. The template of this project brings them."))


def _watched(one: Watched, report: OverviewReport) -> Stat:
    at = f"at {words.clock(report.at, report.at)}" if report.at else ""
    note = at if one.messages is not None else "no metrics: not used for hours"
    return Stat(one.queue, number(one.messages), "messages", note, theme.DEAD if one.messages else theme.NEUTRAL)


live.page("overview", draw, sketch=(56, 270, 190, 150))
