"""The life of one letter: when it was sent, each time it was received, what the logs say about it, how it died."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops.deadletters.causes import loglines
from ops.deadletters.causes.asking import Asking, Budget, named
from ops.deadletters.causes.evidence import Subject, ending, timed_out
from ops.deadletters.letter import Place
from ops.deadletters.shelf import Shelf
from ops.insight import reportlines, words
from ops.insight.reports import Look

if TYPE_CHECKING:
    from ops.deadletters.letter import Shelved
    from ops.deadletters.source import Source

SENT, RECEIVED, LOG, ERROR, DIED = "sent", "received", "log", "error", "died"
TIMEOUT, MEMORY, CRASH = "timeout", "out of memory", "crash"
REDRIVEN, PURGED = "redriven", "purged"
LINES = 200
"""Moments that are kept; more would not be read."""
LONGEST = 500
AROUND = timedelta(minutes=2)
BUDGET = Budget(queries=2, usd=0.10)


@dataclass(frozen=True)
class Moment:
    """``what``: sent | received | log | error | timeout | out of memory | crash | died | redriven | purged. ``text`` is
    untrusted where it comes from logs."""

    at: datetime
    what: str
    text: str
    request_id: str = ""


@dataclass(frozen=True)
class Timeline:
    """``moments``: oldest first. ``look``: what asking the logs cost, and what could not be read."""

    moments: tuple[Moment, ...]
    look: Look = field(default_factory=Look)


def timeline(source: Source, message_id: str) -> Timeline:
    """The moments of the letter with this id (or the only one whose id begins so). One log query, at most two.

    Raises UsageError when there is no such letter on the shelf, OpsError when the shelf cannot be read.
    """
    with Shelf.open(source) as shelf:
        shelved = shelf.get(message_id)
    moments = _of_letter(shelved)
    asking, from_logs = _of_logs(source, shelved)
    moments += from_logs
    if shelved.cause.died is not None:
        cause = shelved.cause
        likely = "likely of " if cause.likely else ""
        text = f"{likely}{cause.error_type}: {cause.error_message}".rstrip(": ")[:LONGEST]
        moments.append(Moment(cause.died or datetime.now(UTC), DIED, text, cause.request_id))
    # Of one moment: first what was logged, then how the invocation ended, then the letter.
    moments.sort(key=lambda moment: (moment.at, 2 * (moment.what == DIED) + (moment.what in (TIMEOUT, MEMORY, CRASH))))
    if asking is None:
        return Timeline(tuple(moments))
    notes = list(asking.asked.notes)
    if len(moments) > LINES:
        notes.append(f"Only the first and last of {words.count(len(moments), 'moment')} are shown.")
        moments = moments[: LINES // 2] + moments[-LINES // 2 :]
    return Timeline(tuple(moments), Look(usd=asking.asked.usd, partial=tuple(notes)))


def _of_letter(shelved: Shelved) -> list[Moment]:
    letter = shelved.letter
    moments = []
    if letter.sent:
        moments.append(
            Moment(letter.sent, SENT, "sent" if letter.group_id is None else f"sent in group {letter.group_id}")
        )
    first = Subject.of(letter).first_receive
    if first:
        text = f"received first; {words.count(letter.receives, 'receive')} in all, looks among them"
        moments.append(Moment(first, RECEIVED, text))
    if shelved.seen and shelved.place in (Place.REDRIVEN, Place.PURGED):
        what = REDRIVEN if shelved.place is Place.REDRIVEN else PURGED
        moments.append(Moment(shelved.seen, what, f"{what} from here after it was seen then"))
    return moments


def _of_logs(source: Source, shelved: Shelved) -> tuple[Asking | None, list[Moment]]:
    group = source.workload.log_group
    if group is None:
        return None, []
    letter, cause = shelved.letter, shelved.cause
    now = datetime.now(UTC)
    asking = Asking(source.aws, group, BUDGET)
    start = (letter.sent or now - timedelta(days=14)) - AROUND
    end = min(now, cause.died + AROUND) if cause.died and cause.died > start else now
    ids = sorted({letter.message_id, letter.original_message_id, letter.request_id, cause.request_id} - {""})
    rows: list[dict[str, str]] = []
    asking.read([f"{named(ids)}|{loglines.FAILURES}"], asking.affordable(start, end), end, rows.append, page=False)
    return asking, list(_moments(rows, {letter.message_id, letter.original_message_id}, letter.request_id))


def _moments(rows: list[dict[str, str]], ids: set[str], request_id: str) -> list[Moment]:
    """Of the rows that are about these message ids, or about invocations that had them."""
    said = [(row, loglines.read(row)) for row in rows]
    requests = {request_id} - {""}
    requests |= {
        one.request_id for _, one in said if one and one.request_id and ids & (one.message_ids | one.mentioned)
    }
    moments: dict[tuple[datetime, str], Moment] = {}
    ends: dict[str, dict[str, list[Moment]]] = {}
    for row, one in said:
        line = reportlines.parse(row)
        if line is not None:
            if line.request_id in requests and (moment := _end(line)):
                ends.setdefault(line.request_id, {}).setdefault(line.source, []).append(moment)
        elif one and (ids & (one.message_ids | one.mentioned) or (one.failed and _of_whole(one, requests))):
            moments[one.at, one.text] = _line(one)
    # The extension's record, REPORT and "Task timed out" tell of the same end: the one that knows most is enough.
    told = [next(by[source] for source in ("record", "report", "timeout") if source in by) for by in ends.values()]
    return [*moments.values(), *(moment for some in told for moment in some)]


def _of_whole(said: loglines.Said, requests: set[str]) -> bool:
    """Said about an invocation as a whole, not about another message of its batch."""
    return said.request_id in requests and not said.message_ids


def _line(said: loglines.Said) -> Moment:
    if said.batch:
        together = len(said.message_ids)
        text = f"received in a batch of {together}" if together > 1 else "received alone"
        return Moment(said.at, RECEIVED, text, said.request_id)
    if said.failed:
        place = f" at {said.location}" if said.location else ""
        text = f"{said.error_type}: {said.error_message}".rstrip(": ")[:LONGEST] + place
        return Moment(said.at, ERROR, text, said.request_id)
    return Moment(said.at, LOG, said.text[:LONGEST], said.request_id)


def _end(line: reportlines.Line) -> Moment | None:
    if line.source != "timeout" and line.values.get("status") in ("success", "", None):
        return None
    kind, text = ending(line)
    what = TIMEOUT if timed_out(line) else MEMORY if "OutOfMemory" in kind else CRASH
    at = line.started + timedelta(milliseconds=line.values.get("duration_ms") or 0.0)
    return Moment(at, what, f"{kind}: {text}", line.request_id)
