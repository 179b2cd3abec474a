"""Arrivals in the dead-letter queue by cause on the Overview's timeline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from dashboard.services.timeline_arrivals import count_by_period
from ops.deadletters.snapshot import STEP_S, ArrivedCause
from ops.insight.report_types import Window
from tests.dashboard.app import App

Visit = Callable[[str], App]

START = datetime(2026, 11, 29, 8, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(minutes=10), 60)


def arrived(name: str, *seconds: int, source: str = "attribute", likely: bool = False) -> ArrivedCause:
    first = int(START.timestamp())
    return ArrivedCause(name, name, source, likely, {(first + at) // STEP_S: 1 for at in seconds})


def test_they_are_counted_by_the_window_s_periods() -> None:
    causes = (arrived("KeyError", 0, 59, 60, 599), arrived("Never ran", 120, likely=True, source="metrics"))
    found = count_by_period(causes, START, WINDOW)
    assert found is not None
    assert found.causes[0] == ("KeyError", (2, 1, 0, 0, 0, 0, 0, 0, 0, 1))
    assert found.causes[1] == ("likely Never ran", (0, 0, 1, 0, 0, 0, 0, 0, 0, 0))


def test_what_arrived_outside_the_window_is_left_out() -> None:
    assert count_by_period((arrived("KeyError", -1, 600),), START, WINDOW) is None


def test_five_are_named_at_most() -> None:
    causes = tuple(arrived(f"E{number}", *range(0, 10 * (9 - number), 10)) for number in range(8))
    found = count_by_period(causes, None, WINDOW)
    assert found is not None
    assert [name for name, _ in found.causes] == ["E0", "E1", "E2", "E3", "other causes"]
    assert sum(found.causes[-1][1]) == 5 + 4 + 3 + 2
    guessed = count_by_period((arrived("x", 0, source="guess", likely=True),), None, WINDOW)
    assert guessed is not None and guessed.causes[0][0] == "Similar payloads"


def test_the_overview_draws_them_only_where_they_are_known(sample: Visit) -> None:
    def has_row(name: str) -> bool:
        return "DLQ arrivals per 30 s" in str(sample(name).open().charts)

    assert has_row("trouble")
    assert not has_row("fine")
