"""Initializations that no invocation waited for: few are kept, as without the export no one takes them."""

from __future__ import annotations

from handler.extension.records.invocation_tracker import APART_LIMIT, InvocationTracker
from tests.handler.extension import shapes

AHEAD = "provisioned-concurrency"


def test_inits_that_ran_ahead_are_bounded() -> None:
    tracker = InvocationTracker("7", AHEAD)
    for number in range(APART_LIMIT + 20):
        at_ms = number * 60_000
        for event in [
            *shapes.init(kind=AHEAD, at_ms=at_ms),
            shapes.start(f"r{number}", at_ms + 500),
            shapes.runtime_done(f"r{number}", at_ms=at_ms + 640),
            shapes.report(f"r{number}", at_ms=at_ms + 650),
        ]:
            tracker.event(event)
        assert len(tracker.completed()) == 1
    assert len(tracker.inits_apart()) == APART_LIMIT
