"""The metrics of an incident as a PNG: a Plotly figure that a headless Chromium on this machine draws.

Plotly's own image export needs kaleido, which is not a dependency of this project. The page that the browser opens is a
file of ours without a network address, in an empty profile that is removed afterwards.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from ops.runbooks.report.model import IncidentReport

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEADLINE_S = 60.0
WIDTH, PANEL_HEIGHT, REST_HEIGHT = 1200, 150, 124
_FLAGS = (
    *("--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--no-default-browser-check"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
)
_PNG = b"\x89PNG\r\n\x1a\n"


class NoPicture(Exception):
    """None can be drawn here. ``str`` is why, as a sentence."""


def draw(report: IncidentReport) -> bytes:
    """A PNG, in light colours. Raises NoPicture."""
    if report.metrics is None or not any(series.known for series in report.metrics.series):
        raise NoPicture("There are no metrics of that time.")
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        raise NoPicture("No Chromium or Chrome is on PATH.")
    try:
        from ops.runbooks.report.figure import metrics_figure
    except ImportError:
        raise NoPicture("Plotly is not installed: it comes with the dashboard extra.") from None
    height = PANEL_HEIGHT * len(report.metrics.series) + REST_HEIGHT
    figure = metrics_figure(report, report.metrics, WIDTH, height)
    with tempfile.TemporaryDirectory(prefix="ops-report-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        page, image = folder / "figure.html", folder / "figure.png"
        body = figure.to_html(full_html=False, include_plotlyjs="inline", config={"staticPlot": True})
        page.write_text(
            f'<!doctype html><meta charset="utf-8"><body style="margin:0;background:#fff">{body}</body>', "utf-8"
        )
        _screenshot(browser, page, image, height)
        try:
            found = image.read_bytes()
        except OSError:
            found = b""
    if not found.startswith(_PNG):
        raise NoPicture(f"{Path(browser).name} drew no picture.")
    return found


def _screenshot(browser: str, page: Path, image: Path, height: int) -> None:
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()  # Chromium refuses to start as root with its sandbox
    command = [
        *(browser, *_FLAGS, *root),
        f"--user-data-dir={page.parent / 'profile'}",
        f"--window-size={WIDTH},{height}",
        f"--screenshot={image}",
        page.as_uri(),
    ]
    silent = subprocess.DEVNULL
    try:
        process = subprocess.Popen(command, stdin=silent, stdout=silent, stderr=silent, start_new_session=True)
    except OSError as error:
        raise NoPicture(f"{Path(browser).name} did not start: {error.strerror or error}.") from error
    try:
        process.wait(DEADLINE_S)
    except subprocess.TimeoutExpired:
        raise NoPicture(f"{Path(browser).name} drew no picture within {DEADLINE_S:.0f} s.") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
