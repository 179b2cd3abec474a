"""Which attempt an event belongs to: Lambda retries an asynchronous invocation under the same request id.

A retry begins after the attempt before it was reported, a second or more later (Lambda developer guide,
invocation-retries: a minute after the first error, two after the second). So the events of one attempt are in order of
time, start to report, while their deliveries may come late, doubled or in any order.
"""

from __future__ import annotations

from handler.extension.records.model import Invocation

OPEN_LIMIT = 1_000
"""Invocations kept while they wait for their report. The oldest is given up for a newer one."""
REMEMBERED = 1_000
"""Attempts already given out, so that a repeated delivery does not become a second record."""
SLACK_MS = 1_000
"""How far the times of an attempt's events may contradict their order. Less than any retry waits."""
RANKS = {"platform.start": 0, "platform.runtimeDone": 1, "platform.report": 2}


class Attempts:
    """The open attempts in order of their appearance, and what is remembered of those given out."""

    def __init__(self) -> None:
        self._open: dict[str, list[Invocation]] = {}
        self._count = 0
        self._given: dict[str, dict[str, int | None]] = {}  # request id → what its last attempt had seen

    def __bool__(self) -> bool:
        return self._count > 0

    @property
    def first(self) -> bool:
        """Whether none has been given out."""
        return not self._given

    def open(self) -> list[Invocation]:
        return [attempt for attempts in self._open.values() for attempt in attempts]

    def overdue(self) -> Invocation | None:
        """The one to give up before another is opened."""
        return next(iter(self._open.values()))[0] if self._count >= OPEN_LIMIT else None

    def announced(self, request_id: str) -> Invocation:
        """The attempt that the Extensions API announces: it announces each of them once, before its report."""
        for attempt in self._open.get(request_id, ()):
            if not attempt.announced and "platform.report" not in attempt.seen:
                attempt.announced = True
                return attempt
        attempt = self._add(request_id)
        attempt.announced = True
        return attempt

    def of(self, request_id: str, kind: str, at_ms: int | None) -> Invocation | None:
        """The attempt that an event of this type and time belongs to; None for a repeated or a late event."""
        attempts = self._open.get(request_id, [])
        if any(kind in attempt.seen and at_ms in (None, attempt.seen[kind]) for attempt in attempts):
            return None
        if self._late(request_id, kind, at_ms, bool(attempts)):
            return None
        fitting = [attempt for attempt in attempts if _fits(attempt, kind, at_ms)]
        reported = [
            attempt for attempt in fitting if attempt.seen
        ]  # the newest: the report of an older one may be lost
        attempt = reported[-1] if reported else fitting[0] if fitting else self._add(request_id)
        attempt.seen[kind] = at_ms
        return attempt

    def close(self, attempt: Invocation) -> None:
        attempts = self._open[attempt.request_id]
        attempts.remove(attempt)
        if not attempts:
            del self._open[attempt.request_id]
        self._count -= 1
        self._given.pop(attempt.request_id, None)
        self._given[attempt.request_id] = attempt.seen
        if len(self._given) > REMEMBERED:
            del self._given[next(iter(self._given))]

    def _add(self, request_id: str) -> Invocation:
        attempt = Invocation(request_id)
        self._open.setdefault(request_id, []).append(attempt)
        self._count += 1
        return attempt

    def _late(self, request_id: str, kind: str, at_ms: int | None, some_open: bool) -> bool:
        """Whether the event is of an attempt that was given out."""
        given = self._given.get(request_id)
        if given is None:
            return False
        known = [moment for moment in given.values() if moment is not None]
        if at_ms is None or not known:
            return not some_open
        late_part = kind not in given and kind != "platform.start" and not some_open
        return at_ms <= max(known) or late_part


def _fits(attempt: Invocation, kind: str, at_ms: int | None) -> bool:
    if kind in attempt.seen:
        return False
    if at_ms is None:
        return True
    for other, moment in attempt.seen.items():
        if moment is not None:
            after = at_ms - moment if RANKS[kind] > RANKS[other] else moment - at_ms
            if after < -SLACK_MS:
                return False
    return True
