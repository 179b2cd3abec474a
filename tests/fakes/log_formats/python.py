"""How Python loggers write a line and an error."""

from __future__ import annotations

import json
from datetime import datetime

from tests.fakes.log_formats.common import (
    Failure,
    comma_time,
    iso_time,
    python_trace,
)


def python_text_line(at: datetime, request: str, level: str, text: str) -> str:
    return f"[{level}]\t{iso_time(at)}\t{request}\t{text}"


def python_text_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    return f"[ERROR]\t{iso_time(at)}\t{request}\t{text}\n{python_trace(failure)}"


def python_plain_line(at: datetime, request: str, level: str, text: str) -> str:
    return f"{comma_time(at)} - shop.app - {level} - {text}"


def python_plain_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    return f"{python_plain_line(at, request, 'ERROR', text)}\n{python_trace(failure)}"


def json_logger_line(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps({"asctime": comma_time(at), "name": "shop", "levelname": level, "message": text})


def json_logger_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    record = {"asctime": comma_time(at), "name": "shop", "levelname": "ERROR", "message": text}
    return json.dumps({**record, "exc_info": python_trace(failure)})


def powertools_line(at: datetime, request: str, level: str, text: str) -> str:
    record = {"level": level, "location": "handle:31", "message": text, "timestamp": comma_time(at) + "+0000"}
    return json.dumps({**record, "service": "shop", "function_request_id": request} if request else record)


def powertools_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    record = json.loads(powertools_line(at, request, "ERROR", text))
    name = failure.type.rpartition(".")[2]
    return json.dumps({**record, "exception": python_trace(failure), "exception_name": name})


def lambda_json_line(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps(
        {"timestamp": iso_time(at), "level": level, "message": text, "logger": "root", "requestId": request}
    )


def lambda_json_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    frames = [f"  File{frame}" for frame in python_trace(failure).rpartition("\n")[0].split("  File")[1:]]
    named = {"errorType": failure.type.rpartition(".")[2], "errorMessage": failure.message}
    return json.dumps({**json.loads(lambda_json_line(at, request, "ERROR", text)), **named, "stackTrace": frames})
