"""Lets the browser show a visit's first chart before it gets the other charts of the page.

The browser loads Plotly for the first one, and then draws every chart that it has before it shows any. So the script waits
before the second until the browser reports the first, by a request of ``first_chart.js``. Until then the page shows previews
(``markup.chart_preview``).
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
_SCRIPT = Path(__file__).with_name("first_chart.js")
_TOKEN, _SENT = "_first_chart_token", "_first_chart_sent"
_served = threading.Event()


class _FirstChart:
    def __init__(self) -> None:
        self._sent_at = time.monotonic()
        self.shown = threading.Event()

    def wait(self) -> None:
        self.shown.wait(max(0.0, self._sent_at + MAX_WAIT_S - time.monotonic()))


_sent: WeakValueDictionary[str, _FirstChart] = WeakValueDictionary()
"""First charts by token; each is kept alive by its session."""


def serve() -> None:
    """The server has ``ROUTES``. Without them no browser could report its chart, and nothing waits for it."""
    _served.set()


def script() -> str:
    """The JavaScript that reports this session's first chart; empty where nothing waits for it."""
    if not _served.is_set():
        return ""
    token: str = st.session_state.setdefault(_TOKEN, uuid4().hex)
    return _SCRIPT.read_text().replace("TOKEN", token)


def before_chart() -> None:
    """Called before each chart is sent. From the session's second on it returns when the first is on the screen, or was
    sent ``MAX_WAIT_S`` ago."""
    token = st.session_state.get(_TOKEN)
    if token is None:
        return
    if _SENT in st.session_state:
        wait()
    else:
        st.session_state[_SENT] = _sent[token] = _FirstChart()


def wait() -> None:
    """Called before what the browser would load as much for as for a chart: a block of code below one. It returns when the
    session's first chart is on the screen, was sent ``MAX_WAIT_S`` ago, or has not been sent."""
    first = st.session_state.get(_SENT)
    if first is not None:
        first.wait()


def is_awaited() -> bool:
    """Whether no chart is on the screen yet: until one is, the page shows previews."""
    first = st.session_state.get(_SENT)
    return _TOKEN in st.session_state and (first is None or not first.shown.is_set())


def _report(request: Request) -> Response:
    first = _sent.get(request.path_params["token"])
    if first is not None:
        first.shown.set()
    return Response(status_code=204)


ROUTES = (Route("/first-chart/{token}", _report, methods=["POST"]),)
