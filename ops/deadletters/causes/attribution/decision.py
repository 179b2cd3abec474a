"""Why one message of an invocation failed, by what that invocation logged and how it ended.

A line that names the message goes first; then what follows such a line before another message is named; then what the
invocation failed of as a whole. What rests on order, on a joined line or on a choice between several is only likely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ops import invocation_log
from ops.deadletters.causes.attribution import invocation_end, reason_rank
from ops.deadletters.causes.attribution.logged_invocation import InvocationLines, LogRow
from ops.deadletters.causes.attribution.reason_rank import ReasonRank
from ops.deadletters.causes.logs.log_parser import LogEntry
from ops.fingerprints.fingerprint import fingerprint

MAX_LISTED_FAILURES = 3
"""Failures that are listed together where nothing shows which of them it was."""


@dataclass(frozen=True)
class AttributedFailure:
    """``entry``: the failure, or ``end``: how the invocation ended. ``others``: failures that may be it as well."""

    entry: LogEntry | None = None
    end: invocation_log.InvocationLogLine | None = None
    likely: bool = False
    others: tuple[LogEntry, ...] = ()
    quoted: bool = False  # the message is only spoken of, where another was at work


@dataclass(frozen=True)
class LoggedFailure:
    """One line that reports a failure. ``owners``: messages that it is about, by its own words (``named``) or by its
    place; empty: that is not known. ``closed``: another message was named afterwards."""

    entry: LogEntry
    reason: ReasonRank
    owners: frozenset[str]
    named: bool
    joined: bool
    unhandled: bool
    closed: bool = False
    quoted: bool = False


class Attribution:
    """Decides for the messages of one invocation. ``single``: the invocation cannot have had more than one message."""

    def __init__(self, invocation: InvocationLines, single: bool = False) -> None:
        self._one = invocation
        self._single = single
        self._failures = _failures(invocation.lines)
        self._end = invocation.end if invocation.end is not None and invocation_end.failed(invocation.end) else None
        exits = [line.entry for line, _ in invocation.lines if line.failed and reason_rank.is_exit(line.entry)]
        self._exit = exits[-1] if exits else None
        if self._exit is not None:
            self._end = invocation_end.with_memory_limit(invocation.end, self._exit.error_type) or self._end

    @property
    def _killed(self) -> bool:
        gone = self._exit is not None and "OutOfMemory" in self._exit.error_type
        return gone or (self._end is not None and invocation_end.killed(self._end))

    def of(self, ids: frozenset[str], alone: bool = False) -> AttributedFailure | None:
        """Why the message with these ids failed in it; ``alone``: the request ID is the message's own, as with an
        asynchronous invocation."""
        single = alone or self._single
        joined = not alone and all(by_stream for line, by_stream in self._one.lines if line.names & ids)
        named = [failure for failure in self._failures if failure.named and failure.owners & ids]
        own = [
            failure
            for failure in self._failures
            if not failure.named and failure.owners == failure.owners & ids and failure.owners
        ]
        typed = _best([failure for failure in own if failure.reason is ReasonRank.TYPED])
        best = _best([failure for failure in named if not (failure.quoted and typed)])
        if best is not None and (best.reason is ReasonRank.TYPED or typed is None):
            shared = len(best.owners - ids) > 0 and not single
            return AttributedFailure(best.entry, likely=shared or best.quoted, quoted=best.quoted)
        if self._killed and not (typed is not None and typed.closed):
            return self._ended(joined)
        if (chosen := _best(own)) is not None and (chosen.reason is ReasonRank.TYPED or not self._whole()):
            sure = self._sure(chosen, single) and not chosen.joined and len(_kinds(own)) == 1
            return AttributedFailure(chosen.entry, likely=not sure or joined)
        return self._as_whole(ids, single, joined)

    def kinds(self) -> list[AttributedFailure]:
        """All causes that it may have failed of, for a message that may not have been in it."""
        if self._killed:
            return [self._ended(True)]
        pool = [failure for failure in self._whole() or self._failures if not failure.named]
        if best := _strongest(pool):
            return [AttributedFailure(failure.entry, likely=True) for failure in _kinds(best)]
        return [self._ended(True)] if self._end is not None or self._exit is not None else []

    def _as_whole(self, ids: frozenset[str], single: bool, joined: bool) -> AttributedFailure | None:
        if whole := self._whole():
            last = whole[-1]
            return AttributedFailure(last.entry, likely=joined or last.joined or len(_kinds(whole)) > 1)
        loose = _strongest(
            [failure for failure in self._failures if not failure.named and self._may_be_of(failure, ids)]
        )
        if loose:
            kinds = _kinds(loose)
            sure = self._sure(kinds[0], single) and len(kinds) == 1 and not kinds[0].joined
            if len(kinds) <= MAX_LISTED_FAILURES:
                listed = tuple(failure.entry for failure in kinds[1:])
                return AttributedFailure(kinds[0].entry, likely=joined or not sure, others=listed)
        return self._ended(joined) if self._end is not None or self._exit is not None else None

    def _ended(self, joined: bool) -> AttributedFailure:
        """The failure that the platform logged: REPORT has the figures of a timeout or a memory limit; otherwise the
        exit line says more."""
        if self._exit is not None and not (self._end is not None and invocation_end.killed(self._end)):
            return AttributedFailure(self._exit, likely=joined)
        return AttributedFailure(end=self._end, likely=joined)

    def _may_be_of(self, failure: LoggedFailure, ids: frozenset[str]) -> bool:
        """Whether a failure that names no message may be why the message failed: its own, or what the invocation failed
        of; not another message's from before the process ended."""
        own = not failure.owners or bool(failure.owners & ids)
        return own or (self._end is not None and not (failure.closed and self._exit is not None))

    def _sure(self, failure: LoggedFailure, single: bool) -> bool:
        """Whether a failure that names no message is the message's: what left the handler is; what was only logged is
        where there was no other message, and the invocation did not fail of something else."""
        return self._is_whole(failure) or (single and self._end is None and self._exit is None)

    def _whole(self) -> list[LoggedFailure]:
        """What left the handler."""
        return [failure for failure in self._failures if self._is_whole(failure)]

    @staticmethod
    def _is_whole(failure: LoggedFailure) -> bool:
        return failure.unhandled and failure.reason is not ReasonRank.NONE


def _failures(lines: Sequence[tuple[LogRow, bool]]) -> list[LoggedFailure]:
    """In order, each with the messages that it is about; those that give no reason are left out.

    A line that names messages starts their part; one that reports no more than that they failed ends it, and takes what
    was logged since the part before it.
    """
    found: list[LoggedFailure] = []
    current: frozenset[str] = frozenset()
    announced: frozenset[str] = frozenset()
    for row, joined in lines:
        entry = row.entry
        reason = reason_rank.rank_of(entry) if entry is not None and entry.failed else None
        if entry is not None and reason and _speaks_of(entry, row.names - announced, current, found):
            either = row.names | current
            found.append(LoggedFailure(entry, reason, either, True, joined, row.unhandled, quoted=True))
            continue
        announced |= row.names
        if row.names:
            if reason is ReasonRank.NONE:
                _claim(found, row.names)
            found = [replace(failure, closed=failure.closed or failure.owners != row.names) for failure in found]
            current = frozenset() if reason is ReasonRank.NONE else row.names
        if entry is not None and reason:
            found.append(LoggedFailure(entry, reason, current, bool(row.names), joined, row.unhandled))
    return found


def _speaks_of(entry: LogEntry, names: frozenset[str], current: frozenset[str], found: Sequence[LoggedFailure]) -> bool:
    """Whether an error's message holds ids that are new to the invocation, while one of its own has not failed yet."""
    if not current or not names or names & entry.message_ids or any(failure.owners & current for failure in found):
        return False
    return all(any(name in text for text in (entry.error_message, *entry.chain)) for name in names)


def _claim(found: list[LoggedFailure], names: frozenset[str]) -> None:
    for at in range(len(found) - 1, -1, -1):
        if found[at].owners:
            return
        found[at] = replace(found[at], owners=names)


def _best(some: Sequence[LoggedFailure]) -> LoggedFailure | None:
    """The most informative failure; of several, the last, because earlier ones may have been retried."""
    return max(enumerate(some), key=lambda numbered: (numbered[1].reason, numbered[0]), default=(0, None))[1]


def _strongest(some: Sequence[LoggedFailure]) -> list[LoggedFailure]:
    most = max((failure.reason for failure in some), default=ReasonRank.NONE)
    return [failure for failure in some if failure.reason is most]


def _kinds(some: Sequence[LoggedFailure]) -> list[LoggedFailure]:
    """One failure of each kind, by fingerprint."""
    marks = {
        fingerprint(failure.entry.error_type, failure.entry.error_message, failure.entry.location): failure
        for failure in some
    }
    return list(marks.values())
