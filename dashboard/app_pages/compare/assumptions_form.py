"""Assumptions of the break-even, which the user can change; kept in the address. An empty field means the measured
value."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.markup import html_blocks
from ops.compare.arrivals import PEAK_FACTOR
from ops.compare.costs import instance_prices
from ops.compare.costs.assumptions import CostAssumptions
from ops.compare.costs.break_even import SynchronousUse
from ops.compare.measured import ComparisonRun

OTHER = "other"
_API_TYPES = {"rest": "REST API", "http": "HTTP API", "none": "none"}
UNCHANGED = CostAssumptions()
_FIELD, _CHANGED = "cmp-", "compare-assumptions-changed"


def is_changed() -> bool:
    """Whether a field has a value. Otherwise ``edit`` returns ``UNCHANGED``, and the page need not wait for its fields."""
    return st.session_state.get(_CHANGED, False) or any(name.startswith(_FIELD) for name in st.query_params)


def edit(run: ComparisonRun | None, place: DeltaGenerator) -> CostAssumptions:
    """Each change computes the costs again."""
    with place, st.expander("Assumptions", icon=":material/tune:"):
        assumptions = _fields(run)
    st.session_state[_CHANGED] = assumptions != UNCHANGED
    return assumptions


def _fields(run: ComparisonRun | None) -> CostAssumptions:
    st.html(html_blocks.quiet("An empty field stands for the value that it shows in gray."))
    container, function = st.columns(2, gap="large")
    with container:
        st.html(html_blocks.quiet("Synchronous container"))
        (type_, price, least_), (at_once_, used, time_), (peak_, balancer_, _) = _grid()
        instances = (*instance_prices.names(), OTHER)
        kind = type_.selectbox("Instance type", instances, key="cmp-instance", bind="query-params") or instances[0]
        task = UNCHANGED.task
        found = instance_prices.find(kind, task.vcpus, task.memory_gb, task.architecture)
        vcpus = f"{found.vcpus:g}" if found and found.vcpus else f"{SynchronousUse.jobs_at_once:g}"
        per_hour = f"{found.usd_per_hour:.4f}" if found else "not on file"
        usd = _number(price, "USD per hour", "cmp-usd", (0.0, 1_000.0, 0.01), per_hour, "%.4f")
        least = _number(
            least_, "Instances, at least", "cmp-least", (1.0, 10_000.0, 1.0), f"{UNCHANGED.least_instances}"
        )
        at_once = _number(at_once_, "Jobs at once per instance", "cmp-at-once", (1.0, 1_000.0, 1.0), vcpus)
        utilization = _number(
            used, "Utilization (%)", "cmp-used", (1.0, 100.0, 5.0), f"{UNCHANGED.utilization * 100:.0f}"
        )
        served = _measured(run.service_s if run else None)
        seconds = _number(time_, "Time per job (s)", "cmp-s", (0.001, 43_200.0, 0.1), served, "%.3f")
        usual = f"{PEAK_FACTOR[run.shape if run else 'day']:.3g}"
        balancer = _number(balancer_, "Load balancer (USD per hour)", "cmp-lb", (0.0, 100.0, 0.01), "left out", "%.4f")
        peak = _number(peak_, "Peak over mean rate", "cmp-peak", (1.0, 1_000.0, 0.5), usual, "%.2f")
    with function:
        st.html(html_blocks.quiet("Event-driven function"))
        (time_, jobs, size), (share, start, front), (logs, *_) = _grid()
        seen = _usage(run)
        own = _number(time_, "Time per job (s)", "cmp-event-s", (0.001, 900.0, 0.1), seen["seconds_per_job"], "%.3f")
        batch = _number(
            jobs, "Jobs per invocation", "cmp-batch", (1.0, 10_000.0, 1.0), seen["jobs_per_invocation"], "%.1f"
        )
        memory = _number(size, "Memory (MB)", "cmp-memory", (128.0, 10_240.0, 64.0), seen["memory_mb"])
        cold = _number(share, "Cold starts (%)", "cmp-cold", (0.0, 100.0, 1.0), seen["cold_share"], "%.1f")
        init = _number(start, "Init duration (s)", "cmp-init", (0.0, 130.0, 0.1), seen["init_s"], "%.2f")
        log_bytes = _number(logs, "Log bytes per invocation", "cmp-logs", (0.0, 1e7, 500.0), "3,000")
        api = front.selectbox(
            "API type", list(_API_TYPES), format_func=_API_TYPES.__getitem__, key="cmp-api", bind="query-params"
        )
    return CostAssumptions(
        instance=kind,
        usd_per_hour=usd,
        load_balancer_usd=balancer,
        least_instances=UNCHANGED.least_instances if least is None else int(least),
        jobs_at_once=at_once,
        utilization=UNCHANGED.utilization if utilization is None else utilization / 100,
        peak_factor=peak,
        synchronous_seconds=seconds,
        seconds_per_job=own,
        jobs_per_invocation=batch,
        cold_share=None if cold is None else cold / 100,
        init_s=init,
        memory_mb=None if memory is None else int(memory),
        log_bytes=log_bytes,
        api=api or UNCHANGED.api,
    )


def requests_per_day() -> float | None:
    """The load to mark on the curve; None: no mark."""
    return _number(st, "Your requests per day", "cmp-per-day", (0.0, 1e10, 10_000.0), "mark a load on the chart")


def _grid() -> list[Any]:
    """Three rows of three places."""
    return [st.columns(3, gap="small") for _ in range(3)]


def _usage(run: ComparisonRun | None) -> dict[str, str]:
    """Measured values, as placeholders of empty fields."""
    names = ("seconds_per_job", "jobs_per_invocation", "memory_mb", "cold_share", "init_s")
    if run is None or run.usage is None:
        return dict.fromkeys(names, _measured(None))
    values = {name: float(getattr(run.usage, name)) * (100 if name == "cold_share" else 1) for name in names}
    return {name: _measured(value) for name, value in values.items()} | {"memory_mb": f"{run.usage.memory_mb:,}"}


def _measured(value: float | None) -> str:
    """A measured value without its unit, which the field's label has: ``0.18``."""
    return "not measured" if value is None else f"{value:.3g}"


def _number(
    place: Any, label: str, key: str, span: tuple[float, float, float], empty: str, form: str = "%.0f"
) -> float | None:
    """``span``: least, most and step."""
    least, most, step = span
    value = place.number_input(label, least, most, None, step, form, key=key, placeholder=empty, bind="query-params")
    return None if value is None else float(value)
