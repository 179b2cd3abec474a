"""Imports and reads what the pages need while the server waits for its first visitor, whose page would do it otherwise."""

from __future__ import annotations

import gc
import pkgutil
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module

import streamlit as st

from dashboard.server import first_chart, page_style
from ops.aws import Aws
from ops.target import Target

LIBRARIES = ("boto3", "plotly.graph_objects", "plotly.subplots")
PACKAGES = ("dashboard.charts", "dashboard.components", "ops.insight.reports", "ops.traces")
"""Packages that the pages import on first use; every module below them is imported too."""


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncGenerator[dict[str, object]]:
    """Once the server starts; the rest in the background."""
    first_chart.serve()
    page_style.serve()
    threading.Thread(target=prepare, name="warm-up", daemon=True).start()
    yield {}


def prepare() -> None:
    """Imports the modules and reads the API descriptions. What is there then stays, so that no collection of garbage has to look
    through it again: that took 0.14 s at a time, in the middle of a page."""
    import_modules()
    read_api_descriptions()
    gc.collect()
    gc.freeze()


def read_api_descriptions() -> None:
    """botocore parses them for its first clients, which takes 0.1 s. Calls no one."""
    nowhere = "http://127.0.0.1:9"
    aws = Aws(Target(region="us-east-1", endpoint=nowhere, access_key_id="-", secret_access_key="-"))  # noqa: S106 - none
    _ = (aws.cloudformation, aws.cloudwatch, aws.lambda_, aws.logs, aws.sqs)


def import_modules() -> None:
    for name in (*LIBRARIES, "dashboard.app"):
        import_module(name)
    for package in PACKAGES:
        for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            import_module(module.name)
