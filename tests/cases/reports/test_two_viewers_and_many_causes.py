"""One server, two viewers with different choices; and a dead-letter queue with ten thousand causes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from dashboard.app_pages.dead_letters.causes import PAGE_SIZE
from dashboard.charts.drawing.comparison import COMPARISONS, OPACITY
from dashboard.pages import PAGES
from dashboard.time_range import TimeRange
from tests.dashboard.app import App
from tests.dashboard.unusual import ByStack

Visit = Callable[[str], App]


@pytest.mark.slow
def test_of_ten_thousand_causes_the_largest_are_shown_and_each_can_be_selected(sample: Visit) -> None:
    app = sample("ten-thousand-causes").open(PAGES["dead_letters"])
    assert not app.at.exception
    assert "10,001" in app.text
    chosen = [button for button in app.at.button if (button.key or "").startswith("choose-")]
    assert len(chosen) == PAGE_SIZE
    assert "Causes 1–8 of 10,000 causes with 10,001 messages" in app.text
    app.at.text_input(key="causes-find").set_value(f"{9_999:010x}").run()
    assert not app.at.exception
    assert [button.key for button in app.at.button if (button.key or "").startswith("choose-")] == ["choose-000000270f"]
    page = sample("ten-thousand-causes").open(PAGES["dead_letters"], cause=f"{9_999:010x}")
    assert not page.at.exception
    assert "m09999" in page.text, "a cause beyond the first page"
    assert "choose-000000270f" in {button.key for button in page.at.button}, "its page is the one that is shown"


@pytest.fixture
def asked() -> Iterator[list[tuple[str, TimeRange]]]:
    """Stack and range of each report that was asked for."""
    ByStack.asked.clear()
    yield ByStack.asked


def viewers(sample: Visit, key: str, *choices: dict[str, str]) -> list[App]:
    """Of one server, whose caches they share; each visits twice, in turns."""
    apps = [sample("by-stack") for _ in choices]
    for app, choice in zip(apps, choices, strict=True):
        app.open(PAGES[key], **choice)
    for app in (*apps, *reversed(apps)):
        app.at.run()
        assert not app.at.exception
    return apps


@pytest.mark.parametrize("key", ["overview", "queue", "failures", "cost", "dead_letters"])
def test_two_viewers_see_what_each_has_chosen(sample: Visit, asked: list[tuple[str, TimeRange]], key: str) -> None:
    start, end = datetime(2026, 11, 28, 1, tzinfo=UTC), datetime(2026, 11, 28, 3, tzinfo=UTC)
    past = {"range": "custom", "from": "2026-11-28T01:00", "to": "2026-11-28T03:00"}
    app, two = viewers(sample, key, {"stack": "shop-a", "range": "15m"}, {"stack": "shop-b", **past})
    assert "Workload of shop-a." in app.text and "shop-b" not in app.text
    assert "Workload of shop-b." in two.text and "shop-a" not in two.text
    assert set(asked) <= {("shop-a", TimeRange(15)), ("shop-b", TimeRange(None, start, end)), ("scilearn", TimeRange())}
    assert app.at.query_params["range"] == "15m" and "from" not in app.at.query_params
    assert {name: two.at.query_params[name] for name in past} == past
    assert not app.at.toggle(key="live").disabled and two.at.toggle(key="live").disabled


def test_a_comparison_is_of_the_viewer_who_chose_it(sample: Visit, asked: list[tuple[str, TimeRange]]) -> None:
    plain, compared = viewers(
        sample, "queue", {"stack": "shop-a"}, {"stack": "shop-a", "compare": next(iter(COMPARISONS))}
    )
    lines = [
        [line for chart in app.charts for line in chart["data"] if line.get("opacity") == OPACITY]
        for app in (plain, compared)
    ]
    assert not lines[0] and lines[1]
    assert "compare" not in plain.at.query_params


def test_a_selected_cause_and_a_search_are_of_one_viewer(sample: Visit) -> None:
    app, two = viewers(sample, "dead_letters", {"stack": "shop-a"}, {"stack": "shop-a"})
    first = next(button for button in app.at.button if (button.key or "").startswith("choose-"))
    first.click().run()
    app.at.text_input(key="logs-message-text").set_value("boom")
    app.at.button(key="logs-message-search").click().run()
    two.at.run()
    assert "cause" in app.at.query_params and "cause" not in two.at.query_params
    assert any("boom" in code.value for code in app.at.code)
    assert not any("boom" in code.value for code in two.at.code)


def test_a_press_of_refresh_asks_for_one_viewer(sample: Visit, asked: list[tuple[str, TimeRange]]) -> None:
    """Of a range that does not refresh by itself."""
    fixed = {"stack": "shop-a", "range": "custom", "from": "2026-11-28T01:00", "to": "2026-11-28T03:00"}
    app, two = viewers(sample, "queue", fixed, fixed)
    before = len(asked)
    app.at.button(key="look-now").click().run()
    assert len(asked) == before + 1
    two.at.run()
    assert len(asked) == before + 1
