"""Loads a page's report and draws it: once per refresh interval for all readers, and again on time."""

from dashboard.page_runtime.context import (
    ZONE,
    PageContext,
    PageSelection,
    fixed_range,
    page_context,
    read_again,
    selected_range,
    set_page_context,
)
from dashboard.page_runtime.drawing import page, read_once, section, show_finding
from dashboard.page_runtime.loading import WORKLOAD_TTL_S, identity, load_report, report_source
from dashboard.page_runtime.shown import already_shown, loaded_at

__all__ = [
    "WORKLOAD_TTL_S",
    "ZONE",
    "PageContext",
    "PageSelection",
    "already_shown",
    "fixed_range",
    "identity",
    "load_report",
    "loaded_at",
    "page",
    "page_context",
    "read_again",
    "read_once",
    "report_source",
    "section",
    "selected_range",
    "set_page_context",
    "show_finding",
]
