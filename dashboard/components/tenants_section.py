"""Who fills the queue: shares and waits of message groups, tenants or senders. Read on request, because Logs Insights bills
what it scans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard import page_runtime
from dashboard.access import access
from dashboard.components import widgets
from dashboard.formatting import NONE, duration, percent
from dashboard.markup import error_box, html_blocks
from ops import formatting
from ops.errors import OpsError
from ops.logs.search import MAX_USD

if TYPE_CHECKING:
    from ops.tenants import TenantReport

BY = {"": "group, tenant or sender", "group": "message group", "tenant": "tenant", "sender": "sender"}
READ = "_tenants"


@st.fragment(key="tenants")
def show_tenants() -> None:
    """Whose messages waited in the selected range; kept until another range, workload or grouping is chosen."""
    selection, allowed = page_runtime.page_context().selection, access()
    st.subheader("Who fills the queue", anchor=False)
    with st.container(key="tenants-controls"):
        choice, button, _ = st.columns([2, 1, 3], vertical_alignment="bottom", gap="small")
        by = choice.selectbox("Grouped by", list(BY), format_func=BY.__getitem__, key="tenants-by")
        asked = button.button(
            "Read log lines",
            key="read-tenants",
            icon=":material/groups:",
            disabled=allowed.read_only,
            help=allowed.why or None,
            width="stretch",
        )
    key = (selection.target, selection.span, by)
    if asked:
        try:
            with st.spinner("Searching the logs…"):
                st.session_state[READ] = (key, page_runtime.report_source().tenants(selection.span, by or ""))
        except OpsError as error:
            error_box.show(error, again=False, title="Log lines could not be read")
            return
    kept = st.session_state.get(READ)
    if kept is None or kept[0] != key:
        cost = "is free on the twin" if selection.target.is_twin else f"costs at most {formatting.price(MAX_USD)}"
        text = f"Searches the lines that the function logs for its batches, which {cost}. No message is received."
        st.html(html_blocks.quiet(text))
        return
    _draw(kept[1])


def _draw(report: TenantReport) -> None:
    st.html(html_blocks.finding(report.finding))
    if report.tenants:
        _table(report)
    others = formatting.count(report.others, "other")
    more = f" {others}, {formatting.count(report.other_messages, 'message')}, are not listed." if report.others else ""
    unnamed = (
        f" {formatting.count(report.unnamed, 'message')} without one." if report.unnamed and report.tenants else ""
    )
    st.html(html_blocks.quiet(f"Sample: {report.method}.{more}{unnamed}"))
    if report.waiting:
        st.html(html_blocks.quiet(report.waiting))
    if report.look.partial:
        st.html(html_blocks.partial(report.look.partial))


def _table(report: TenantReport) -> None:
    column, number = st.column_config.TextColumn, st.column_config.NumberColumn
    peak = report.peak
    rows = [
        {
            "key": tenant.key,
            "messages": tenant.messages,
            "share": tenant.share,
            "interval": f"{percent(tenant.share_low)} to {percent(tenant.share_high)}",
            "peak": tenant.peak if peak else None,
            "backlog": NONE if tenant.backlog_share is None else percent(tenant.backlog_share),
            "p50": duration(tenant.wait_p50_s),
            "p95": duration(tenant.wait_p95_s),
            "others": duration(tenant.wait_p95_others_s),
        }
        for tenant in report.tenants
    ]
    when = f"Of {peak.waiting:,} messages that waited when most did." if peak else ""
    widgets.table(
        pd.DataFrame(rows),
        "tenants",
        {
            "key": column(BY[report.by.value].capitalize() if report.by.value in BY else "Value", width="medium"),
            "messages": number("Messages", format="localized"),
            "share": st.column_config.ProgressColumn("Share", format="percent", min_value=0, max_value=1),
            "interval": column("95% interval", help="Wilson's interval of the share, as of a random sample."),
            "peak": number("Waiting at the peak", format="localized", help=when),
            "backlog": column("Of the backlog", help="Its part of all time that messages waited: the mean share."),
            "p50": column("Wait p50"),
            "p95": column("Wait p95"),
            "others": column("Others' p95", help="Of all other messages."),
        },
        placeholder=NONE,
        height=widgets.height(len(rows)),
    )
