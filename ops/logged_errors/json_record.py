"""Why something failed, by a JSON record, whichever logger wrote it: the root cause with what wrapped it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ops.logged_errors import json_fields
from ops.logged_errors.record_keys import (
    ERROR_KEYS,
    INNER_CAUSE,
    INNER_REASON,
    INNER_STACK,
    INNER_TYPE,
    REASON_KEYS,
    STACK_KEYS,
    TYPE_KEYS,
    WORDS_KEYS,
)
from ops.logged_errors.stack_traces import frames, python_traces, root_cause
from ops.logged_errors.stack_traces.thrown_error import MAX_LABEL_CHARS, ThrownError, chain_errors, split_type

MAX_ERROR_DEPTH, MAX_SIBLING_ERRORS = 10, 20
"""Errors in errors, and errors side by side, that are read."""
_WORDS_TOO = frozenset({"message", "msg"})
_PARTS = ("fields", "context", "extra", "data", "attributes", "Properties", "details", "meta", "error", "err")
_REASON = re.compile(r"^(?!.*(?:[tT]ype|[cC]ode|[nN]ame|[lL]evel|[iI]d|[kK]ind|[sS]tack|[tT]race)$)"
                     r".*(?:[eE]rr|[eE]xception|[rR]eason|[cC]ause|[dD]etail|[fF]ault)")  # fmt: skip
"""Names under which a record may hold the reason, if no other does."""
_FILE = re.compile(r"(/[^\n]{1,300}):(\d+)$")


def failure(record: Mapping[str, Any]) -> ThrownError:
    """The failure that an error record reports; its type is empty where nothing names one."""
    message = own_words(record)
    inner = next(_errors(record), {})
    kind = json_fields.text(record, TYPE_KEYS)
    in_text = _told_in_text(record)
    reason = json_fields.text(record, REASON_KEYS) or json_fields.text(inner, INNER_REASON) or in_text
    stack = (
        json_fields.text(record, STACK_KEYS)
        or json_fields.text(inner, INNER_STACK)
        or (message if "\n" in message else "")
    )
    outer = _thrown(kind or _kind(inner), reason, stack, _place(record) or _place(inner))
    found = _root(outer, _behind(inner) or (_behind(record) if kind else _behind(record, INNER_CAUSE[:1])))
    if not found.error_type and (parts := split_type(found.error_message or message)):
        found = replace(found, error_type=parts[0], error_message=parts[1])
    if not found.error_message and not (found.error_type and stack):
        return replace(found, error_message=message or _any_words(record))
    if in_text and message and message != in_text and not found.error_type:
        return replace(found, chain=(message[:MAX_LABEL_CHARS], *found.chain))
    return found


def own_words(record: Mapping[str, Any]) -> str:
    """The record's own message."""
    return next((value for _, value in json_fields.values(record, WORDS_KEYS) if isinstance(value, str) and value), "")


def _root(outer: ThrownError, behind: list[Any]) -> ThrownError:
    links, others = [outer], list[ThrownError]()
    while behind and len(links) < MAX_ERROR_DEPTH:
        links.append(_of_object(behind[0]))
        others = [_of_object(cause) for cause in behind[1:MAX_SIBLING_ERRORS]]
        behind = _behind(behind[0])
    return chain_errors(links, others)


def _thrown(kind: str, reason: str, stack: str, place: str) -> ThrownError:
    """The error that the record names, completed by its trace: only the trace shows where it wraps another error."""
    if python_traces.HEAD in reason:
        return python_traces.parse(root_cause.plain_lines(f"[ERROR] {kind}: {reason}\n{python_traces.HEAD}\n{stack}"))
    trace = root_cause.read(stack) if stack else None
    place = place or (trace.location if trace else "") or root_cause.location(stack)
    if trace and trace.chain and trace.error_type:
        return replace(trace, location=trace.location or place)
    if trace and not kind:
        kind, reason = trace.error_type, trace.error_message or reason
    return ThrownError(kind, " ".join((reason or (trace.error_message if trace else "")).split()), place)


def _of_object(value: Any) -> ThrownError:
    if isinstance(value, str):
        return ThrownError(*(split_type(value) or ("", value)))
    return _thrown(
        _kind(value), json_fields.text(value, INNER_REASON), json_fields.text(value, INNER_STACK), _place(value)
    )


def _kind(error: Mapping[str, Any]) -> str:
    return next(
        (v for _, v in json_fields.values(error, INNER_TYPE) if isinstance(v, str) and v and not v.isdigit()), ""
    )


def _errors(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Error objects of a record. Its message may be one, or any object that was logged."""
    for key in ERROR_KEYS:
        for holder in json_fields.objects(record, (key,)):
            if key not in _WORDS_TOO or "errorType" in holder or "stack" in holder:
                yield holder


def _told_in_text(record: Mapping[str, Any]) -> str:
    """An error that is text, as Go's loggers write it."""
    keys = [key for key in ERROR_KEYS if key not in _WORDS_TOO and key not in STACK_KEYS]
    inner = (item for holder in json_fields.objects(record, _PARTS) for item in holder.items())
    others = {key: value for key, value in (*inner, *record.items()) if key not in STACK_KEYS and _REASON.search(key)}
    return json_fields.text(record, keys) or json_fields.text(others, others)


def _behind(error: Any, keys: tuple[str, ...] = INNER_CAUSE) -> list[Any]:
    """The errors that an error names as its cause: objects, or texts that start with a type."""
    if not isinstance(error, dict):
        return []
    for _, value in json_fields.values(error, keys):
        some = value if isinstance(value, list) else [value]
        if found := [it for it in some if (isinstance(it, dict) and it) or (isinstance(it, str) and split_type(it))]:
            return found
    return []


def _place(error: Mapping[str, Any]) -> str:
    """The innermost own frame of a trace that is objects, or of PHP's ``file``."""
    for key, value in json_fields.values(error, (*STACK_KEYS, *INNER_STACK)):
        if isinstance(value, dict) and isinstance(value.get("frames"), list):
            return frames.location(frames.of_objects(value["frames"]), innermost_last=True)
        own = frames.of_objects(value) if isinstance(value, list) else []
        if place := frames.location(own, innermost_last=key == "frames"):
            return place
        if isinstance(value, str) and key == "file" and (found := _FILE.match(value)):
            return frames.location([frames.Frame(found[1], found[2], "")])
    return ""


def _any_words(record: Mapping[str, Any]) -> str:
    """The message of a record that has it under no known name."""
    inner = [value for holder in record.values() if isinstance(holder, dict) for value in holder.values()]
    return next(
        (text[:MAX_LABEL_CHARS] for text in (*record.values(), *inner) if isinstance(text, str) and " " in text), ""
    )
