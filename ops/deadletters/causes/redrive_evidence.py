"""What redrives from this machine show about a cause: messages sent unchanged, and their outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ops import formatting
from ops.deadletters import plan_codec
from ops.deadletters.causes import fix_status
from ops.deadletters.causes.fix_status import FixStatus
from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import Outcome
from ops.deadletters.snapshot import cause_fingerprints
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue
    from ops.deadletters.snapshot import CauseGroup, Snapshot

LATEST_RUNS = 5
"""Ledgers that are read, newest first."""
CACHED_LEDGERS = 64
_DECIDED = (Outcome.SUCCEEDED, Outcome.FAILED_AGAIN)


@dataclass(frozen=True)
class RedriveTrial:
    """What one redrive showed about one cause: messages whose outcome is known, and how many failed again. ``at``: when
    the last of them was sent."""

    at: datetime
    decided: int
    failed: int


def current_fix_status(
    source: DeadLetterQueue, snapshot: Snapshot, groups: Iterable[CauseGroup], now: datetime
) -> dict[str, FixStatus]:
    """Whether each cause is fixed, by fingerprint: as the last explaining noted it, and what redrives have shown since.
    Raises OpsError when the snapshot cannot be read."""
    noted, shown = snapshot.read_note(fix_status.FIX_STATUS_NOTE), latest_trials(source, snapshot)
    return {
        cause.fingerprint: with_trial(
            fix_status.stored_status(noted, cause.fingerprint),
            shown.get(cause.fingerprint),
            cause.last_failed or cause.last_sent,
            now,
        )
        for cause in groups
    }


def latest_trials(source: DeadLetterQueue, snapshot: Snapshot) -> dict[str, RedriveTrial]:
    """The latest redrive of each cause, by fingerprint. A ledger that cannot be read proves nothing. Raises OpsError
    when the snapshot cannot be read."""
    found: dict[str, RedriveTrial] = {}
    for path in sorted(source.runs_folder.glob("*.db"), key=_touched, reverse=True)[:LATEST_RUNS]:
        outcomes = _outcomes(path, *_version(path))
        marks = cause_fingerprints(snapshot, [message_id for message_id, _, _ in outcomes])
        for mark, tried in _by_cause(outcomes, marks).items():
            if mark not in found or found[mark].at < tried.at:
                found[mark] = tried
    return found


def with_trial(
    verdict: FixStatus, tried: RedriveTrial | None, last_failure: datetime | None, now: datetime
) -> FixStatus:
    """``verdict`` with what a redrive has shown since. Messages that failed again are evidence against, unless the
    function was deployed after that; those that succeeded are evidence for, while nothing failed after them."""
    if tried is None or (verdict.deployed is not None and verdict.deployed > tried.at):
        return verdict
    of, when = formatting.count(tried.decided), formatting.clock(tried.at, now)
    if tried.failed:
        text = f"{formatting.count(tried.failed)} of {of} failed again when they were redriven at {when}."
        return replace(verdict, verdict=fix_status.NO, sentence=f"{text} {verdict.sentence}")
    if last_failure is None or last_failure < tried.at:
        text = f"{of} of {of} succeeded when they were redriven at {when}."
        return replace(verdict, verdict=fix_status.SUCCEEDS, sentence=f"{text} {verdict.sentence}")
    return verdict


def _by_cause(outcomes: tuple[tuple[str, bool, datetime], ...], marks: Mapping[str, str]) -> dict[str, RedriveTrial]:
    decided: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    last: dict[str, datetime] = {}
    for message_id, failed_again, at in outcomes:
        if mark := marks.get(message_id):
            decided[mark] += 1
            failed[mark] += failed_again
            last[mark] = max(last.get(mark, at), at)
    return {mark: RedriveTrial(last[mark], decided[mark], failed[mark]) for mark in decided}


@lru_cache(maxsize=CACHED_LEDGERS)
def _outcomes(path: Path, changed: int, size: int) -> tuple[tuple[str, bool, datetime], ...]:
    """Message id, whether it failed again, and when it was sent; of redrives of unchanged bodies to their origin.
    ``changed`` and ``size`` name the file's version."""
    try:
        with Ledger.open(path) as ledger:
            plan = plan_codec.decode_plan(ledger.plan(), str(path))
            if plan.edits or plan.destination.kind != "origin":
                return ()
            return tuple(
                (message.message_id, message.outcome is Outcome.FAILED_AGAIN, message.sent_at)
                for outcome in _DECIDED
                for message in ledger.sent_messages(outcome)
            )
    except OpsError:
        return ()


def _version(path: Path) -> tuple[int, int]:
    """Changes when a ledger does, its write-ahead log included: another process may be writing to it."""
    some = [path, path.with_name(f"{path.name}-wal")]
    known = [path.stat() for path in some if path.is_file()]
    return max((stat.st_mtime_ns for stat in known), default=0), sum(stat.st_size for stat in known)


def _touched(path: Path) -> int:
    return _version(path)[0]
