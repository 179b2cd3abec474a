"""How Node.js loggers write a line and an error."""

from __future__ import annotations

import json
from datetime import datetime

from tests.fakes.log_formats.common import (
    Failure,
    epoch_ms,
    iso_time,
    node_stack,
)


def console_line(at: datetime, request: str, level: str, text: str) -> str:
    return f"{iso_time(at)}\t{request or 'undefined'}\t{level}\t{text}"


def console_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    return console_line(at, request, "ERROR", f"{text} {node_stack(failure)}")


def console_json_line(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps({"timestamp": iso_time(at), "level": level, "requestId": request, "message": text})


def console_json_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    error = {
        "errorType": failure.type,
        "errorMessage": failure.message,
        "stackTrace": node_stack(failure).split("\n"),
    }
    return json.dumps({"timestamp": iso_time(at), "level": "ERROR", "requestId": request, "message": text, **error})


def pino_line(at: datetime, request: str, level: str, text: str) -> str:
    number = {"INFO": 30, "ERROR": 50}[level]
    return json.dumps({"level": number, "time": epoch_ms(at), "pid": 8, "hostname": "169.254.1.2", "msg": text})


def pino_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    error = {"type": failure.type, "message": failure.message, "stack": node_stack(failure)}
    return json.dumps({**json.loads(pino_line(at, request, "ERROR", text)), "err": error})


def bunyan_line(at: datetime, request: str, level: str, text: str) -> str:
    number = {"INFO": 30, "ERROR": 50}[level]
    return json.dumps(
        {"name": "shop", "hostname": "h", "pid": 8, "level": number, "msg": text, "time": iso_time(at), "v": 0}
    )


def bunyan_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    error = {"message": failure.message, "name": failure.type, "stack": node_stack(failure)}
    return json.dumps({**json.loads(bunyan_line(at, request, "ERROR", text)), "err": error})


def winston_line(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps({"level": level.lower(), "message": text, "timestamp": iso_time(at)})


def winston_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    return json.dumps({**json.loads(winston_line(at, request, "ERROR", text)), "stack": node_stack(failure)})


def powertools_ts_line(at: datetime, request: str, level: str, text: str) -> str:
    record = {"level": level, "message": text, "timestamp": iso_time(at), "service": "shop", "sampling_rate": 0}
    return json.dumps({**record, "function_request_id": request} if request else record)


def powertools_ts_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    error = {
        "name": failure.type,
        "location": "/var/task/booking.js:12",
        "message": failure.message,
        "stack": node_stack(failure),
    }
    return json.dumps({**json.loads(powertools_ts_line(at, request, "ERROR", text)), "error": error})
