"""Options against cold starts: the recommendation, a comparison, and the reasons."""

from __future__ import annotations

import re
from collections.abc import Callable

import streamlit as st

from dashboard.charts import imports as charts
from dashboard.components import widgets
from dashboard.formatting import NONE, escape, millis, number, usd
from dashboard.markup import html_blocks
from ops.insight.cold_start_options.model import Between, Option
from ops.insight.cold_start_options.options import ColdStartOptions
from ops.insight.imports.model import ImportRecord


def show_options(found: ColdStartOptions) -> None:
    if not found.sentence:
        return
    st.subheader("How to reduce cold starts", anchor=False)
    st.html(f"<p>{escape(found.sentence)}</p>")
    if found.base is None:
        return
    widgets.table(
        [
            {
                "option": option.name,
                "verdict": option.verdict.value,
                "wait": _between(option.wait_ms, millis),
                "cold": None if option.cold is None else round(option.cold),
                "usd": _between(option.usd, usd),
                "basis": re.split(r"[:,]| on ", option.basis)[0],
            }
            for option in found.options
        ],
        "cold-start-options",
        {
            "option": "Option",
            "verdict": "Verdict",
            "wait": st.column_config.TextColumn(
                "Wait per cold start", alignment="right", help="Median of INIT or restore"
            ),
            "cold": st.column_config.NumberColumn("Cold starts per month", format="localized"),
            "usd": st.column_config.TextColumn(
                "Cost per month", alignment="right", help="Of duration and INIT, and of what the option costs"
            ),
            "basis": st.column_config.TextColumn("Basis", help="In full below, with the reasons"),
        },
        placeholder=NONE,
    )
    st.html('<span class="so-quiet">A month is 730 hours like the selected range.</span>')
    with st.expander("Reasons and conditions of each option"):
        st.html("".join(_explained(option) for option in found.options))
    if found.hours:
        with st.expander("Provisioned concurrency by the hour of the day (UTC)"):
            _hours(found)


def _explained(option: Option) -> str:
    basis = [f"Basis: {option.basis}."] if option.basis else []
    notes = "".join(f"<li>{escape(note)}</li>" for note in (*option.notes, *basis))
    return f"<p><b>{escape(option.name)}</b>: {escape(option.sentence)}</p>" + (f"<ul>{notes}</ul>" if notes else "")


def _hours(found: ColdStartOptions) -> None:
    whole = st.column_config.NumberColumn
    widgets.table(
        [
            {
                "hour": f"{hour.hour:02}:00",
                "invocations": hour.invocations,
                "needed": hour.needed,
                "pays": hour.pays,
                "on_demand": usd(hour.usd_on_demand),
                "provisioned": usd(hour.usd),
            }
            for hour in found.hours
        ],
        "provisioned-hours",
        {
            "hour": "Hour (UTC)",
            "invocations": whole("Invocations", format="localized"),
            "needed": whole(
                "For 95% warm", help="Provisioned environments with which 95% of the invocations find one free"
            ),
            "pays": whole("Pay for themselves", help="Environments that cost no more than on demand in that hour"),
            "on_demand": st.column_config.TextColumn("On demand, per month", alignment="right"),
            "provisioned": st.column_config.TextColumn("Provisioned, per month", alignment="right"),
        },
    )


def show_imports(record: ImportRecord | None) -> None:
    st.subheader("What INIT imports", anchor=False)
    if record is None:
        st.html(
            html_blocks.empty(
                "Not recorded", "Record what the handler imports: ops imports --module MODULE --folder DIR."
            )
        )
        return
    widgets.chart(charts.flame(record), "imports")
    about = ", ".join(filter(None, [record.how, record.machine]))
    when = f"{record.recorded_at:%Y-%m-%d %H:%M} UTC"
    text = f"{number(len(record.modules))} modules in {millis(record.total_ms)}: {about}, {when}, not on Lambda."
    st.html(html_blocks.quiet(text))
    if record.statements:
        widgets.table(
            [
                {
                    "what": statement.kind,
                    "where": f"{statement.file}:{statement.line}",
                    "code": statement.text,
                    "advice": statement.advice,
                }
                for statement in record.statements
            ],
            "init-statements",
            {"what": "Made in init", "where": "Where", "code": "Code", "advice": "With a snapshot"},
        )


def _between(value: Between | None, words: Callable[[float], str]) -> str:
    if value is None:
        return NONE
    low, high = words(value.low), words(value.high)
    return low if low == high else f"{low} to {high}"
