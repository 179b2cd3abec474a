"""What log lines show of invocations: when each ran, which messages it had, and what it logged about their jobs."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from handler import contract
from ops import invocation_log
from ops.deadletters.causes.logs import log_parser
from ops.insight.sources.traces import trace_id
from ops.logs.invocations import starts_invocation

if TYPE_CHECKING:
    from ops.invocation_log import InvocationLogLine
    from ops.logs import LogLine

    _Read = tuple[LogLine, InvocationLogLine | None]
    """And what the platform or the extension says in it, where it is theirs."""

RECORD, REPORT, HANDLER = "extension record", "REPORT line", "handler log"
_SOURCES = {invocation_log.RECORD: RECORD, invocation_log.REPORT: REPORT, invocation_log.TIMEOUT: "timeout line"}
DONE = (contract.LOG_JOB_OK, contract.LOG_JOB_REPEATED)
_MS_IN_A_CENTURY = 4e12
CLOCKS = timedelta(milliseconds=50)
"""Between the start that the platform gives and a line's own time. Our choice."""
RECORDS = timedelta(seconds=1)
"""The same for the extension's start; Lambda waits a minute before a retry."""


@dataclass(frozen=True)
class SeenMessage:
    """What the batch's line says of one message; ``sent`` None and ``receives`` 0 where it does not."""

    id: str
    sent: datetime | None = None
    receives: int = 0
    trace: str = ""


@dataclass(frozen=True)
class JobLine:
    """A line about one message. ``what``: the line's message for this project's handler, else empty. ``failure``: the
    error's type and text; ``permanent``: the handler rejected the job for good; ``sent_as``: the new message of it."""

    at: datetime
    message_id: str
    job_id: str = ""
    kind: str = ""
    what: str = ""
    failure: str = ""
    permanent: bool = False
    sent_as: str = ""


@dataclass
class LoggedInvocation:
    """``started``, ``duration_s``: None where no line has them. ``source``: of the two. ``messages``: in the batch's
    order; ``lines``: oldest first."""

    request_id: str
    function: str
    stream: str
    first_line: datetime
    started: datetime | None = None
    duration_s: float | None = None
    source: str = HANDLER
    init_s: float | None = None
    restore_s: float | None = None
    init_type: str = ""
    status: str = ""
    error_type: str = ""
    trace: str = ""
    memory_mb: float | None = None
    messages: dict[str, SeenMessage] = field(default_factory=dict)
    lines: list[JobLine] = field(default_factory=list)

    @property
    def begin(self) -> datetime:
        """When the handler began, by the best that is known."""
        return self.started or self.first_line

    @property
    def end(self) -> datetime | None:
        return None if self.duration_s is None else self.begin + timedelta(seconds=self.duration_s)

    @property
    def failure(self) -> str:
        return (self.error_type or self.status) if self.status not in ("", "success") else ""

    def lines_of(self, message_id: str) -> list[JobLine]:
        return [line for line in self.lines if line.message_id == message_id]


def read_invocations(lines: Iterable[LogLine]) -> list[LoggedInvocation]:
    """The invocations by start time. Lines without a request ID are left out."""
    by_invocation: dict[tuple[str, str], list[_Read]] = defaultdict(list)
    for line in lines:
        if line.request_id:
            by_invocation[line.stream, line.request_id].append((line, invocation_log.parse(_row(line))))
    found = [_invocation(attempt) for some in by_invocation.values() for attempt in _attempts(some)]
    return sorted(found, key=lambda invocation: invocation.begin)


def _attempts(lines: Sequence[_Read]) -> list[list[_Read]]:
    """One list for each attempt: a retry of an asynchronous invocation keeps its request ID, and may run in the same
    environment. Where one begins is known from the platform's first line, or else from its reports or the extension's
    records, whichever are more."""
    endings = [ending for _, ending in lines if ending is not None]
    begins = max(
        [line.at for line, _ in lines if starts_invocation(line.text)],
        [line.started + _init(line) for line in endings if line.source == invocation_log.REPORT],
        [line.started for line in endings if line.source == invocation_log.RECORD],
        key=len,
    )
    begins.sort()
    attempts: list[list[_Read]] = [[] for _ in range(max(1, len(begins)))]
    for line, ending in sorted(lines, key=lambda read: read[0].at):
        at = line.at + CLOCKS
        if ending is not None:
            at = ending.started + RECORDS if ending.source == invocation_log.RECORD else line.at
        attempts[max(0, bisect_right(begins, at) - 1)].append((line, ending))
    return [attempt for attempt in attempts if attempt]


def _init(ending: InvocationLogLine) -> timedelta:
    return timedelta(milliseconds=ending.values.get("init_ms") or ending.values.get("restore_ms") or 0.0)


def _row(line: LogLine) -> dict[str, str]:
    return {"@timestamp": _written(line.at), "@message": line.text, "@logStream": line.stream}


def _invocation(lines: Sequence[_Read]) -> LoggedInvocation:
    first = next((line for line, _ in lines if not _is_record(line)), lines[0][0])
    invocation = LoggedInvocation(first.request_id, first.function, first.stream, first.at)
    endings: dict[str, InvocationLogLine] = {}
    for line, ending in lines:
        if ending is not None:
            if ending.source in invocation_log.ENDINGS:
                endings[ending.source] = ending
            continue
        _take_handler_line(invocation, line)
    for source in (invocation_log.TIMEOUT, invocation_log.REPORT, invocation_log.RECORD):  # the best last
        if source in endings:
            _take_ending(invocation, endings[source])
    invocation.lines.sort(key=lambda line: line.at)
    return invocation


def _is_record(line: LogLine) -> bool:
    """The extension may write its record of an invocation when the next one has started."""
    return f'"{contract.INVOCATION_RECORD}"' in line.text and '"record"' in line.text


def _take_ending(invocation: LoggedInvocation, ending: InvocationLogLine) -> None:
    values = ending.values
    if (duration := values.get("duration_ms")) is not None:
        invocation.duration_s, invocation.started, invocation.source = (
            duration / 1000,
            ending.started,
            _SOURCES[ending.source],
        )
        if (
            ending.source != invocation_log.RECORD
        ):  # these count their start back over the init: the handler began after it
            invocation.started += _init(ending)
    for name, key in (("init_s", "init_ms"), ("restore_s", "restore_ms")):
        if values.get(key) is not None:
            setattr(invocation, name, values[key] / 1000)
    invocation.memory_mb = values.get("memory_used_mb") or invocation.memory_mb
    for name in ("status", "error_type", "init_type"):
        setattr(invocation, name, values.get(name) or getattr(invocation, name))
    invocation.trace = trace_id(values.get("trace")) or invocation.trace


def _take_handler_line(invocation: LoggedInvocation, line: LogLine) -> None:
    record = _object(line.text)
    invocation.trace = invocation.trace or trace_id(_text(record, "xray_trace_id"))
    if record.get("message") == contract.LOG_BATCH:
        details = {seen.id: seen for seen in map(_seen, _items(record, contract.LOG_MESSAGES)) if seen.id}
        named = [value for value in _items(record, "message_ids") if isinstance(value, str)]
        invocation.messages |= {name: details.get(name, SeenMessage(name)) for name in named or details}
        return
    entry = log_parser.parse_row(_row(line))
    if entry is None:
        return
    message_ids = entry.message_ids or (entry.mentioned - {invocation.request_id} if entry.failed else frozenset())
    for message_id in sorted(message_ids):
        own = _text(record, contract.LOG_ERROR_TYPE), _text(record, contract.LOG_ERROR_MESSAGE)
        error_type, text = own if own[0] else (entry.error_type, entry.error_message)
        failure = f"{error_type}: {text}".rstrip(": ")[:500] if entry.failed else ""
        invocation.lines.append(
            JobLine(
                line.at,
                message_id,
                _text(record, contract.LOG_JOB_ID),
                entry.job_kind or _text(record, contract.LOG_JOB_KIND),
                _text(record, "message"),
                failure,
                record.get(contract.LOG_PERMANENT) is True,
                _text(record, contract.LOG_SENT_AS),
            )
        )


def _seen(item: Any) -> SeenMessage:
    if not isinstance(item, dict):
        return SeenMessage("")
    sent, receives = item.get(contract.SEEN_SENT), item.get(contract.SEEN_RECEIVES)
    known = isinstance(sent, int) and 0 < sent < _MS_IN_A_CENTURY
    return SeenMessage(
        _text(item, contract.SEEN_ID),
        datetime.fromtimestamp(sent / 1000, UTC) if known and sent is not None else None,
        receives if isinstance(receives, int) and 0 < receives < 1_000_000 else 0,
        trace_id(_text(item, contract.SEEN_TRACE)),
    )


def _object(text: str) -> dict[str, Any]:
    if not text.startswith("{"):
        return {}
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return value[:256].encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _items(record: Mapping[str, Any], name: str) -> list[Any]:
    value = record.get(name)
    return value if isinstance(value, list) else []


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
