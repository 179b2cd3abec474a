"""The app under test, driven without a browser, and what it shows as plain text."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.pages import PAGES, Entry

SAMPLE_APP = Path(__file__).with_name("sample_app.py")
REAL_APP = Path(__file__).resolve().parents[2] / "dashboard" / "main.py"


class App:
    """One visitor of the app."""

    def __init__(self, entry_point: Path) -> None:
        st.cache_data.clear()  # caches outlive a visitor, and the next test's workload has the same name
        st.cache_resource.clear()
        self._folder = entry_point.parent
        self.at = AppTest.from_file(str(entry_point), default_timeout=120)

    def open(self, entry: Entry = PAGES["overview"], **query: str) -> App:
        for name, value in query.items():
            self.at.query_params[name] = value
        self.at.run()
        if entry is not PAGES["overview"]:
            self.at.switch_page(_relative(entry.file, self._folder)).run()
        return self

    @property
    def html(self) -> str:
        """Every HTML block as it is sent, but for the style."""
        return "\n".join(body for block in self.at.get("html") if not (body := block.proto.body).startswith("<style>"))

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


def _relative(file: Path, folder: Path) -> str:
    import os.path

    return os.path.relpath(file, folder)
