"""Entry point: ``streamlit run dashboard`` finds ``app`` here and serves it behind the guard."""

import os
import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

# Streamlit puts this folder on the path; `dashboard` and `ops` are found from the one above it.
_ROOT = str(Path(__file__).resolve().parent.parent)
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)

from dashboard import runbooks  # noqa: E402
from dashboard.guard import Guard, refusal  # noqa: E402
from dashboard.server import first_chart, redirects, warm_up  # noqa: E402
from dashboard.server.page_style import PageStyle  # noqa: E402

_hosts = st.get_option("server.allowedHosts")
if _reason := refusal(st.get_option("server.address"), _hosts, os.environ):
    sys.exit(_reason)

app = st.App(
    Path(__file__).with_name("main.py"),
    routes=[*runbooks.ROUTES, *redirects.ROUTES, *first_chart.ROUTES],
    middleware=[Middleware(Guard, hosts=_hosts), Middleware(PageStyle)],
    lifespan=warm_up.lifespan,
)
