"""The app under test, driven without a browser, and what it shows as plain text."""

from __future__ import annotations

import json
import re
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard.pages import PAGES, Entry

SAMPLE_APP = Path(__file__).with_name("sample_app.py")
REAL_APP = Path(__file__).resolve().parents[2] / "dashboard" / "main.py"

# AppTest reads no config.toml beside the entry point; the first of these makes the tests twice as fast.
config.set_option("runner.postScriptGC", False)
config.set_option("runner.magicEnabled", False)
# For each visitor, AppTest looks for Streamlit components in every installed package; there are none.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


class App:
    """One visitor of the app."""

    def __init__(self, entry_point: Path) -> None:
        st.cache_data.clear()  # caches outlive a visitor, and the next test's workload has the same name
        st.cache_resource.clear()
        self.at = AppTest.from_file(str(entry_point), default_timeout=120)

    def open(self, entry: Entry = PAGES["overview"], **query: str) -> App:
        """As by its address, so that no other page runs before it."""
        for name, value in query.items():
            self.at.query_params[name] = value
        if entry is not PAGES["overview"]:
            self.at._page_hash = calc_hash(entry.address)  # switch_page() needs a run of the first page
        self.at.run()
        return self

    @property
    def html(self) -> str:
        """Every HTML block as it is sent, but for styles and scripts."""
        bodies = [block.proto.body for block in self.at.get("html")]
        return "\n".join(body for body in bodies if not body.startswith(("<style>", "<script>")))

    @property
    def text(self) -> str:
        """What a reader reads outside charts and tables."""
        written = [
            element.value
            for kind in (self.at.markdown, self.at.text, self.at.caption, self.at.code, self.at.subheader)
            for element in kind
        ]
        return "\n".join([unescape(re.sub(r"<[^>]+>", " ", self.html)), *map(str, written)])

    @property
    def charts(self) -> list[dict[str, Any]]:
        return [json.loads(chart.proto.spec) for chart in self.at.get("plotly_chart")]

    @property
    def chart_titles(self) -> list[str]:
        """The titles of the charts, in their order."""
        return [unescape(found) for found in re.findall(r'class="so-chart"><h3>(.*?)</h3>', self.html)]
