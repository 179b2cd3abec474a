"""Right-sizing: the last sweep of ``ops rightsize``, by the objective that is chosen."""

import shlex
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import page_runtime
from dashboard.charts import rightsize as charts
from dashboard.components import widgets
from dashboard.formatting import NONE, millis, number, percent, usd
from dashboard.markup import error_box, html_blocks
from dashboard.markup.html_blocks import Stat
from ops import pricing
from ops.errors import OpsError
from ops.insight.report_types import Finding, Level
from ops.rightsize import suggestion
from ops.rightsize.model import Interval, Measured, Objective, SizedSetting, Sizing

NAMES = {
    Objective.BALANCED.value: "Balanced",
    Objective.COST.value: "Lowest cost",
    Objective.LATENCY.value: "Lowest latency",
}


def page() -> None:
    found = page_runtime.read_once(
        "rightsize",
        _read,
        skeleton_heights=(68, 84, 60, 300, 220),
        at=lambda read: read[0].ended if read[0] else None,
        verb="Measured",
    )
    if found is None:
        return
    measured, command = found
    if measured is None:
        with st.container(key="opening"):
            page_runtime.show_finding(Finding(Level.NO_DATA, "No memory size has been measured on this machine."))
        why = (
            "A sweep runs real jobs at several memory sizes, on versions of its own, and puts everything back. It shows an "
            "estimate first, and asks:"
        )
        st.html(html_blocks.empty("No sweep yet", why))
        st.code(command, language=None, wrap_lines=True)
        return
    _measured(measured, command)


def _read() -> tuple[Measured | None, str]:
    """The last sweep, if there is one, and the command that measures again."""
    source = page_runtime.report_source()
    return source.sweep(), source.sweep_command()


def _measured(measured: Measured, command: str) -> None:
    top = st.container()
    objective, per_month = _inputs(measured)
    observed = replace(measured.observed, jobs_per_month=per_month)
    try:
        answer = suggestion.size_up(replace(measured, observed=observed), pricing.load(measured.region), objective)
    except OpsError as error:
        error_box.show(error)
        return
    level = Level.WARNING if answer.suggested is None or measured.stopped else Level.OK
    with top:
        with st.container(key="opening"):
            chips = ("the sweep ended early",) if measured.stopped else ()
            page_runtime.show_finding(Finding(level, answer.finding, "", answer.finding, chips))
        st.html(html_blocks.stats(_stats(measured, answer)))
    widgets.pair((charts.cost(answer), "rightsize-cost"), (charts.latency(answer), "rightsize-latency"))
    _table(answer)
    _next_step(measured, answer)
    st.html(html_blocks.remarks(answer.notes))
    st.html(html_blocks.quiet("Measure again:"))
    st.code(command, language=None, wrap_lines=True)


def _inputs(measured: Measured) -> tuple[Objective, float | None]:
    goal, jobs = st.columns(2, gap="medium")
    chosen = goal.segmented_control(
        "Objective",
        list(NAMES),
        format_func=NAMES.__getitem__,
        default=Objective.BALANCED.value,
        key="rs-objective",
        bind="query-params",
    )
    seen = measured.observed.jobs_per_month
    typed = jobs.number_input(
        "Jobs per month",
        min_value=0.0,
        max_value=1e12,
        step=1_000.0,
        value=None,
        format="%.0f",
        placeholder=f"{number(seen)} as observed" if seen is not None else "unknown",
        key="rs-per-month",
        bind="query-params",
    )
    return Objective(chosen or Objective.BALANCED.value), seen if typed is None else typed


def _stats(measured: Measured, answer: Sizing) -> list[Stat]:
    rows = {row.setting: row for row in answer.rows}
    current = rows.get(answer.current)
    chosen = rows.get(answer.suggested) if answer.suggested else None
    return [
        Stat("Current", f"{answer.current.memory_mb:,} MB", note=_of(current)),
        Stat("Suggested", f"{answer.suggested.memory_mb:,} MB" if answer.suggested else NONE, note=_of(chosen)),
        _saving(answer),
        Stat("Cold starts priced in", percent(answer.cold_share), note="of invocations"),
        Stat(
            "Measured",
            number(len(measured.attempts)),
            note=f"invocations{' on the twin' if measured.twin else ''}",
        ),
    ]


def _of(row: SizedSetting | None) -> str:
    if row is None:
        return ""
    cost = f"{usd(row.usd_per_1000.value)} per 1,000" if row.usd_per_1000 else ""
    batch = f"batches of {row.setting.batch_size}" if row.setting.batch_size > 1 else ""
    return ", ".join(filter(None, (cost, batch)))


def _saving(answer: Sizing) -> Stat:
    """Under the name that its sign has, not as a negative saving."""
    saving = answer.saving_month
    if answer.suggested is not None and answer.suggested == answer.current:
        return Stat("Saves per month", usd(0.0), note="nothing would change")
    if saving is None:
        why = "the number of jobs is unknown" if answer.suggested else "no setting is suggested"
        return Stat("Saves per month", NONE, note=why)
    close = any(row.setting == answer.suggested and row.against == suggestion.TOO_CLOSE for row in answer.rows)
    if close:
        return Stat("Cost per month", "about the same", note=_more(saving), words=True)
    if saving.value < 0:
        ends = [None if end is None else -end for end in (saving.high, saving.low)]
        return Stat("Extra cost per month", usd(-saving.value), note=f"{_signed(ends[0])} to {_signed(ends[1])}")
    return Stat("Saves per month", usd(saving.value), note=f"{_signed(saving.low)} to {_signed(saving.high)}")


def _more(saving: Interval) -> str:
    """The interval of a saving as one of the cost: ``$0.10 less to $0.20 more``."""
    if saving.low is None or saving.high is None:
        return ""
    least, most = (f"{usd(abs(each))} {'less' if each > 0 else 'more'}" for each in (saving.high, saving.low))
    return f"{least} to {most}"


def _signed(amount: float | None) -> str:
    if amount is None:
        return NONE
    return f"−{usd(-amount)}" if amount < 0 else usd(amount)


def _table(answer: Sizing) -> None:
    st.subheader("Settings", anchor=False)
    rows = [
        {
            "memory": row.setting.memory_mb,
            "batch": row.setting.batch_size,
            "usd": _with_ends(row.usd_per_1000, usd),
            "p50": _with_ends(row.duration_p50_ms, millis),
            "p95": _with_ends(row.duration_p95_ms, millis),
            "init": millis(row.init_ms.value) if row.init_ms else NONE,
            "used": row.used_mb,
            "failed": row.failed,
            "verdict": _verdict(row, answer),
        }
        for row in answer.rows
    ]
    text, count = st.column_config.TextColumn, st.column_config.NumberColumn
    batch = {"batch": count("Batch size", format="localized")} if len({row["batch"] for row in rows}) > 1 else {}
    widgets.table(
        pd.DataFrame(rows),
        "rightsize",
        {
            "memory": count("Memory (MB)", format="localized"),
            **batch,  # it needs a column only where it was varied
            "verdict": text("Verdict", help="Cost against the current setting"),
            "usd": text("USD per 1,000 jobs", alignment="right", help="With the 95% interval"),
            "p50": text("p50", alignment="right", help="Of warm invocations, with the 95% interval"),
            "p95": text("p95", alignment="right", help="Of warm invocations, with the 95% interval; ?: too few for it"),
            "init": text("Init", alignment="right", help="Median of the cold starts"),
            "used": count("Used (MB)", format="localized", help="The most that an invocation used"),
            "failed": count("Failed", format="localized", help="Invocations with failed jobs"),
        },
        height=widgets.height(len(rows)),
        placeholder=NONE,
    )
    if unfit := [f"{row.setting}: {row.unfit}" for row in answer.rows if row.unfit]:
        st.html(html_blocks.notes("Not suggested", unfit))


def _next_step(measured: Measured, answer: Sizing) -> None:
    """How to apply the suggestion, if it is a change."""
    suggested, current = answer.suggested, answer.current
    if suggested is None or suggested == current:
        return
    st.subheader("Next step", anchor=False)
    batch = (
        "" if suggested.batch_size == current.batch_size else f" and BatchSize {suggested.batch_size} of its mapping"
    )
    text = f"Set MemorySize {suggested.memory_mb} of {measured.function}{batch} in its template, and deploy. Without a template:"
    st.html(html_blocks.lead(text))
    words = ["aws", "lambda", "update-function-configuration", "--function-name", measured.function]
    words += ["--memory-size", str(suggested.memory_mb), "--region", measured.region]
    st.code(shlex.join(words), language=None, wrap_lines=True)


def _with_ends(found: Interval | None, written: Callable[[float], str]) -> str:
    if found is None:
        return NONE
    value = written(found.value)
    ends = [written(end) if end is not None else "?" for end in (found.low, found.high)]
    unit = value.partition(" ")[2]
    if unit and all(
        end.endswith(f" {unit}") or end == "?" for end in ends
    ):  # said once, the columns fit beside each other
        ends = [end.removesuffix(f" {unit}") for end in ends]
    return f"{value} ({ends[0]} – {ends[1]})"


_AGAINST = {suggestion.TOO_CLOSE: "about the same"}


def _verdict(row: SizedSetting, answer: Sizing) -> str:
    words = (
        "suggested" if row.setting == answer.suggested else "",
        "current" if row.setting == answer.current else _AGAINST.get(row.against, row.against),
        "not suggested" if row.unfit else "",
    )
    return ", ".join(filter(None, words))


page()
