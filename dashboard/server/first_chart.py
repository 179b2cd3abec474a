"""Lets the browser show a visit's first chart before it gets the other charts of the page.

The browser loads Plotly for the first one, and then draws every chart that it has before it shows any. So the script waits
before the second until the browser reports the first, by a request of ``first_chart.js``. Until then the page shows previews
(``markup.chart_preview``). The first chart is sent once the browser reports a preview: while it loads Plotly it shows nothing new.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from uuid import uuid4
from weakref import WeakValueDictionary

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

MAX_WAIT_S = 10.0
"""The others are sent after it all the same: a browser may run no scripts. Shorter than a slow browser takes for the first
chart, it would make that one slower still, as the browser would load and draw the others, too, before it."""
MAX_PREVIEW_WAIT_S = 1.0
"""The first chart is sent after it all the same."""
_SCRIPT = Path(__file__).with_name("first_chart.js")
_TOKEN, _FIRST = "_first_chart_token", "_first_chart"
_served = threading.Event()


class _FirstChart:
    """Reports from a session's browser about its first chart."""

    def __init__(self) -> None:
        self.sent_at: float | None = None
        self.previewed, self.shown = threading.Event(), threading.Event()

    def wait(self) -> None:
        if self.sent_at is not None:
            self.shown.wait(max(0.0, self.sent_at + MAX_WAIT_S - time.monotonic()))


_reported: WeakValueDictionary[str, _FirstChart] = WeakValueDictionary()
"""Reports by token. The dictionary is weak: each session keeps its own."""


def serve() -> None:
    """The server has ``ROUTES``. Without them no browser could report its chart, and nothing waits for it."""
    _served.set()


def script() -> str:
    """The JavaScript that reports this session's first preview and first chart; empty where nothing waits for them."""
    if not _served.is_set():
        return ""
    token: str = st.session_state.setdefault(_TOKEN, uuid4().hex)
    _reported[token] = st.session_state.setdefault(_FIRST, _FirstChart())
    return _SCRIPT.read_text().replace("TOKEN", token)


def before_chart(has_preview: bool = False) -> None:
    """Called before each chart is sent. The session's first chart waits, if ``has_preview``, until the browser reports
    a preview, at most ``MAX_PREVIEW_WAIT_S``. Later charts wait until the first one is on the screen, at most
    ``MAX_WAIT_S`` after it was sent. ``has_preview``: a preview or a card with a sparkline is on the page."""
    first: _FirstChart | None = st.session_state.get(_FIRST)
    if first is None:
        return
    if first.sent_at is not None:
        first.wait()
        return
    if has_preview:
        first.previewed.wait(MAX_PREVIEW_WAIT_S)
    first.sent_at = time.monotonic()


def wait() -> None:
    """Called before what the browser would load as much for as for a chart: a block of code below one. It returns when the
    session's first chart is on the screen, was sent ``MAX_WAIT_S`` ago, or has not been sent."""
    first = st.session_state.get(_FIRST)
    if first is not None:
        first.wait()


def is_awaited() -> bool:
    """Whether no chart is on the screen yet: until one is, the page shows previews."""
    first = st.session_state.get(_FIRST)
    return first is not None and not first.shown.is_set()


def _report(request: Request) -> Response:
    first = _reported.get(request.path_params["token"])
    if first is not None:
        (first.shown if request.path_params["what"] == "chart" else first.previewed).set()
    return Response(status_code=204)


ROUTES = (Route("/first-chart/{token}/{what}", _report, methods=["POST"]),)
