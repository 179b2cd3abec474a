"""One row of a log group, understood as far as it tells of a message or of a failure. Whoever's function wrote it.

Understood: this project's records (handler.contract), Powertools' Logger in its languages, Lambda's JSON log format,
common JSON loggers, the text that Lambda's runtimes write, and stack traces. What the platform says about an
invocation (REPORT, "Task timed out", the extension's record) is ``ops.insight.reportlines``' matter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from handler import contract
from ops.deadletters.causes import stacktraces
from ops.insight import reportlines

HANDLER_LOG, TRACEBACK, REPORT_LINE = "handler log", "traceback", "report line"
LOGGED = "logged error"
"""The error type of a line that is an error and names no type."""
FAILURES = (
    r"\"(?:log_?)?[lL]evel\": ?(?:[56]0\b|\"(?:error|ERROR|CRITICAL|FATAL|fatal)\")|\"errorType\": ?\""
    r"|\"status\": ?\"(?:error|failure|timeout)\"|Status: (?:error|failure|timeout)|Task timed out after"
    r"|Traceback \(most recent call last\)|^\[ERROR\]|\tERROR\t"
    r"|^RequestId: \S+ (?:Error: |Process exited)|\n\s+at \S+ ?\("
    r"|^\s+File \".+\", line [0-9]+|^[A-Za-z_][A-Za-z0-9_.]*(?:Error|Exception)(?::|$)"
)
"""Of the messages that tell of a failure; a regular expression of Logs Insights and of Python. No slash in it."""

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_IDS = re.compile(_UUID)
_REQUEST = re.compile(
    rf"RequestId: ?({_UUID})|\t({_UUID})\t|(?:aws_?)?request_?id[\"']?\s*[:=]\s*[\"']?({_UUID})", re.IGNORECASE
)
_EXITED = re.compile(
    rf"^RequestId: ({_UUID}) (?:Error: (.+?)|Process exited before completing request)\s*$", re.MULTILINE
)
_TEXT_ERROR = re.compile(rf"^(?:\[ERROR\]|\S+\t{_UUID}\tERROR)\s+(?:(\S+)\t({_UUID})\t)?(.*)", re.DOTALL)
_TYPED = re.compile(r"^([A-Za-z_$][\w.$]*(?:Error|Exception|Failure|Fault)): ?(.*)$", re.DOTALL)
_VERSION = re.compile(r"\[([^\]]+)\]")
_REQUEST_KEYS = (contract.LOG_REQUEST_ID, "requestId", "AWSRequestId", "awsRequestId", "aws_request_id", "request_id")
_LEVEL_KEYS = ("level", "log_level", "logLevel", "levelname", "severity")
_BAD = frozenset({"ERROR", "CRITICAL", "FATAL", "SEVERE"})
_BAD_NUMBER = 50
"""bunyan's and pino's number of an error; a fatal one has 60."""
_MESSAGE_KEYS = (contract.LOG_MESSAGE_ID, "messageId", "MessageId", "sqs_message_id", "sqsMessageId")


@dataclass(frozen=True)
class Said:
    """What one line tells: which messages it names, of which request, and the failure where it tells of one.

    ``message_ids``: those that a field names; ``mentioned``: every UUID in the line. ``text``: its own words.
    ``chain``: the errors that wrapped the one that is told, outermost first, as ``Type: message``. ``unhandled``: the
    runtime wrote it, about what left the handler.
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
    unhandled: bool = False

    @property
    def version(self) -> str:
        """The function's version, by the log stream's name."""
        found = _VERSION.search(self.stream)
        return found[1] if found else ""


def read(row: Mapping[str, str]) -> Said | None:
    """One row of Logs Insights (``@timestamp``, ``@message``, ``@logStream``); None when it has no time."""
    at = reportlines.moment(row.get("@timestamp", ""))
    if at is None:
        return None
    message = row.get("@message", "")
    plain = Said(at, row.get("@logStream", ""), message, mentioned=frozenset(_IDS.findall(message)))
    record = _object(message)
    return _of_text(plain, message) if record is None else _of_record(plain, record)


def _object(message: str) -> dict[str, Any] | None:
    """The JSON object in a line, also behind Node.js' prefix (time, request id and level, separated by tabs)."""
    start = message.find("{")
    if start < 0 or (start > 0 and "\t" not in message[:start]):
        return None
    try:
        record = json.loads(message[start:])
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and (start == 0 or "errorType" in record) else None


def _of_record(plain: Said, record: Mapping[str, Any]) -> Said:
    batch = record.get("message") == contract.LOG_BATCH
    named = record.get("message_ids") if batch else [record.get(key) for key in _MESSAGE_KEYS]
    level = next((record[key] for key in _LEVEL_KEYS if record.get(key)), "")
    said = record.get("message", record.get("msg", ""))
    plain = replace(
        plain,
        text=said if isinstance(said, str) else plain.text,
        request_id=_first(record, _REQUEST_KEYS) or _request_in(plain.text),
        message_ids=frozenset(str(one) for one in named if one) if isinstance(named, list) else frozenset(),
        batch=batch,
        level=str(level),
        job_kind=_first(record, (contract.LOG_JOB_KIND,)),
    )
    bad = level >= _BAD_NUMBER if isinstance(level, int) else str(level).upper() in _BAD
    if not bad and "errorType" not in record:
        return plain
    kind, text, place = _error(record)
    return replace(plain, failed=True, error_type=kind, error_message=text, location=place)


def _error(record: Mapping[str, Any]) -> tuple[str, str, str]:
    """Type, message and location in an error record, whichever logger wrote it."""
    inner: Mapping[str, Any] = {}
    for key in ("error", "err", "exception", "message", "exc_info"):
        if isinstance(value := record.get(key), dict):
            inner = value
            break
    stack = _first(record, ("exception", "stack_trace", "stackTrace", "stack", "traceback", "exc_info")) or _first(
        inner, ("stack", "stackTrace", "stacktrace", "stack_trace", "trace")
    )
    trace = stacktraces.parse(stack)
    kind = (
        _first(record, (contract.LOG_ERROR_TYPE, "exception_name", "errorType", "error_name"))
        or _first(inner, ("errorType", "name", "type", "class", "code"))
        or (trace.error_type if trace else "")
    )
    text = (
        _first(record, (contract.LOG_ERROR_MESSAGE, "errorMessage"))
        or _first(inner, ("errorMessage", "message", "msg"))
        or (trace.error_message if trace else "")
        or _first(record, ("error", "message", "msg"))
    )
    return kind or LOGGED, text, _frames(record) or (trace.location if trace else stacktraces.location(stack))


def _frames(record: Mapping[str, Any]) -> str:
    """The innermost own frame of Powertools' ``stack_trace``, which holds the frames as objects."""
    trace = record.get("stack_trace")
    frames = trace.get("frames") if isinstance(trace, dict) else None
    for frame in reversed(frames if isinstance(frames, list) else []):
        path = str(frame.get("file", "")) if isinstance(frame, dict) else ""
        if path and not stacktraces.FOREIGN.search(path):
            return stacktraces.own_frame(path, frame.get("line", ""), str(frame.get("function", "")))
    return ""


def _of_text(plain: Said, message: str) -> Said:
    plain = replace(plain, request_id=_request_in(message))
    if exited := _EXITED.search(message):
        kind, text = _exit(exited[2] or "Process exited before completing request", message)
        return replace(plain, failed=True, source=REPORT_LINE, error_type=kind, error_message=text)
    if trace := stacktraces.parse(message):
        kind, text, place = trace.error_type, trace.error_message, trace.location
        return replace(plain, failed=True, source=TRACEBACK, error_type=kind, error_message=text, location=place)
    if error := _TEXT_ERROR.match(message):
        text = " ".join(error[3].split())
        typed = _TYPED.match(text)
        kind, text = (typed[1], typed[2]) if typed else (LOGGED, text)
        return replace(plain, failed=True, level="ERROR", error_type=kind, error_message=text)
    return plain


def _exit(what: str, message: str) -> tuple[str, str]:
    """How the runtime's process ended. A kill by signal 9 is nearly always the memory limit."""
    if "signal: killed" in what:
        return "Runtime.OutOfMemory", f"{what}, as Lambda does for memory"
    last = message.rstrip().rsplit("\n", 1)[-1].strip()
    return last if " " not in last else "Runtime.ExitError", what


def _request_in(text: str) -> str:
    found = _REQUEST.search(text)
    return next((group for group in found.groups() if group), "") if found else ""


def _first(record: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    """The first of ``keys`` that holds text (or lines of it), or a number."""
    for key in keys:
        value = record.get(key)
        if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
            return "\n".join(value)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""
