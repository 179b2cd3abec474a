"""Messages and a cause for the snapshot's tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ops.deadletters.messages.model import Cause, DeadLetter
from tests.factories import SENT, a_dead_letter

DIED = datetime(2026, 11, 24, 1, 2, 3, 456_789, tzinfo=UTC)
FULL = Cause("KeyError", "'id-7'", "app.py:3 f", "handler log", "r", DIED, "7", "train", "abc123", "'…'", True)


def some_messages(count: int, prefix: str = "m") -> list[DeadLetter]:
    return [
        a_dead_letter(f'{{"n": {number}}}', f"{prefix}{number:03}", sent=SENT + timedelta(seconds=number))
        for number in range(count)
    ]
