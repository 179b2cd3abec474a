"""What the readers of these pages share."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.pages import PAGES
from ops.insight.report_types import Level
from tests.dashboard import page_text
from tests.dashboard.app import REAL_APP, App
from tests.dashboard.page_text import squeezed
from tests.dashboard.shown_numbers import Shown

TIME = r"\d[\d,.]* (?:ms|s|min|h|d)(?: \d+ (?:s|min|h))?"
"""A duration or a latency."""


def open_page(shown: Shown, name: str, **query: str) -> App | None:
    app = App(REAL_APP).open(PAGES[name], **query)
    if app.at.exception:
        shown.broken.append(f"{name} is broken: {app.at.exception[0].message}")
        return None
    return app


def add_all(shown: Shown, place: str, prefix: str, values: Mapping[str, str | None]) -> None:
    for name, text in values.items():
        shown.add(f"{prefix} {name}", place, text)


def headline(html: str) -> tuple[str, str]:
    """The level's label, and the sentence with its chips."""
    level, sentence = page_text.finding(html)
    return level, squeezed(sentence)


def tiles_of(app: App) -> dict[str, tuple[str, str]]:
    """Label → value and note."""
    return {label: (value, note) for label, value, note in page_text.tiles(app.html)}


def told(text: str) -> str:
    """A finding's sentence without its level, as pages show it."""
    for level in Level:
        text = text.removeprefix(f"{level.label}: ")
    return squeezed(text)
