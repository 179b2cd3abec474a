"""Charts in a browser: room for labels, buttons that cover nothing, one crosshair."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import wait_until, wait_until_unchanged
from tests.browser.cut_text import CHARTS_DRAWN

pytestmark = pytest.mark.browser


def test_charts_are_drawn_with_room_for_their_labels(hostile: str, page: Page) -> None:
    """Plotly draws a chart a second time where its margins turn out too small."""
    page.goto(f"{hostile}/queue?live=false")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    wait_until(page, CHARTS_DRAWN)
    wait_until_unchanged(page)
    margins, rooms = page.evaluate(
        "(charts => [charts.map(({margin: m}) => [m.l, m.r, m.t, m.b]), charts.map(({_size: s}) => [s.l, s.r, s.t, s.b])])"
        "([...document.querySelectorAll('.js-plotly-plot')].map(chart => chart._fullLayout))"
    )
    assert len(margins) == 4
    assert rooms == margins


@pytest.mark.parametrize(("key", "chart"), [("overview", "timeline"), ("concurrency", "batches")])
def test_a_charts_buttons_cover_no_text_of_it(hostile: str, page: Page, key: str, chart: str) -> None:
    page.goto(f"{hostile}/{'' if key == 'overview' else key}?live=false")
    drawn = page.locator(f".st-key-chart-{chart} .js-plotly-plot")
    drawn.hover()
    expect(drawn.locator(".modebar-btn").first).to_be_visible()
    covered = drawn.evaluate("""chart => {
      const [first, ...more] = [...chart.querySelectorAll('.modebar-btn')].map(button => button.getBoundingClientRect());
      const last = more.at(-1) ?? first;
      const covers = box => box.width && box.right > first.left && box.left < last.right
        && box.bottom > first.top && box.top < first.bottom;
      return [...chart.querySelectorAll('text')].filter(text => covers(text.getBoundingClientRect())).map(text => text.textContent);
    }""")
    assert covered == []


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("key", ["overview", "queue"])
def test_a_range_that_begins_with_a_tick_has_its_date_and_lines_up(
    hostile: str, page: Page, key: str, width: int
) -> None:
    """Plotly hides a label half of which is beside its chart, or moves the chart."""
    page.set_viewport_size({"width": width, "height": 900})
    now = datetime.now(UTC)
    start = now.replace(minute=now.minute // 30 * 30)
    edges = f"from={start:%Y-%m-%dT%H:%M}&to={start + timedelta(minutes=30):%Y-%m-%dT%H:%M}"
    page.goto(f"{hostile}/{'' if key == 'overview' else key}?live=false&range=custom&{edges}")
    chart = page.locator(f".st-key-chart-{'timeline' if key == 'overview' else 'depth'} .js-plotly-plot")
    first = chart.locator("text", has_text=f"{start:%H:%M}").first
    expect(first).to_contain_text(f"{start.day} {start:%b}")
    box, plot = first.bounding_box(), chart.bounding_box()
    assert box and plot
    assert 0 <= box["x"] < plot["x"]
    assert chart.evaluate("chart => chart._fullLayout._size.l") == 0


def test_the_pointer_marks_its_moment_in_every_time_chart(hostile: str, page: Page) -> None:
    page.goto(f"{hostile}/queue?live=false")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    wait_until(page, CHARTS_DRAWN)
    wait_until_unchanged(page)  # the charts after the first are sent later
    charts = page.locator(".js-plotly-plot")
    box = charts.first.locator(".nsewdrag").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    marks = page.locator(".so-crosshair:visible")
    expect(marks).to_have_count(charts.count() - 1)
    positions = page.evaluate(
        "[...document.querySelectorAll('.js-plotly-plot')].map(chart => {"
        "const mark = chart.querySelector(':scope > .so-crosshair'), axis = chart._fullLayout.xaxis;"
        "return mark && !mark.hidden ? axis.p2d(parseFloat(mark.style.left) - axis._offset) : null})"
    )
    moments = {str(moment)[:16] for moment in positions if moment}
    assert len(moments) == 1, positions
    page.mouse.move(5, 5)
    expect(marks).to_have_count(0)
