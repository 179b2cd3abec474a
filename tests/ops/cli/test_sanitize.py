"""What strangers wrote is shown on a terminal, never obeyed; what goes to scripts is JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pandas as pd
import pytest

from ops.cli.output.json_output import dumps
from ops.cli.output.sanitize import safe
from ops.insight.report_types import Finding, Level, QueryCost
from ops.insight.reports.queue import QueueReport


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – ä 日本 🙂", "plain – ä 日本 🙂"),
        ("\x1b[2J\x1b]0;title\x07", "␛[2J␛]0;title␇"),
        ("two\nlines\r\n", "two↵lines␍↵"),
        ("\x9b31m", "\\u009b31m"),
        ("abc\u202edcba", "abc\\u202edcba"),
        ("a\u061cb\u2066c", "a\\u061cb\\u2066c"),
        ("one\u2028two\u2029", "one\\u2028two\\u2029"),
        ("job\ufeff\u200b\u00ad", "job\\ufeff\\u200b\\u00ad"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("👩\u200d🔧", "👩\u200d🔧"),
        ("\x00\x7f", "␀␡"),
        ("\ud800", "\\ud800"),
    ],
)
def test_control_characters_are_made_visible(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_long_text_is_cut() -> None:
    assert safe("x" * 50, 10) == "x" * 9 + "…"
    assert safe("x" * 10, 10) == "x" * 10


def test_reports_become_json() -> None:
    times = pd.date_range(datetime(2026, 11, 23, tzinfo=UTC), periods=2, freq="min", name="time")
    frame = pd.DataFrame({"visible": [1.0, float("nan")]}, index=times)
    finding = Finding(Level.OK, "\x1b[31mfine")
    report = QueueReport(finding, frame, frame, (), frame, float("inf"), None, 2.0, QueryCost(partial=("a",)))
    text = dumps(report)
    assert text.isascii()
    assert "\x1b" not in text
    told = json.loads(text)
    assert told["finding"] == {"level": "ok", "text": "\x1b[31mfine", "page": "", "headline": "", "chips": []}
    assert told["depth"] == [
        {"time": "2026-11-23T00:00:00+00:00", "visible": 1.0},
        {"time": "2026-11-23T00:01:00+00:00", "visible": None},
    ]
    assert told["drain_s"] is None
    spark = tuple(zip(times.to_pydatetime(), [1.0, float("nan")], strict=True))
    series = json.loads(dumps({"spark": spark, "when": pd.NaT, "n": frame["visible"].iloc[0]}))
    assert series == {
        "spark": [["2026-11-23T00:00:00+00:00", 1.0], ["2026-11-23T00:01:00+00:00", None]],
        "when": None,
        "n": 1.0,
    }
