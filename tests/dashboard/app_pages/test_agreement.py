"""Pages, ``ops status`` and ``ops costs`` show the same for one twin: the bench of agreement in small."""

from __future__ import annotations

import pytest

from tests.bench.agreement import look, look_at_past_range
from tests.dashboard.shown_numbers import Shown
from tests.twins import Twin


@pytest.mark.twin
def test_every_number_is_the_same_wherever_it_stands(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    """While work goes on: what is read is of one moment."""
    monkeypatch.setenv("COLUMNS", "400")
    for number in range(30):
        twin.post({"schema": 1, "job_id": f"agree-{number}", "kind": "no such kind"} if number % 3 else "not a job")
    jobs = ["agree-1", "no-such-job"]
    shown = look(jobs)
    assert shown.disagreements() == []
    assert shown.compared() >= 8
    assert look_at_past_range(jobs).disagreements() == []


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ({"card": "6,064", "queue tile": "6,064"}, []),
        ({"card": "6,064", "queue tile": "6.1k"}, ["queued: card 6,064, queue tile 6.1k"]),
        ({"card": "–", "queue tile": "3"}, []),
    ],
)
def test_a_number_that_is_written_in_two_ways_is_found(numbers: dict[str, str], found: list[str]) -> None:
    shown = Shown()
    for place, text in numbers.items():
        shown.add("queued", place, text)
    assert shown.disagreements() == found


def test_a_page_that_cannot_be_drawn_is_found() -> None:
    assert Shown(broken=["failures is broken: 'trace'"]).disagreements() == ["failures is broken: 'trace'"]


@pytest.mark.parametrize(("card", "page", "agree"), [("OK", "Warning", False), ("Critical", "OK", True)])
def test_a_card_that_is_better_than_its_page_is_found(card: str, page: str, agree: bool) -> None:
    shown = Shown(levels={"card age": card, "queue": page, "overview": "Critical"})
    assert (shown.disagreements() == []) is agree
