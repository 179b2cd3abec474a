"""Runbooks: what do I do, step by step?"""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from dashboard import page_runtime
from dashboard.app_pages.runbooks import address, document_view, runbook_list
from dashboard.components.queries import runbook_queries
from dashboard.markup import error_box, html_blocks
from dashboard.pages import PAGES
from ops.errors import OpsError

st.html(html_blocks.head(PAGES["runbooks"], datetime.now(UTC), page_runtime.ZONE))
try:
    service = runbook_queries.runbook_service()
    if address.run_id() or address.runbook():
        document_view.show(service)
    else:
        runbook_list.show(service)
except OpsError as error:
    error_box.show(error)
    if address.run_id() or address.runbook():
        st.button("All runbooks", icon=":material/arrow_back:", type="tertiary", on_click=address.open_list)
