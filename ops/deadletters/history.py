"""What was done to dead letters on this machine, as one finding: from the audit file alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ops.deadletters.audit import Record, Verified
from ops.insight import words
from ops.insight.reports import Finding, Level

LATELY = timedelta(days=7)
_ENDED_WELL = ("done", "")
_ACTS = ("redrive", "resume", "copy", "move", "purge")


@dataclass(frozen=True)
class History:
    finding: Finding
    records: tuple[Record, ...]  # newest first
    verified: Verified


def report(records: Sequence[Record], verified: Verified, now: datetime | None = None) -> History:
    """``records``: newest first, as ``audit.read`` gives them."""
    since = (now or datetime.now(UTC)) - LATELY
    late = [record for record in records if record.at >= since]
    return History(_finding(late, records, verified), tuple(records), verified)


def _finding(late: Sequence[Record], records: Sequence[Record], verified: Verified) -> Finding:
    if verified.problems:
        count = words.count(len(verified.problems), "place")
        return Finding(Level.ACT, f"Act: the record does not hold together in {count}: {verified.problems[0]}")
    if not records:
        return Finding(Level.UNKNOWN, "Unknown: nothing is on record; nobody has moved or deleted letters from here.")
    ended = [record for record in late if record.action in _ACTS and record.outcome != "began"]
    if not ended:
        return Finding(Level.OK, "Fine: nothing was moved or deleted in the last 7 days; the record is whole.")
    people = len({record.who for record in ended})
    last = ended[0]
    said = (
        f"{words.count(len(ended), 'act')} in the last 7 days, by {words.count(people, 'person', 'people')}; the last: "
        f"{last.action} of {last.queue}, {last.outcome or 'done'}"
    )
    sent, back = last.counts.get("sent", 0), last.counts.get("came_back", 0)
    said += f", {back:,} of {sent:,} came back" if back else ""
    if last.outcome in _ENDED_WELL and not back:
        return Finding(Level.OK, f"Fine: {said}; the record is whole.")
    return Finding(Level.WATCH, f"Watch: {said}.", "dead_letters")
