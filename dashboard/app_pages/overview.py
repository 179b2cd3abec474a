"""Overview: health at a glance, and where to look first."""

import streamlit as st

from dashboard import page_runtime, theme
from dashboard.charts import queue as queue_charts
from dashboard.charts.drawing.comparison import EarlierReport
from dashboard.charts.timeline import overview as charts
from dashboard.components import overview_view, pipeline_view, sample_traffic, widgets
from dashboard.components.queries import alarm_checks
from dashboard.formatting import number
from dashboard.markup import arrivals, error_box, html_blocks
from dashboard.markup.html_blocks import Stat
from dashboard.pages import PAGES
from ops import formatting
from ops.doctor.rule import RuleSeverity
from ops.errors import OpsError
from ops.insight.report_types import Level
from ops.insight.reports.overview import OverviewReport
from ops.insight.reports.overview_parts.overview_cards import PAGE_OF_CARD
from ops.insight.rules import settings_findings
from ops.insight.sources.watched_queues import WatchedQueue


def draw(report: OverviewReport, earlier: EarlierReport | None) -> None:
    sample_traffic.offer(report.sent)
    with st.container(key="cards"):  # the stylesheet wraps this row
        for column, card in zip(st.columns(len(report.cards), gap="small"), report.cards, strict=True):
            with column, st.container(border=True, key=f"card-{card.key}"):
                st.html(overview_view.card(card))
                page = PAGES[PAGE_OF_CARD[card.key]]
                st.page_link(page.file, label=f"{card.title}: open {page.title}")
    if report.timeline is not None:
        widgets.chart(charts.timeline(report.timeline, page_runtime.ZONE, earlier), "timeline", below_cards=True)
        if report.timeline.arrivals is not None:
            st.html(arrivals.timeline_legend(report.timeline.arrivals, page_runtime.ZONE))
    when = f" at {formatting.clock(report.at, report.at)}" if report.at else ""
    st.subheader(f"Pipeline{when}", anchor=False)
    pipeline_view.show(report.path, report.stops)
    if report.watched:
        st.subheader("Other monitored queues", anchor=False)
        for queue in report.watched:
            _show_watched(queue, report)
    if report.at:
        return  # alarm states are current, the page is not
    _show_alarms(report)
    _show_settings()


def _show_alarms(report: OverviewReport) -> None:
    st.subheader("Alarms", anchor=False)
    if report.alarms:
        st.html(overview_view.alarms(report.alarms, page_runtime.ZONE))
    if report.alarms_unread:
        st.html(html_blocks.empty("Alarm states unknown", report.alarms_unread))
    elif not report.alarms:
        st.html(html_blocks.empty("No alarms", "No CloudWatch alarm watches this workload: no one is notified."))
    label = "All alarms" if report.alarms else "Recommended alarms"
    st.page_link(PAGES["alarms"].file, label=label, icon=":material/arrow_forward:", icon_position="right")


def _show_settings() -> None:
    """Shows the number of wrong settings, as ``ops doctor`` counts them."""
    try:
        checks = alarm_checks.check()
    except OpsError as error:
        st.subheader("Settings", anchor=False)
        error_box.show(error, again=False, title="Settings could not be checked")
        return
    if checks.examination is None:
        return
    found = checks.examination
    critical, warnings = found.count(RuleSeverity.CRITICAL), found.count(RuleSeverity.WARNING)
    wrong = settings_findings.counts_text(critical, warnings)
    level = Level.CRITICAL if critical else Level.WARNING if warnings else Level.OK
    passed = f"{formatting.count(len(found.fine), 'rule')} passed. In a terminal:"
    st.subheader("Settings", anchor=False)
    st.html(html_blocks.state_line(level, wrong or "No critical findings or warnings", passed))
    st.code(checks.doctor_command, language=None, wrap_lines=True)
    st.page_link(
        PAGES["alarms"].file,
        label="Show them on Alarms" if wrong else "Settings on Alarms",
        icon=":material/arrow_forward:",
        icon_position="right",
        query_params={"show": "settings"},
    )


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
