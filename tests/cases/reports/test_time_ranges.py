"""Ranges in the past and the future, reversed, of one second, in zones of half hours, across a change of the clocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from dashboard import sidebar
from dashboard.formatting import local_range
from dashboard.pages import PAGES
from dashboard.time_range import TimeRange
from ops.insight.reports.queue import QueueReport
from tests.dashboard.app import App
from tests.dashboard.samples import Sample

Visit = Callable[[str], App]
NOW = datetime.now(UTC).replace(microsecond=0)
TIME_PAGES = pytest.mark.parametrize("key", [key for key, entry in PAGES.items() if entry.ranged])


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[TimeRange]]:
    """The ranges that the Queue page asks for."""
    asked: list[TimeRange] = []
    answer = Sample.queue

    def queue(self: Sample, span: TimeRange) -> QueueReport:
        asked.append(span)
        return answer(self, span)

    monkeypatch.setattr("tests.dashboard.samples.Sample.queue", queue)
    yield asked


def at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


@TIME_PAGES
def test_no_page_shows_a_reversed_range(sample: Visit, key: str) -> None:
    query = {"range": "custom", "from": at(NOW - timedelta(hours=1)), "to": at(NOW - timedelta(hours=2))}
    app = sample("trouble").open(PAGES[key], **query)
    assert not app.at.exception and not app.charts
    assert "Invalid time range" in app.text and "Start must be before end." in app.text


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (timedelta(hours=1), timedelta(hours=2), "Start must not be in the future."),
        (timedelta(days=-500), timedelta(0), "CloudWatch keeps metrics for at most 455 days."),
    ],
)
def test_a_page_says_what_is_wrong_with_a_range(sample: Visit, start: timedelta, end: timedelta, said: str) -> None:
    query = {"range": "custom", "from": at(NOW + start), "to": at(NOW + end)}
    app = sample("trouble").open(PAGES["queue"], **query)
    assert not app.at.exception
    assert "Invalid time range" in app.text and said in app.text


def test_what_is_no_time_in_the_address_is_not_replaced_by_another(sample: Visit) -> None:
    app = sample("trouble").open(PAGES["queue"], range="custom", **{"from": "yesterday", "to": at(NOW)})
    assert "Select a start and an end." in app.text


def test_one_second_is_widened_to_its_minute_and_stays_a_range_in_the_address(
    sample: Visit, spans: list[TimeRange]
) -> None:
    query = {"range": "custom", "from": "2026-10-25T00:59:59", "to": "2026-10-25T01:00:00"}
    app = sample("trouble").open(PAGES["queue"], **query)
    assert not app.at.exception
    minute = datetime(2026, 10, 25, 0, 59, tzinfo=UTC)
    assert spans[-1] == TimeRange(None, minute, minute + timedelta(minutes=1))
    address: dict[str, str] = {name: app.at.query_params[name] for name in query}
    again = sample("trouble").open(PAGES["queue"], **address)
    assert "Invalid time range" not in again.text
    assert spans[-1] == TimeRange(None, minute, minute + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("zone", "start", "written"),
    [
        ("Asia/Kolkata", "2026-11-01T00:00", "1 Nov 05:30 to 1 Nov 07:30, Asia/Kolkata"),
        ("Europe/Berlin", "2026-10-25T00:30", "25 Oct 02:30 CEST to 25 Oct 03:30 CET, Europe/Berlin"),
        ("Europe/Berlin", "2026-10-24T23:30", "25 Oct 01:30 CEST to 25 Oct 02:30 CET, Europe/Berlin"),
        ("America/New_York", "2026-11-01T04:30", "1 Nov 00:30 EDT to 1 Nov 01:30 EST, America/New_York"),
        ("America/New_York", "2026-11-01T08:30", "1 Nov 03:30 to 1 Nov 05:30, America/New_York"),
    ],
)
def test_a_link_shows_colleagues_in_any_zone_the_same_range(
    sample: Visit, spans: list[TimeRange], monkeypatch: pytest.MonkeyPatch, zone: str, start: str, written: str
) -> None:
    """Two hours, in UTC on the page; their clocks' times, with the zone's name, beside it."""
    monkeypatch.setattr(sidebar, "zone", lambda _: ZoneInfo(zone))
    first = datetime.fromisoformat(start).replace(tzinfo=UTC)
    query = {"range": "custom", "from": start, "to": (first + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")}
    app = sample("trouble").open(PAGES["queue"], **query)
    assert not app.at.exception
    assert written in app.text and "All times are in UTC." in app.text
    assert spans[-1] == TimeRange(None, first, first + timedelta(hours=2))
    assert {name: app.at.query_params[name] for name in query} == query
    assert app.charts
    assert not any(chart["layout"]["xaxis"].get("title", {}).get("text") for chart in app.charts), "named once"


def test_an_offset_in_the_address_is_read_although_a_plus_sign_is_a_space(
    sample: Visit, spans: list[TimeRange]
) -> None:
    address = urlsplit("http://x/?from=2026-11-01T05:30+05:30&to=2026-11-01T07:30%2B05:30&range=custom")
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    sample("trouble").open(PAGES["queue"], **query)
    midnight = datetime(2026, 11, 1, tzinfo=UTC)
    assert spans[-1] == TimeRange(None, midnight, midnight + timedelta(hours=2))


def test_hours_that_a_clock_shows_twice_are_told_apart() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    shown = local_range(first, first + timedelta(hours=1), ZoneInfo("Europe/Berlin"))
    assert shown == "25 Oct 02:30 CEST to 25 Oct 02:30 CET, Europe/Berlin"


@pytest.mark.parametrize("key", ["overview", "dead_letters"])
def test_refresh_is_off_with_its_reason_while_a_range_is_fixed(sample: Visit, key: str) -> None:
    fixed = {"range": "custom", "from": at(NOW - timedelta(hours=2)), "to": at(NOW - timedelta(hours=1))}
    app = sample("trouble").open(PAGES[key], **fixed)
    assert app.at.toggle(key="live").disabled
    assert "Off for a range with a fixed end." in app.text
    moving = sample("trouble").open(PAGES[key])
    assert not moving.at.toggle(key="live").disabled
    assert "Off for a range" not in moving.text
