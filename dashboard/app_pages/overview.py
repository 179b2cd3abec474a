"""Overview: is it healthy, and if not, where do I look first?"""

import streamlit as st

from dashboard import page_runtime, theme
from dashboard.components import overview_view
from dashboard.formatting import number
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from dashboard.pages import PAGES
from ops import formatting
from ops.insight.reports.overview import OverviewReport
from ops.insight.sources.watched_queues import WatchedQueue


def draw(report: OverviewReport) -> None:
    for row in (report.cards[:3], report.cards[3:]):
        for column, card in zip(st.columns(3, gap="small"), row, strict=False):
            with column, st.container(border=True, key=f"card-{card.key}"):
                st.html(overview_view.card(card))
                page = PAGES[overview_view.PAGE_OF_CARD[card.key]]
                st.page_link(page.file, label=f"{card.title}: open {page.title}")
    at = formatting.clock(report.at, report.at) if report.at else ""
    st.subheader(f"Where was the work at {at}?" if at else "Where is the work now?", anchor=False)
    st.html(overview_view.path(report.path, report.stops))
    if report.watched:
        st.subheader("What do other watched queues hold?", anchor=False)
        st.html(html_blocks.stats([_watched(one, report) for one in report.watched]))
    if report.at:
        return  # the states are of now, the page is not
    st.subheader("Which alarms are firing?", anchor=False)
    if report.alarms:
        st.html(overview_view.alarms(report.alarms, page_runtime.ZONE))
    else:
        st.html(html_blocks.empty("No alarms", "This workload has none. The template of this project brings them."))


def _watched(one: WatchedQueue, report: OverviewReport) -> Stat:
    at = f"at {formatting.clock(report.at, report.at)}" if report.at else ""
    note = at if one.messages is not None else "no metrics: not used for hours"
    return Stat(one.queue, number(one.messages), "messages", note, theme.DEAD if one.messages else theme.NEUTRAL)


page_runtime.page("overview", draw, skeleton_heights=(56, 270, 190, 150))
