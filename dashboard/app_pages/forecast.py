"""Forecast: when the backlog is drained, what breaks before that, and what other settings would change."""

import re

import pandas as pd
import streamlit as st

from dashboard import page_runtime, theme
from dashboard.charts import forecast as charts
from dashboard.components import forecast_inputs, sample_traffic, widgets
from dashboard.formatting import NONE, duration, number, usd
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from ops import formatting
from ops.insight.forecast.drain_quantiles import DrainQuantiles
from ops.insight.forecast.scaling_laws import GROUPS, IN_FLIGHT_QUOTA
from ops.insight.forecast.what_if import VariantForecast
from ops.insight.reports.forecast import ForecastReport

_OPTION = re.compile(r" \(--[a-z-]+\)")
"""The command line's option in a note; the page has an input for it."""


def draw(report: ForecastReport) -> None:
    now = report.now
    if now is None:
        sample_traffic.offer(report.arrivals_per_min or report.seconds_per_message)
        st.html(
            html_blocks.empty(
                "No forecast",
                "It needs a queue that a function of this account reads, and a time per message: select a range in which "
                "messages were processed, or type the time per message.",
            )
        )
        return
    st.html(html_blocks.stats(_stats(report, now)))
    widgets.chart(charts.depth(report), "forecast-depth")
    widgets.pair((charts.age(report), "forecast-age"), (charts.concurrency(report), "forecast-concurrency"))
    st.subheader("Settings compared", anchor=False)
    _compare(report)
    st.html(html_blocks.remarks(_OPTION.sub("", note) for note in (*report.notes, *report.basis)))


def _stats(report: ForecastReport, now: VariantForecast) -> list[Stat]:
    found, when = now.forecast, f"at {formatting.clock(report.at, report.at)}" if report.at else ""
    drained = found.drained_s
    quota_share = now.in_flight / IN_FLIGHT_QUOTA
    return [
        Stat("Backlog", number(report.backlog), note=f"messages {when}" if when else "messages, with those in flight"),
        Stat(
            "Arrivals forecast",
            number(report.arrivals_per_min),
            "/min",
            note=report.arrivals_from,
        ),
        Stat(
            "Drained in",
            _drained_in(drained) if drained else found.drained_text,
            note=_interval(drained) if drained else _never(now),
            colour="" if drained else theme.DEAD,
            words=drained is None or drained.wide,
        ),
        Stat(
            "Peak age",
            duration(found.peak_age_s) if drained else NONE,
            note=_age_note(report, now),
            colour=theme.DEAD if found.expires_s is not None else "",
        ),
        Stat(
            "Peak in flight",
            number(now.in_flight),
            note=f"of {IN_FLIGHT_QUOTA:,} (quota)",
            colour=theme.WARNING if quota_share >= 0.9 else "",
        ),
        Stat(
            "Cost to drain",
            NONE if now.usd is None else usd(now.usd),
            note="" if now.usd_month is None else f"{usd(now.usd_month)} per month of these arrivals",
        ),
    ]


def _drained_in(drained: DrainQuantiles) -> str:
    return drained.span if drained.wide else duration(drained.mid)


def _interval(drained: DrainQuantiles) -> str:
    if drained.wide:
        return f"median {duration(drained.mid)}"
    return drained.span or "no interval: too few periods"


def _never(now: VariantForecast) -> str:
    found = now.forecast
    if not found.needed:
        return "at no concurrency, within a day"
    what = "message groups of one size" if found.law.limited_by == GROUPS else "executions"
    return f"{found.needed:,} {what} would, in {duration(found.goal_s)}"


def _age_note(report: ForecastReport, now: VariantForecast) -> str:
    found, retention = now.forecast, duration(report.retention_s)
    if found.expires_s is not None:
        return (
            f"messages expire {f'in {duration(found.expires_s)}' if found.expires_s else 'now'} (retention {retention})"
        )
    if report.deadline_s is None:
        return f"no deadline known; nothing expires (retention {retention})"
    missed, deadline = found.deadline_missed_s, f"deadline of {duration(report.deadline_s)}"
    if missed is None:
        return f"within the {deadline}"
    return f"{deadline} missed {f'in {duration(missed)}' if missed else 'already'}; nothing expires"


def _compare(report: ForecastReport) -> None:
    rows = [
        {
            "setting": variant.name,
            "drained": found.drained_s.span if found.drained_s and found.drained_s.wide else found.drained_text,
            "age": duration(found.peak_age_s) if found.drained_s else NONE,
            "usd": NONE if variant.usd is None else usd(variant.usd),
            "month": NONE if variant.usd_month is None else usd(variant.usd_month),
            "limit": f"{formatting.count(found.law.limit)} ({found.law.limited_by})",
        }
        for variant in report.variants
        for found in (variant.forecast,)
    ]
    column = st.column_config.TextColumn
    widgets.table(
        pd.DataFrame(rows),
        "forecast-settings",
        {
            "setting": column("Setting"),
            "drained": column(
                "Drained in", help="With the 10th to 90th percentile."
            ),  # its start is what a phone shows
            "age": column("Peak age", alignment="right"),
            "usd": column("To drain", alignment="right", help="Cost until drained: Lambda, SQS and pollers."),
            "month": column(
                "Per month",
                alignment="right",
                help="Cost of a month of these arrivals, with what is paid while nothing runs.",
            ),
            "limit": column("Concurrency limit"),
        },
        height=widgets.height(len(rows)),
    )


report_area, controls = st.columns([7, 2], gap="large")
with controls:
    assumed = forecast_inputs.edit()
with report_area:
    page_runtime.page("forecast", draw, skeleton_heights=(56, 140, 280, 240), extra=assumed)
