"""What the logs show about messages that failed without a recorded cause: SQS attaches no cause when it moves one.

message ID → the invocations that name it → what the last of them logged about it, or how that ended, which the platform
and the extension write even when the environment was killed (timeout, out of memory). Where no line names the message,
the only kind of failure at the moment of its first receive is a likely cause.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from ops import log_streams
from ops.deadletters.cause_record import MAX_MESSAGE_CHARS
from ops.deadletters.causes.attribution import invocation_end
from ops.deadletters.causes.attribution.decision import AttributedFailure, Attribution
from ops.deadletters.causes.attribution.logged_invocation import CLOCK_SKEW, InvocationLines
from ops.deadletters.causes.attribution.logged_invocations import LoggedInvocations
from ops.deadletters.causes.logs.log_parser import LogEntry
from ops.deadletters.messages.model import Cause
from ops.deadletters.messages.parse import parse_timestamp
from ops.fingerprints.fingerprint import clipped, common_label, fingerprint
from ops.logged_errors.stack_traces.thrown_error import with_wrappers

if TYPE_CHECKING:
    from ops.deadletters.messages.model import DeadLetter
    from ops.deadletters.snapshot.rows import MessageSummary


@dataclass(frozen=True, slots=True)
class SearchedMessage:
    """What is needed of a message to find its traces: no body, so that a hundred thousand fit into memory."""

    message_id: str
    ids: frozenset[str]
    request_id: str
    sent: datetime | None
    first_receive: datetime | None
    job_kind: str = ""
    source: str = ""  # ARN of its source queue, where the message names it

    @classmethod
    def seen(cls, message: MessageSummary) -> SearchedMessage:
        return cls(
            message.message_id,
            frozenset({message.message_id, message.original_id}) - {""},
            message.request_id,
            message.sent,
            message.first_received,
            source=message.source,
        )

    @classmethod
    def of(cls, message: DeadLetter, job_kind: str = "", request_id: str = "") -> SearchedMessage:
        return cls(
            message_id=message.message_id,
            ids=frozenset({message.message_id, message.original_message_id}) - {""},
            request_id=message.request_id or request_id,
            sent=message.sent,
            first_receive=parse_timestamp(message.system.get("ApproximateFirstReceiveTimestamp")),
            job_kind=job_kind,
            source=message.source_arn,
        )


@dataclass(frozen=True)
class ConsumerSetup:
    """How the function is fed, as far as it is known: seconds; ``batch_size``: 0 is not known.

    ``function``: whose lines count, where others write into the log group too; ``shared``: the group is not its own."""

    timeout_s: float = 900.0
    window_s: float = 0.0
    batch_size: int = 0
    function: str = ""
    shared: bool = False


class Evidence:
    """``wanted``: the message IDs that are asked about. Rows may be added in any order."""

    def __init__(self, wanted: frozenset[str], setup: ConsumerSetup | None = None) -> None:
        self._setup = setup or ConsumerSetup()
        self._longest = timedelta(seconds=self._setup.timeout_s)
        self._wanted = wanted
        self._rows = LoggedInvocations(wanted)
        self._settled: _Settled | None = None

    def add(self, row: Mapping[str, str]) -> None:
        """One row of Logs Insights; those of other functions are not heard."""
        if log_streams.is_other_functions(row, self._setup.function, self._setup.shared):
            return
        self._rows.add(row)
        self._settled = None

    def without_batch(self) -> tuple[str, ...]:
        """Request ids of invocations that failed as a whole and whose messages are not known yet."""
        return tuple(self._all.nameless)

    def death_time(self, request_id: str) -> datetime:
        return self._all.nameless[request_id]

    def cause(self, subject: SearchedMessage) -> Cause | None:
        """Why this message failed, by the last trace of it; None where nothing names it."""
        newest, spoken_of = True, None
        for invocation in reversed(self._all.attempts(subject)):
            alone = bool(invocation.request_id) and invocation.request_id == subject.request_id
            if (decided := self._all.decision(invocation).of(subject.ids, alone)) is not None:
                cause = _cause(invocation, decided, subject, likely=decided.likely or not newest)
                if not decided.quoted:
                    return cause
                spoken_of = spoken_of or cause
            else:
                newest = False
        return spoken_of

    def last_attempt(self, subject: SearchedMessage) -> InvocationLines | None:
        """The last invocation that a line shows to have had the message."""
        return next(reversed(self._all.attempts(subject)), None)

    def likely(self, subject: SearchedMessage) -> Cause | None:
        """The cause of the only kind of failure that started when this message was received first."""
        if subject.first_receive is None or self._all.attempts(subject):
            return None
        begins = subject.first_receive - CLOCK_SKEW
        latest = subject.first_receive + timedelta(seconds=self._setup.window_s) + CLOCK_SKEW
        candidates: dict[str, list[Cause]] = {}
        for invocation in self._all.between(begins, latest, self._longest):
            for decided in self._all.kinds(invocation):
                cause = _cause(invocation, decided, subject, likely=True)
                mark = fingerprint(cause.error_type, cause.error_message, cause.location)
                candidates.setdefault(mark, []).append(cause)
            if len(candidates) > 1:
                return None
        return next((_shared(some) for some in candidates.values()), None)

    @property
    def _all(self) -> _Settled:
        if self._settled is None:
            found = self._rows.invocations(self._longest)
            self._settled = _Settled(found, self._wanted, single=self._setup.batch_size == 1)
        return self._settled


class _Settled:
    """The invocations that the rows so far show, computed when asked for."""

    def __init__(self, invocations: list[InvocationLines], wanted: frozenset[str], single: bool) -> None:
        self._invocations = invocations
        self._single = single
        self._decisions: dict[int, Attribution] = {}
        self._kinds: dict[int, list[AttributedFailure]] = {}
        self._of_message: dict[str, list[int]] = {}
        self._of_request: dict[str, list[int]] = {}
        self.nameless: dict[str, datetime] = {}
        for number, invocation in enumerate(invocations):
            names = invocation.names()
            for name in names & wanted:
                self._of_message.setdefault(name, []).append(number)
            if invocation.request_id:
                self._of_request.setdefault(invocation.request_id, []).append(number)
                if not names and invocation.end is not None and invocation_end.failed(invocation.end):
                    self.nameless[invocation.request_id] = invocation.since

    def attempts(self, subject: SearchedMessage) -> list[InvocationLines]:
        """Invocations that are known to have had the message, oldest first."""
        numbers = {number for message_id in subject.ids for number in self._of_message.get(message_id, ())}
        if subject.request_id:
            numbers.update(self._of_request.get(subject.request_id, ()))
        return [self._invocations[number] for number in sorted(numbers)]

    def decision(self, invocation: InvocationLines) -> Attribution:
        if (known := self._decisions.get(id(invocation))) is None:
            known = self._decisions[id(invocation)] = Attribution(invocation, self._single)
        return known

    def kinds(self, invocation: InvocationLines) -> list[AttributedFailure]:
        if (known := self._kinds.get(id(invocation))) is None:
            known = self._kinds[id(invocation)] = self.decision(invocation).kinds()
        return known

    @cached_property
    def _loose(self) -> list[InvocationLines]:
        """Failed invocations that name no message: any message may have been in them."""
        return [invocation for invocation in self._invocations if invocation.failed and not invocation.names()]

    def between(self, begins: datetime, latest: datetime, longest: timedelta) -> Iterator[InvocationLines]:
        """Failed invocations that may have started then: of some only a later line is known."""
        for number in range(bisect_left(self._loose, begins, key=lambda place: place.since), len(self._loose)):
            invocation = self._loose[number]
            if invocation.since > latest + longest:
                return
            if invocation.since <= latest or invocation.began is None:
                yield invocation


def _cause(invocation: InvocationLines, decided: AttributedFailure, subject: SearchedMessage, likely: bool) -> Cause:
    known = Cause(request_id=invocation.request_id, job_kind=subject.job_kind, likely=likely)
    version = str(invocation.end.values.get("version") or "") if invocation.end else ""
    if decided.entry is not None:
        entry = decided.entry
        kind, text = _listed((entry, *decided.others))
        return replace(
            known,
            error_type=kind,
            error_message=clipped(text, MAX_MESSAGE_CHARS),
            location="" if decided.others else entry.location,
            source=entry.source,
            request_id=entry.request_id or invocation.request_id,
            failed_at=entry.at,
            function_version=entry.version or version,
            job_kind=entry.job_kind or subject.job_kind,
            likely=likely or entry.several,
        )
    if decided.end is None:
        return known
    kind, text = invocation_end.failure_of(decided.end)
    source = "invocation record" if decided.end.source == "record" else "report line"
    at = invocation_end.ended_at(decided.end)
    return replace(known, error_type=kind, error_message=text, source=source, failed_at=at, function_version=version)


def _shared(some: list[Cause]) -> Cause:
    """The last of several that failed alike; where their messages differ, with what these have in common."""
    last = some[-1]
    alike = common_label([cause.error_message for cause in some])
    same = fingerprint(last.error_type, alike, last.location) == fingerprint(
        last.error_type, last.error_message, last.location
    )
    return replace(last, error_message=alike, request_id="") if same and alike != last.error_message else last


def _listed(some: tuple[LogEntry, ...]) -> tuple[str, str]:
    """Type and message; of several that may be meant, all of them."""
    if len(some) == 1:
        return some[0].error_type, with_wrappers(some[0].error_message, some[0].chain)
    types = dict.fromkeys(entry.error_type for entry in some)
    return " or ".join(types), "; or ".join(f"{entry.error_type}: {entry.error_message}".rstrip(": ") for entry in some)
