"""Imports what the pages need while the server waits for its first visitor, whose page would import it otherwise."""

from __future__ import annotations

import pkgutil
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module

import streamlit as st

from dashboard.server import first_chart, page_style

LIBRARIES = ("boto3", "plotly.graph_objects", "plotly.subplots")
PACKAGES = ("dashboard.charts", "dashboard.components", "ops.insight.reports", "ops.traces")
"""Packages that the pages import on first use; every module below them is imported too."""


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncGenerator[dict[str, object]]:
    """Once the server starts; the imports in the background."""
    first_chart.serve()
    page_style.serve()
    threading.Thread(target=import_modules, name="warm-up", daemon=True).start()
    yield {}


def import_modules() -> None:
    for name in (*LIBRARIES, "dashboard.app"):
        import_module(name)
    for package in PACKAGES:
        for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            import_module(module.name)
