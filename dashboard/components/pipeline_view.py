"""The pipeline: what is where now, how much flows from one place to the next, and a link to the page about each place."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import theme
from dashboard.formatting import escape, number, percent, rate
from dashboard.markup import html_blocks
from dashboard.pages import PAGES
from ops import formatting
from ops.insight.reports.dead_letters import RATE_WINDOW
from ops.insight.reports.overview import PipelineRates
from ops.insight.reports.overview_parts.pipeline import Pipeline, PipelineNode

WIDEST_PX, NARROWEST_PX = 9.0, 1.5


def show(rates: PipelineRates, stops: Pipeline) -> None:
    """Senders → queue → function, and from there to the results and to the dead-letter queue."""
    accepted, started, finished, died = arrows(rates)
    with st.container(key="pipeline", gap=None):
        _stop("senders", _node(stops.senders) if stops.senders else "", "")
        st.html(accepted)
        _stop("queue", _node((stops.queue,), number(rates.waiting), "queued"), "queue")
        st.html(started)
        failing = bool(rates.failed)
        failed = f"{rate(rates.failed)} failed" if failing else ""
        function = _node(stops.readers, number(rates.in_flight), "in flight", failed)
        _stop("function", function, "failures" if failing else "concurrency")
        st.html(finished)
        _stop("results", _node(stops.results) if stops.results else "", "cost")
        st.html(died)
        dead = _node((stops.dead,), number(rates.dead), "messages", state=theme.DEAD if rates.dead else "")
        _stop("dead", dead, "dead_letters")
    if widest := _widest(rates):
        own = f" (moved to DLQ: {formatting.duration(RATE_WINDOW.total_seconds())})" if rates.died is not None else ""
        over = f", {formatting.mean_of(rates.over)}{own}" if rates.over else ""
        note = f"Arrow width: rate per minute{over}; the widest is {rate(widest)}."
        st.html(html_blocks.quiet(note))


def arrows(rates: PipelineRates) -> tuple[str, str, str, str]:
    """The arrows into the queue, to the function, to the results and to the dead-letter queue."""
    done, verb = _done(rates)
    widest = _widest(rates)
    return (
        _flow(rates.accepted, widest, "sent"),
        _flow(rates.started, widest, "received"),
        _flow(done, widest, verb),
        _flow(rates.died, widest, "moved to DLQ", _share(rates)),
    )


def _done(rates: PipelineRates) -> tuple[float | None, str]:
    """Jobs that succeeded, where they are counted; else messages processed, which is not proof of success."""
    return (rates.finished, "processed") if rates.succeeded is None else (rates.succeeded, "succeeded")


def _widest(rates: PipelineRates) -> float:
    return max((flow for flow in (rates.accepted, rates.started, _done(rates)[0], rates.died) if flow), default=0.0)


def _stop(key: str, node: str, page: str) -> None:
    """A node that opens its page. An absent node keeps its place in the grid."""
    with st.container(key=f"stop-{key}", gap=None):
        st.html(node or "<div></div>")
        if node and page:
            st.page_link(PAGES[page].file, label=f"Pipeline: open {PAGES[page].title}")


def _node(
    stops: Sequence[PipelineNode], figure: str = "", unit: str = "", failing: str = "", *, state: str = ""
) -> str:
    """One box for all resources at this place, by their AWS names."""
    value = f"<i>{escape(figure)} <small>{escape(unit)}</small></i>" if figure else ""
    kinds = ", ".join(dict.fromkeys(stop.kind for stop in stops))
    names = ", ".join(stop.name for stop in stops if stop.name)
    rated = f"<em>{escape(failing)}</em>" if failing else ""
    details = dict.fromkeys((escape(kinds) if names else "", rated, *(escape(stop.why) for stop in stops)))
    style = f' style="--c:{state}"' if state else ""
    return (
        f'<div class="so-node"{style} title="{escape(names)}"><b>{escape(names or kinds)}</b>'
        f"{value}<span>{' · '.join(filter(None, details))}</span></div>"
    )


def _flow(per_minute: float | None, widest: float, verb: str, more: str = "") -> str:
    """An arrow as wide as its rate is beside the others'; without one, thin and dashed."""
    width = max(NARROWEST_PX, WIDEST_PX * per_minute / widest) if per_minute else NARROWEST_PX
    return (
        f'<div class="so-flow{"" if per_minute else " so-idle"}" style="--w:{width:.1f}px">'
        f"<b>{escape(rate(per_minute))}</b><u></u><span>{escape(verb)}{f' · {escape(more)}' if more else ''}</span></div>"
    )


def _share(rates: PipelineRates) -> str:
    """How many of the failed attempts were the last: both rates are recent, but not of the same minutes."""
    if not rates.died or not rates.failed or rates.died > rates.failed:
        return ""
    return f"about {percent(rates.died / rates.failed)} of failures"
