"""Levels of numbers: one rule each, for the card, the headline, the page and ``ops status``."""

from __future__ import annotations

from ops.insight.report_types import Level

_FROM_BEST = (Level.OK, Level.NO_DATA, Level.WARNING, Level.CRITICAL)
PROMPT_S = 60.0
"""Messages that wait no longer than this are no backlog: a batching window and one invocation take as long. Ours."""


def backlog(waiting: float | None, done_per_min: float | None, oldest_s: float | None) -> Level:
    """The level of queued messages. Never OK for more than about a minute's work.

    When none are processed, the age of the oldest message decides whether it should have been processed by now.
    """
    if waiting is None:
        return Level.NO_DATA
    if waiting <= 0:
        return Level.OK
    if done_per_min:
        return Level.WARNING if waiting / done_per_min * 60 > PROMPT_S else Level.OK
    if oldest_s is None:
        return Level.NO_DATA
    return Level.WARNING if oldest_s >= PROMPT_S else Level.OK


def dead(count: float | None) -> Level:
    """The level of messages in the dead-letter queue, in flight or not."""
    if count is None:
        return Level.NO_DATA
    return Level.CRITICAL if count else Level.OK


def of_card(own: Level, page: Level) -> Level:
    """The level of a number on the Overview: never better than the finding of the page that it leads to."""
    return worst(own, page) if page in (Level.WARNING, Level.CRITICAL) else own


def worst(*levels: Level) -> Level:
    """OK for none."""
    return max(levels, key=_FROM_BEST.index, default=Level.OK)
