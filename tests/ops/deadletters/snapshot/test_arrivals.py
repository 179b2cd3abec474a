"""When messages arrived in the dead-letter queue, by cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.deadletters.messages.model import Cause, DeadLetter, Place
from ops.deadletters.snapshot import STEP_S, Snapshot, arrived_causes, cause_arrivals
from ops.deadletters.snapshot.arrivals import MAX_PERIODS
from tests.factories import a_dead_letter

Arrival = tuple[DeadLetter, str, datetime | None]
"""A message, its cause's fingerprint, and when it failed."""
START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def arrived(snapshot: Snapshot, letters: Sequence[Arrival], place: Place = Place.QUEUE) -> None:
    snapshot.add((message for message, _, _ in letters), place)
    snapshot.set_causes(
        (message.message_id, Cause("E", fingerprint=fingerprint, failed_at=failed))
        for message, fingerprint, failed in letters
    )


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return Snapshot.open(tmp_path / "snapshot.db")


def test_messages_are_counted_by_cause_and_period(snapshot: Snapshot) -> None:
    letters: list[Arrival] = []
    for minute, fingerprint in ((0, "a"), (0, "a"), (10, "b"), (47, "a")):
        sent = START + timedelta(minutes=minute)
        letters.append((a_dead_letter(message_id=f"m{len(letters)}", sent=sent), fingerprint, None))
    arrived(snapshot, letters)
    arrivals = cause_arrivals(snapshot)
    assert (arrivals.start, arrivals.period_s, arrivals.periods) == (START, 60, 48)
    assert arrivals.counts == {"a": {0: 2, 47: 1}, "b": {10: 1}}


def test_a_message_arrives_when_it_failed_last_if_that_is_after_it_was_sent(snapshot: Snapshot) -> None:
    """A redrive policy keeps the time of sending; times in a message are its sender's, and may be nonsense."""
    failed = START + timedelta(seconds=30)
    arrived(
        snapshot,
        [
            (a_dead_letter(message_id="moved", sent=START), "moved", failed),
            (a_dead_letter(message_id="by-handler", sent=failed + timedelta(seconds=5)), "by-handler", failed),
            (a_dead_letter(message_id="long-ago", sent=START), "long-ago", datetime(1970, 1, 2, tzinfo=UTC)),
        ],
    )
    arrivals = cause_arrivals(snapshot)
    assert arrivals.start is not None
    at = {name: arrivals.start + timedelta(seconds=min(counts)) for name, counts in arrivals.counts.items()}
    assert arrivals.period_s == 1
    assert at == {"moved": failed, "by-handler": failed + timedelta(seconds=5), "long-ago": START}


def test_only_messages_that_are_still_there_are_counted(snapshot: Snapshot) -> None:
    arrived(snapshot, [(a_dead_letter(message_id="gone", sent=START), "a", None)])
    snapshot.set_place(["gone"], Place.REDRIVEN, START)
    arrived(snapshot, [(a_dead_letter(message_id="file", sent=START), "b", None)], Place.IMPORTED)
    assert cause_arrivals(snapshot).start is None
    assert cause_arrivals(snapshot, (Place.IMPORTED,)).counts == {"b": {0: 1}}


def test_messages_without_a_time_are_counted_apart(snapshot: Snapshot) -> None:
    arrived(snapshot, [(a_dead_letter(message_id="m", sent=None), "a", None)])
    arrivals = cause_arrivals(snapshot)
    assert (arrivals.start, arrivals.counts, arrivals.undated) == (None, {}, 1)


@pytest.mark.parametrize("days", [0, 0.01, 1, 14, 400, 4_000])
def test_any_span_has_few_periods(snapshot: Snapshot, days: float) -> None:
    ends = (START, START + timedelta(days=days))
    arrived(snapshot, [(a_dead_letter(message_id=f"m{n}", sent=sent), "a", None) for n, sent in enumerate(ends)])
    arrivals = cause_arrivals(snapshot)
    assert arrivals.periods <= MAX_PERIODS + 1
    assert sum(arrivals.counts["a"].values()) == 2


def test_arrivals_keep_those_that_have_left_since(snapshot: Snapshot) -> None:
    arrived(snapshot, [(a_dead_letter(message_id="here", sent=START), "a", None)])
    arrived(snapshot, [(a_dead_letter(message_id="redriven", sent=START), "a", None)], Place.REDRIVEN)
    arrived(snapshot, [(a_dead_letter(message_id="imported", sent=START), "a", None)], Place.IMPORTED)
    arrived(snapshot, [(a_dead_letter(message_id="later", sent=START + timedelta(minutes=1)), "b", None)])
    first = int(START.timestamp()) // STEP_S
    found = {cause.fingerprint: (cause.error_type, cause.likely, cause.steps) for cause in arrived_causes(snapshot)}
    assert found == {"a": ("E", False, {first: 2}), "b": ("E", False, {first + 6: 1})}
