"""``sample_app.py`` behind the server of the real app, which the first chart of a visit is reported to."""

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dashboard.server import first_chart, warm_up
from dashboard.server.page_style import PageStyle

app = st.App(
    Path(__file__).with_name("sample_app.py"),
    routes=[*first_chart.ROUTES],
    middleware=[Middleware(PageStyle)],
    lifespan=warm_up.lifespan,
)
