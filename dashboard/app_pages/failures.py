"""Failures: what fails, how slow is it, and since when?"""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import page_outline, page_runtime, theme
from dashboard.charts import failures as charts
from dashboard.charts.drawing.comparison import EarlierReport
from dashboard.charts.drawing.series import period
from dashboard.components import sample_traffic, widgets
from dashboard.components.logs_and_traces.log_panel import show_log_panel
from dashboard.components.logs_and_traces.trace_link import show_trace_link
from dashboard.components.logs_and_traces.trace_panel import show_trace
from dashboard.formatting import escape, millis, number, percent, utc
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from dashboard.services.report_source import LogTopic
from ops.insight.report_types import Level
from ops.insight.reports.failures import FailuresReport
from ops.insight.rules.levels import worst

MAX_ROWS = 500  # failed invocations in the table, the newest ones


def draw(report: FailuresReport, earlier: EarlierReport | None) -> None:
    invocations = report.total if report.invocations.empty else len(report.invocations)
    sample_traffic.offer(invocations, of="invocations", known=not report.unread)
    st.html(html_blocks.stats(_stats(report)))
    jobs = len(report.jobs.columns) and report.jobs.to_numpy(na_value=0).sum()
    viewer = page_runtime.ZONE
    counts = [(charts.jobs(report, viewer), "failed-jobs")] if jobs else []
    if len(report.errors) and report.errors.to_numpy().sum():
        counts.insert(0, (charts.errors(report, viewer), "errors"))
    else:
        st.html(html_blocks.instead_of_chart("Errors by type", _why_no_errors(report)))
    widgets.pair(*counts)
    durations = (charts.durations(report, viewer, earlier), "durations")
    if report.is_outline:
        widgets.pair(durations)
        page_outline.show_reading("Duration distribution, error types, versions and failed invocations")
    else:
        widgets.pair(durations, (charts.heat_map(report, viewer), "heat-map"))
    widgets.pair((charts.end_to_end(report, viewer, earlier), "end-to-end"), (charts.memory(report, viewer), "memory"))
    _types(report)
    _versions(report)
    _failed(report)


def _why_no_errors(report: FailuresReport) -> str:
    if report.failed is None:
        return escape(f"unknown: {report.unread or 'no metrics and no log lines in this range'}")
    return "no failed invocation started in this range" if report.failed else "no failed invocations in this range"


def _stats(report: FailuresReport) -> list[Stat]:
    share = report.failed / report.total if report.failed is not None and report.total else None
    return [
        Stat(
            "Failed invocations",
            number(report.failed),
            note=f"{percent(share)} of {number(report.total)}" if share is not None else "",
            colour=theme.LEVEL_COLOUR[worst(Level.WARNING, report.finding.level)] if report.failed else "",
        ),
        Stat("Failed jobs", number(report.jobs_failed), note="returned to the queue"),
        Stat(
            "Rejected jobs",
            number(report.jobs_rejected),
            note="sent to the DLQ",
            colour=theme.WARNING if report.jobs_rejected else "",
        ),
        Stat("Duration p95", millis(report.p95_ms), note=_p95_note(report)),
        Stat("End-to-end p95", millis(report.e2e_p95_ms), note=_peak(report.end_to_end)),
        Stat(
            "Peak memory", percent(report.memory_share), note=f"of the memory size{' now' if report.memory_now else ''}"
        ),
    ]


def _p95_note(report: FailuresReport) -> str:
    if not report.p95_of_all:
        return _peak(report.durations)
    return "INIT excluded" if report.peak_p95_ms is None else f"in range; peak {millis(report.peak_p95_ms)}"


def _peak(frame: pd.DataFrame) -> str:
    """The label of a percentile that is the highest of all periods, with a period's length."""
    return f"peak ({length})" if (length := period(frame)) else "peak"


def _types(report: FailuresReport) -> None:
    if report.by_type.empty:
        return
    st.subheader("Error types", anchor=False)
    widgets.table(
        report.by_type,
        "error-types",
        {
            "error_type": st.column_config.TextColumn("Error type", width="medium"),
            "invocations": st.column_config.NumberColumn("Invocations", format="localized"),
            "share": st.column_config.NumberColumn("Share"),
            "first": _moment("First"),
            "last": _moment("Last"),
        },
        {"share": percent},
    )


def _versions(report: FailuresReport) -> None:
    if report.by_version.empty:
        return
    st.subheader("By version", anchor=False)
    quantiles = {"p50_ms": "p50", "p95_ms": "p95", "p99_ms": "p99"}
    widgets.table(
        report.by_version,
        "failing-versions",
        {
            "version": st.column_config.TextColumn("Version"),
            "invocations": st.column_config.NumberColumn("Invocations", format="localized"),
            "failed": st.column_config.NumberColumn("Failed", format="localized"),
            "share": st.column_config.NumberColumn("Share failed"),
            **{name: st.column_config.NumberColumn(title) for name, title in quantiles.items()},
        },
        {"share": percent, **dict.fromkeys(quantiles, millis)},
    )


def _failed(report: FailuresReport) -> None:
    rows = report.invocations
    failed = rows[~rows["status"].isin(("success", ""))].iloc[::-1].head(MAX_ROWS)
    if failed.empty:
        return
    st.subheader("Failed invocations", anchor=False)
    if report.failed is not None and report.failed > len(failed):
        text = f"{number(len(failed))} of {number(report.failed)}: the newest of those whose log lines were read."
        st.html(html_blocks.quiet(text))
    failed = failed.reset_index(drop=True)
    rounded = failed.assign(**{name: failed[name].round() for name in ("duration_ms", "memory_used_mb")})
    shown = list(zip(failed["request_id"], failed["started"], failed["trace"], strict=True))
    key = widgets.key_of_rows("failed-invocations", shown)
    table = widgets.table(
        rounded,
        key,
        {
            "started": _moment("Started"),
            "error_type": st.column_config.TextColumn("Error type"),
            "duration_ms": st.column_config.NumberColumn("Duration (ms)", format="localized", width=104),
            "memory_used_mb": st.column_config.NumberColumn("Memory used (MB)", format="localized"),
            "version": st.column_config.TextColumn("Version", width="small"),
            "request_id": st.column_config.TextColumn("Request ID", width=290),
        },
        placeholder="–",
        on_select="rerun",
        selection_mode="single-row",
        height=widgets.height(len(failed)),
    )
    rows_selected = [shown[row] for row in table.selection.rows if row < len(shown)]
    selected = _selected(key, rows_selected[0] if rows_selected else None)
    if selected not in shown:
        st.html('<span class="so-quiet">Select a row for its log lines.</span>')
        return
    request_id, started, trace = selected
    st.html(html_blocks.quiet(f"Invocation {request_id}, started {utc(started)}"))
    show_trace_link(request_id, "Trace this invocation")
    show_trace(trace, "invocation")
    show_log_panel(LogTopic("request", request_id, at=started.to_pydatetime()))


def _selected(key: str, row: Any) -> Any:
    """The selected invocation, also when newer ones have taken its place in the table: their rows have another ``key``,
    and none of them is selected yet."""
    if row is None:
        selected_in, row = st.session_state.get("failed-invocation", ("", None))
        return row if selected_in != key else None
    st.session_state["failed-invocation"] = (key, row)
    return row


def _moment(label: str) -> Any:
    return st.column_config.DatetimeColumn(label, format="D MMM HH:mm:ss", timezone="UTC")


page_runtime.page("failures", draw, skeleton_heights=(56, 70, 300, 300, 300), has_outline=True)
