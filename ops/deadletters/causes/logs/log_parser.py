"""One row of a log group, parsed for what it reports about a message or a failure, whichever function wrote it.

Understood is what ``log_shapes`` lists: this project's records (handler.contract), what loggers and Lambda's runtimes
write, as JSON or text, and stack traces. What the platform reports about an invocation (REPORT, "Task timed out", the
extension's record) is ``ops.invocation_log``' matter. A line that calls itself information or a warning is no
failure, whatever it holds: an error that was caught is not why a message failed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from handler import contract
from handler.extension.records import rules
from ops import invocation_log, log_streams
from ops.deadletters.causes.logs import line_prefix, mentions, severity
from ops.deadletters.causes.logs.log_shapes import (
    FAILURE_PATTERN,
    MESSAGE_KEYS,
    OWN_REQUEST_KEYS,
    REQUEST_IN,
    REQUEST_KEYS,
    UUID,
)
from ops.deadletters.causes.logs.severity import Severity
from ops.logged_errors import json_fields, json_record
from ops.logged_errors.stack_traces import root_cause
from ops.logged_errors.stack_traces.thrown_error import ThrownError, split_type

__all__ = ["FAILURE_PATTERN", "HANDLER_LOG", "LOGGED_ERROR", "REPORT_LINE", "TRACEBACK", "LogEntry", "parse_row"]

HANDLER_LOG, TRACEBACK, REPORT_LINE = "handler log", "traceback", "report line"
LOGGED_ERROR = "logged error"
"""The error type of a line that is an error and names no type."""
MAX_LINE_CHARACTERS = 300_000
"""Characters of a line that are read: CloudWatch Logs takes no more than 1 MB (quotas, 2025-04), of which a cause has
its part in the beginning."""

_REQUEST = re.compile(
    rf"RequestId: ?({UUID})|\t({UUID})\t|(?:aws_?)?request_?id[\"']?\s{{0,9}}[:=]\s{{0,9}}[\"']?({UUID})", re.IGNORECASE
)
_EXITED = re.compile(
    rf"^RequestId: ({UUID}) (?:Error: ([^\n]+)|Process exited before completing request)\s*$", re.MULTILINE
)
_PAIR = re.compile(
    r"(?:^|(?<=\s))([A-Za-z_][\w.]{0,60})=(?:\"((?:[^\"\\]|\\.){0,20000})\""
    r"|((?:[^\s\"][^\s]{0,2000}(?: (?![\w.]{1,60}=)[^\s\"][^\s]{0,500}){0,60})?))"
)
_LOGFMT = re.compile(r"(?:^|\s)(?:level|lvl|severity)=")
_ABOUT = re.compile(rf"[^:\n]{{0,160}}\b{UUID}\b[^:\n]{{0,40}}: ")
"""Before an error: which message it is about."""
_OF_A_SERVICE = re.compile(r"status ?code|\$metadata|Service: ", re.IGNORECASE)
"""Before a request ID: it is that of a request to AWS, which failed."""
_NEAR = 100
_OBJECTS = json.JSONDecoder()
_PLATFORM = ("START RequestId: ", "END RequestId: ", "INIT_START ")
_RUBY = ("Critical exception from handler", "Error raised from handler method", "Init error when loading handler")
"""What Ruby's runtime writes before the error (aws-lambda-ruby-runtime-interface-client, 2026-11)."""
_RAISED = re.compile(
    r"\[(?:ERROR|CRITICAL)\] (?!(?:aws_?)?request_?id)[\w.]+: |panic: |fatal error: |thread '", re.IGNORECASE
)
"""What runtimes write of an error without its request ID: one that stands there is quoted."""
_UNHANDLED = re.compile(
    r"\[(?:ERROR|CRITICAL)\] [^\t\n]+\s*\nTraceback|[^\n]{0,200}\t(?:Invoke Error|Uncaught Exception|Unhandled Promise)"
    rf"|{'|'.join(_RUBY)}|Unhandled exception\. |panic: |fatal error: |thread '|(?:PHP )?Fatal error: "
)


@dataclass(frozen=True)
class LogEntry:
    """What one line reports: which messages it names, its request, and the failure if it reports one.

    ``message_ids``: those that a field names; ``mentioned``: every UUID in the line that
    is not another message's, quoted (``mentions``). ``text``: its own words. ``loose``: the request ID stands somewhere
    in the line's own words, and may be that of another request.
    ``own_request``: the request ID is surely that of the invocation that wrote the line: it is where the runtime puts
    it before a line of text, or in a field that loggers reserve for it.
    ``chain``: the errors that wrapped the reported one, outermost first, as ``Type: message``. ``several``: the
    error is the first of different ones in the line, and which of them a message failed of is not known.
    ``unhandled``: the runtime wrote it, about what left the handler.
    """

    at: datetime
    stream: str
    text: str
    request_id: str = ""
    message_ids: frozenset[str] = frozenset()
    mentioned: frozenset[str] = frozenset()
    batch: bool = False
    level: str = ""
    failed: bool = False
    error_type: str = ""
    error_message: str = ""
    location: str = ""
    source: str = HANDLER_LOG
    job_kind: str = ""
    chain: tuple[str, ...] = ()
    several: bool = False
    unhandled: bool = False
    loose: bool = False
    own_request: bool = False

    @property
    def version(self) -> str:
        """The function's version, by the log stream's name."""
        named = log_streams.parse(self.stream)
        return named.version if named else ""


def parse_row(row: Mapping[str, str]) -> LogEntry | None:
    """One row of Logs Insights (``@timestamp``, ``@message``, ``@logStream``); None when it has no time."""
    at = invocation_log.moment(row.get("@timestamp", ""))
    if at is None:
        return None
    message = row.get("@message", "")[:MAX_LINE_CHARACTERS]
    plain = LogEntry(at, row.get("@logStream", ""), message, mentioned=mentions.mentioned_ids(message))
    record = _object(message, 0)
    if record is not None:
        return _of_record(plain, record)
    return _of_text(plain, root_cause.plain_lines(message))


def _object(text: str, start: int) -> dict[str, Any] | None:
    """The JSON object at ``start``, whatever follows it."""
    if start < 0 or not text.startswith("{", start):
        return None
    try:
        record, _ = _OBJECTS.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _of_record(plain: LogEntry, record: Mapping[str, Any], head: Severity = Severity.UNSAID) -> LogEntry:
    """``head``: the severity by the text before the record."""
    batch = record.get("message") == contract.LOG_BATCH
    named = record.get("message_ids") if batch else [record.get(key) for key in MESSAGE_KEYS]
    message = json_record.own_words(record)
    bad, level = severity.of_record(record)
    if bad is not Severity.UNSAID:
        head = bad
    known = _request_of(record)
    parsed = replace(
        plain,
        text=message or plain.text,
        request_id=known or plain.request_id or _request_in(message or plain.text),
        loose=not known and (plain.loose or not plain.request_id),
        own_request=known == _request_of(record, OWN_REQUEST_KEYS) if known else plain.own_request,
        message_ids=frozenset(str(message_id) for message_id in named if message_id)
        if isinstance(named, list)
        else frozenset(),
        batch=batch,
        level=level,
        job_kind=json_fields.text(record, (contract.LOG_JOB_KIND,)),
    )
    if head is Severity.UNSAID and message:
        own = line_prefix.parse_prefix(message)
        head = own.severity
        record = {**record, "message": own.own} if head is Severity.BAD and "message" in record else record
    if message.startswith("{") and bad is not Severity.BAD and (inner := _object(message, 0)):
        within = _of_record(replace(plain, request_id=parsed.request_id, own_request=parsed.own_request), inner)
        return within if within.failed or within.batch or within.message_ids else parsed
    if exited := _exited(parsed, message):
        return exited
    runtimes = _by_runtime(record)
    if head is Severity.BAD or (head is Severity.UNSAID and runtimes):
        return _failed(replace(parsed, unhandled=plain.unhandled or runtimes), json_record.failure(record))
    return parsed


def _by_runtime(record: Mapping[str, Any]) -> bool:
    """Whether a runtime wrote the record about an error that left the handler: it has no words of its own."""
    named = isinstance(record.get("errorType"), str) and bool(record["errorType"]) and "errorMessage" in record
    return named and not record.keys() & {"message", "msg", *MESSAGE_KEYS}


def _request_of(record: Mapping[str, Any], keys: tuple[str, ...] = REQUEST_KEYS) -> str:
    parts = [record, *json_fields.objects(record, (*REQUEST_IN, "spans", "message"))]
    return next((found for part in parts if (found := json_fields.text(part, keys))), "")


def _of_text(plain: LogEntry, message: str) -> LogEntry:
    head = line_prefix.parse_prefix(message)
    unhandled = bool(_UNHANDLED.match(message))
    plain = replace(
        plain,
        request_id=head.request_id or ("" if unhandled and _RAISED.match(message) else _request_in(message)),
        level=head.word,
        unhandled=unhandled,
        loose=not head.request_id and not message.startswith(_PLATFORM),
        own_request=bool(head.request_id),
    )
    if exited := _exited(plain, message):
        return exited
    if message.startswith(_RUBY) and (record := _object(message, message.find("{"))):
        return _of_record(plain, record)
    if _LOGFMT.search(message) and head.severity is Severity.UNSAID:
        return _of_record(plain, _pairs(message))
    if (record := _object(head.own.lstrip(), 0)) is not None:
        return _of_record(plain, record, head.severity)
    if head.severity is Severity.UNSAID and (record := _object(message, message.find('{"', 0, _NEAR))) is not None:
        return _of_record(plain, record)
    if head.severity is Severity.FINE:
        return replace(plain, unhandled=False)
    if head.severity is Severity.UNSAID and message.startswith(_PLATFORM):
        return replace(plain, unhandled=False)
    thrown = root_cause.parse(message)
    if thrown and (thrown.error_type or thrown.error_message or head.severity is Severity.BAD):
        return _failed(replace(plain, source=TRACEBACK), thrown)
    if head.severity is Severity.BAD:
        return _failed(plain, _in_words(head.own))
    return replace(plain, unhandled=False)


def _in_words(own: str) -> ThrownError:
    """An error line's own words: a type and a message, or a sentence with fields behind it."""
    start = own.find('{"')
    record = _object(own, start) if start >= 0 else None
    if record is None and (pairs := _pairs(own)).keys() & {"error", "err", "exception"}:
        first = _PAIR.search(own)
        record, start = pairs, first.start() if first else 0
    if record is not None:
        words = own[:start].strip()
        found = json_record.failure({"message": words, **record})
        return found if found.error_type or found.error_message else ThrownError("", words)
    text = " ".join(own.split())
    about = _ABOUT.match(text)
    return ThrownError(*(split_type(text) or (about and split_type(text[about.end() :])) or ("", text)))


def _pairs(text: str) -> dict[str, Any]:
    """logfmt's fields."""
    return {name: quoted.replace('\\"', '"') or bare for name, quoted, bare in _PAIR.findall(text)}


def _failed(entry: LogEntry, thrown: ThrownError) -> LogEntry:
    return replace(
        entry,
        failed=True,
        error_type=thrown.error_type or LOGGED_ERROR,
        error_message=thrown.error_message,
        location=thrown.location,
        chain=thrown.chain,
        several=thrown.several,
    )


def _exited(plain: LogEntry, message: str) -> LogEntry | None:
    """What the platform reports about a runtime's process that ended."""
    found = _EXITED.search(message)
    if found is None:
        return None
    text = (found[2] or "Process exited before completing request").strip()
    text += ", as Lambda does for memory" if "signal: killed" in text else ""
    kind = rules.exit_type(message)
    failed = replace(plain, failed=True, source=REPORT_LINE, error_type=kind, error_message=text, loose=False)
    return replace(failed, request_id=found[1], unhandled=False, own_request=False)


def _request_in(text: str) -> str:
    for found in _REQUEST.finditer(text):
        if not _OF_A_SERVICE.search(text, max(0, found.start() - _NEAR), found.start()):
            return next(group for group in found.groups() if group)
    return ""
