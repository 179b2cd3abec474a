"""Overview: health at a glance, and where to look first."""

import streamlit as st

from dashboard import page_runtime, theme
from dashboard.charts import overview as charts
from dashboard.charts import queue as queue_charts
from dashboard.charts.comparison import EarlierReport
from dashboard.charts.series import total
from dashboard.components import overview_view, pipeline_view, sample_traffic, widgets
from dashboard.formatting import number
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from dashboard.pages import PAGES
from ops import formatting
from ops.insight.reports.overview import OverviewReport
from ops.insight.reports.overview_cards import PAGE_OF_CARD
from ops.insight.sources.watched_queues import WatchedQueue


def draw(report: OverviewReport, earlier: EarlierReport | None) -> None:
    sample_traffic.offer(total(report.timeline.frame, "sent") if report.timeline else None)
    with st.container(key="cards"):  # the stylesheet wraps this row
        for column, card in zip(st.columns(len(report.cards), gap="small"), report.cards, strict=True):
            with column, st.container(border=True, key=f"card-{card.key}"):
                st.html(overview_view.card(card))
                page = PAGES[PAGE_OF_CARD[card.key]]
                st.page_link(page.file, label=f"{card.title}: open {page.title}")
    if report.timeline is not None:
        widgets.chart(charts.timeline(report.timeline, page_runtime.ZONE, earlier), "timeline")
    when = f" at {formatting.clock(report.at, report.at)}" if report.at else ""
    st.subheader(f"Pipeline{when}", anchor=False)
    pipeline_view.show(report.path, report.stops)
    if report.watched:
        st.subheader("Other monitored queues", anchor=False)
        for queue in report.watched:
            _show_watched(queue, report)
    if report.at:
        return  # alarm states are current, the page is not
    st.subheader("Alarms", anchor=False)
    if report.alarms:
        st.html(overview_view.alarms(report.alarms, page_runtime.ZONE))
    else:
        st.html(
            html_blocks.empty(
                "No alarms", "This workload has no CloudWatch alarms; this project's template defines a set."
            )
        )
    if report.settings is not None and report.settings.text:
        st.subheader("Settings", anchor=False)
        st.html(html_blocks.empty(report.settings.text, "Each with what would happen and the exact change:"))
        st.code(report.settings.command, language=None)


def _show_watched(queue: WatchedQueue, report: OverviewReport) -> None:
    figure = queue_charts.watched(queue, page_runtime.ZONE)
    if figure is None or queue.messages is None:
        st.html(html_blocks.stats([_watched_queue(queue, report)]))
    else:
        widgets.chart(figure, f"watched-{queue.queue}")


def _watched_queue(queue: WatchedQueue, report: OverviewReport) -> Stat:
    when = f"at {formatting.clock(report.at, report.at)}" if report.at else ""
    note = when if queue.messages is not None else "no metrics: inactive for hours"
    return Stat(queue.queue, number(queue.messages), "messages", note, theme.DEAD if queue.messages else theme.NEUTRAL)


page_runtime.page("overview", draw, skeleton_heights=(56, 270, 620, 190))
