"""What the logs know about messages that died without a word: SQS attaches no cause when it moves one.

message id → the handler's error record for it; or → the batch it came in → what that invocation logged, or how it
ended, which the platform and the extension write even when the environment was killed (time-out, out of memory). Where
no line names the message, a failure at the moment of its first receive is a likely cause, if there is but one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from ops.deadletters.causes import loglines
from ops.deadletters.causes.loglines import Said
from ops.deadletters.causes.pieces import Pieces
from ops.deadletters.fingerprint import fingerprint
from ops.deadletters.letter import Cause
from ops.deadletters.naming import LONGEST_MESSAGE
from ops.insight import reportlines, words

if TYPE_CHECKING:
    from ops.deadletters.letter import Letter
    from ops.deadletters.shelf.rows import Sketch

T = TypeVar("T")

SLACK = timedelta(seconds=2)
"""Clocks of SQS and of the function's environment, and the way between them."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is needed of a letter to find its traces: no body, so that a hundred thousand fit into memory."""

    message_id: str
    ids: frozenset[str]
    request_id: str
    sent: datetime | None
    first_receive: datetime | None
    job_kind: str = ""

    @classmethod
    def seen(cls, letter: Sketch) -> Subject:
        return cls(
            letter.message_id,
            frozenset({letter.message_id, letter.original_id}) - {""},
            letter.request_id,
            letter.sent,
            letter.first_received,
        )

    @classmethod
    def of(cls, letter: Letter, job_kind: str = "", request_id: str = "") -> Subject:
        received = letter.system.get("ApproximateFirstReceiveTimestamp", "")
        return cls(
            message_id=letter.message_id,
            ids=frozenset({letter.message_id, letter.original_message_id}) - {""},
            request_id=letter.request_id or request_id,
            sent=letter.sent,
            first_receive=datetime.fromtimestamp(int(received) / 1000, UTC) if received.isdigit() else None,
            job_kind=job_kind,
        )


@dataclass(frozen=True)
class Setup:
    """How the function is fed, as far as it is known: seconds."""

    timeout_s: float = 900.0
    window_s: float = 0.0


class Evidence:
    """``wanted``: the message ids that are asked about. Rows may be added in any order."""

    def __init__(self, wanted: frozenset[str], setup: Setup | None = None) -> None:
        self._wanted = wanted
        self._setup = setup or Setup()
        self._failures: dict[str, Said] = {}  # by message id, the last one
        self._of_request: dict[str, Said] = {}  # failures of an invocation that name no message
        self._mentions: dict[str, Said] = {}  # by message id, the last line or batch that names it
        self._members: dict[str, set[str]] = {}  # by request id: message ids of its batch
        self.deaths: dict[str, reportlines.Line] = {}
        self._loose: list[Said] = []  # failures that name no message, for the joins by stream and by time
        self._pieces = Pieces()
        self._sorted: tuple[list[Said], list[reportlines.Line]] | None = None

    def add(self, row: Mapping[str, str]) -> None:
        """One row of Logs Insights."""
        line = reportlines.parse(row)
        if line is not None:
            self._end(line)
            return
        said = loglines.read(row)
        if said is None:
            return
        if self._pieces.add(said):
            said = replace(said, failed=False)
            self._sorted = None
        if said.batch and said.request_id:
            self._members.setdefault(said.request_id, set()).update(said.message_ids)
        named = self._wanted & (said.message_ids or said.mentioned)
        for message_id in named:
            _keep_last(self._mentions, message_id, said)
            if said.failed:
                _keep_last(self._failures, message_id, said)
        if said.failed and not said.message_ids:
            self._loose.append(said)
            self._sorted = None
            if said.request_id:
                _keep_last(self._of_request, said.request_id, said)

    def _end(self, line: reportlines.Line) -> None:
        self._sorted = None
        if line.source == "timeout" or line.values.get("status") not in ("success", "", None):
            known = self.deaths.get(line.request_id)
            if known is None or line.source == "record" or (line.source == "report" and known.source == "timeout"):
                self.deaths[line.request_id] = line

    def without_batch(self) -> tuple[str, ...]:
        """Request ids of deaths whose messages are not known yet."""
        return tuple(request_id for request_id in self.deaths if request_id not in self._members)

    def death_time(self, request_id: str) -> datetime:
        return self.deaths[request_id].started

    def cause(self, subject: Subject) -> Cause | None:
        """Why this letter died, by the last trace of it; None where nothing names it."""
        failure = _last([found for one in subject.ids if (found := self._failures.get(one))])
        mention = self._mention(subject)
        request = (mention.request_id if mention else "") or subject.request_id
        death = self.deaths.get(request) if request else None
        if death is not None and (failure is None or failure.request_id != request):
            told = self._of_request.get(request)
            if told is not None and not _killed(death):
                return self._told(told, subject)
            return self._ended(death, subject)
        if failure is not None:
            return self._told(failure, subject)
        if request and (told := self._of_request.get(request)):
            return self._told(told, subject)
        if mention is not None and (told := self._next_in_stream(mention)):
            return self._told(told, subject, likely=True)
        return None

    def likely(self, subject: Subject) -> Cause | None:
        """The cause of the only kind of failure that began when this letter was received first."""
        if subject.first_receive is None or self._mention(subject) is not None:
            return None
        begins = subject.first_receive - SLACK
        latest = subject.first_receive + timedelta(seconds=self._setup.window_s) + SLACK
        loose, deaths = self._in_order()
        candidates: dict[str, Cause] = {}
        for said in _between(loose, begins, latest + timedelta(seconds=self._setup.timeout_s), _at):
            if not self._names_others(said.request_id, subject):
                cause = self._told(said, subject, likely=True)
                candidates[fingerprint(cause.error_type, cause.error_message, cause.location)] = cause
            if len(candidates) > 1:
                return None
        told = {cause.request_id for cause in candidates.values()}
        for death in _between(deaths, begins, latest, _began):
            if death.request_id not in told and not self._names_others(death.request_id, subject):
                cause = self._ended(death, subject, likely=True)
                candidates[fingerprint(cause.error_type, cause.error_message)] = cause
            if len(candidates) > 1:
                return None
        return next(iter(candidates.values()), None)

    def _in_order(self) -> tuple[list[Said], list[reportlines.Line]]:
        if self._sorted is None:
            self._sorted = (
                sorted([*self._loose, *self._pieces.whole()], key=_at),
                sorted(self.deaths.values(), key=_began),
            )
        return self._sorted

    def _mention(self, subject: Subject) -> Said | None:
        return _last([found for one in subject.ids if (found := self._mentions.get(one))])

    def _names_others(self, request: str, subject: Subject) -> bool:
        members = self._members.get(request, set())
        return bool(members) and not members & subject.ids

    def _next_in_stream(self, mention: Said) -> Said | None:
        """The first failure that the environment logged after ``mention``, while that invocation could have lasted."""
        until = mention.at + timedelta(seconds=self._setup.timeout_s) + SLACK
        for said in _between(self._in_order()[0], mention.at, until, _at):
            if mention.stream and said.stream == mention.stream:
                return said
        return None

    def _told(self, said: Said, subject: Subject, likely: bool = False) -> Cause:
        death = self.deaths.get(said.request_id)
        return Cause(
            error_type=said.error_type,
            error_message=said.error_message[:LONGEST_MESSAGE],
            location=said.location,
            source=said.source,
            request_id=said.request_id,
            died=said.at,
            function_version=said.version or (str(death.values.get("version") or "") if death else ""),
            job_kind=said.job_kind or subject.job_kind,
            likely=likely,
        )

    def _ended(self, death: reportlines.Line, subject: Subject, likely: bool = False) -> Cause:
        kind, text = ending(death)
        return Cause(
            error_type=kind,
            error_message=text,
            source="invocation record" if death.source == "record" else "report line",
            request_id=death.request_id,
            died=death.started + timedelta(milliseconds=death.values.get("duration_ms") or 0.0),
            function_version=str(death.values.get("version") or ""),
            job_kind=subject.job_kind,
            likely=likely,
        )


def _at(said: Said) -> datetime:
    return said.at


def _began(death: reportlines.Line) -> datetime:
    return death.started


def _between(some: Sequence[T], start: datetime, end: datetime, when: Callable[[T], datetime]) -> Iterator[T]:
    """Those of ``some`` (in order of time) from ``start`` to ``end``."""
    for at in range(bisect_left(some, start, key=when), len(some)):
        if when(some[at]) > end:
            return
        yield some[at]


def ending(death: reportlines.Line) -> tuple[str, str]:
    """Error type and sentence of an invocation that failed as a whole."""
    values = death.values
    kind = str(values.get("error_type") or ("Sandbox.Timedout" if timed_out(death) else "Lambda.Error"))
    duration, used, size = (values.get(name) for name in ("duration_ms", "memory_used_mb", "memory_size_mb"))
    if "OutOfMemory" in kind and used and size:
        return kind, f"the environment was killed for memory: {used:,.0f} of {size:,.0f} MB used"
    if timed_out(death):
        after = f" after {words.duration(duration / 1000)}" if duration else ""
        return kind, f"the invocation was stopped at the function's timeout{after}"
    return kind, "the environment ended before the batch was done"


def timed_out(death: reportlines.Line) -> bool:
    return death.source == "timeout" or death.values.get("status") == "timeout"


def _killed(death: reportlines.Line) -> bool:
    """Ended from outside, so that whatever was logged before is not why."""
    return timed_out(death) or "OutOfMemory" in str(death.values.get("error_type"))


def _keep_last(known: dict[str, Said], key: str, said: Said) -> None:
    if key not in known or known[key].at <= said.at:
        known[key] = said


def _last(some: list[Said]) -> Said | None:
    return max(some, key=lambda said: said.at, default=None)
