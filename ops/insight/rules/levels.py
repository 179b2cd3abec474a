"""How bad a number is: one rule each, for its card, the headline, its page and ``ops status``."""

from __future__ import annotations

from ops.insight.report_types import Level

PROMPT_S = 60.0
"""Messages that wait no longer than this are no backlog: a batching window and one invocation take as long. Ours."""


def backlog(waiting: float | None, done_per_min: float | None, oldest_s: float | None) -> Level:
    """The level of queued messages. Never OK for more than about a minute's work.

    When none are processed, the age of the oldest message decides whether it should have been processed by now.
    """
    if waiting is None:
        return Level.UNKNOWN
    if waiting <= 0:
        return Level.OK
    if done_per_min:
        return Level.WATCH if waiting / done_per_min * 60 > PROMPT_S else Level.OK
    if oldest_s is None:
        return Level.UNKNOWN
    return Level.WATCH if oldest_s >= PROMPT_S else Level.OK


def dead(count: float | None) -> Level:
    """The level of messages in the dead-letter queue, in flight or not."""
    if count is None:
        return Level.UNKNOWN
    return Level.ACT if count else Level.OK


def age(oldest_s: float | None, near_s: float, late: Level | None) -> Level:
    """The level of the oldest message's age. ``late``: the level in the finding, if the finding mentions it; ``near_s``:
    the age that is worth a warning."""
    if late is not None:
        return late
    if oldest_s is None:
        return Level.UNKNOWN
    return Level.WATCH if oldest_s >= near_s else Level.OK
