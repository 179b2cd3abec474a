"""How Java and .NET loggers write a line and an error."""

from __future__ import annotations

import json
from datetime import datetime

from tests.fakes.log_formats.common import (
    Failure,
    comma_time,
    dotnet_stack,
    iso_time,
    java_stack,
)


def log4j_line(at: datetime, request: str, level: str, text: str) -> str:
    return f"{comma_time(at)[:-4]} {request} {level:5} Handler:31 - {text}"


def log4j_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    return f"{log4j_line(at, request, 'ERROR', text)}\n{java_stack(failure)}"


def log4j_json_line(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps(
        {
            "instant": {"epochSecond": int(at.timestamp()), "nanoOfSecond": at.microsecond * 1000},
            "thread": "main",
            "level": level,
            "loggerName": "shop.Handler",
            "message": text,
            "endOfBatch": False,
            "loggerFqcn": "org.apache.logging.slf4j.Log4jLogger",
        }
    )


def log4j_json_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    thrown = {
        "commonElementCount": 0,
        "localizedMessage": failure.message,
        "message": failure.message,
        "name": failure.type,
        "extendedStackTrace": [{"class": "shop.Booking", "method": "book", "file": "Booking.java", "line": 12}],
    }
    return json.dumps({**json.loads(log4j_json_line(at, request, "ERROR", text)), "thrown": thrown})


def spring_line(at: datetime, request: str, level: str, text: str) -> str:
    return f"{iso_time(at)} {level:>5} 8 --- [           main] shop.Handler                             : {text}"


def spring_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    return f"{spring_line(at, request, 'ERROR', text)}\n\n{java_stack(failure)}"


def logback_line(at: datetime, request: str, level: str, text: str) -> str:
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03} [main] {level:5} shop.Handler -- {text}"


def logback_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    return f"{logback_line(at, request, 'ERROR', text)}\n{java_stack(failure)}"


def ecs_line(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps(
        {
            "@timestamp": iso_time(at),
            "log.level": level,
            "message": text,
            "ecs.version": "1.2.0",
            "service.name": "shop",
        }
    )


def ecs_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    error = {
        "error.type": failure.type,
        "error.message": failure.message,
        "error.stack_trace": java_stack(failure),
    }
    return json.dumps({**json.loads(ecs_line(at, request, "ERROR", text)), **error})


def powertools_java_line(at: datetime, request: str, level: str, text: str) -> str:
    record = {"level": level, "message": text, "timestamp": iso_time(at), "service": "shop", "cold_start": False}
    return json.dumps({**record, "function_request_id": request} if request else record)


def powertools_java_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    error = {"message": failure.message, "name": failure.type, "stack": java_stack(failure)}
    return json.dumps({**json.loads(powertools_java_line(at, request, "ERROR", text)), "error": error})


def dotnet_line(at: datetime, request: str, level: str, text: str) -> str:
    word = {"INFO": "info", "ERROR": "fail"}[level]
    return f"{iso_time(at)}\t{request}\t{word}\t{text}"


def dotnet_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    return dotnet_line(at, request, "ERROR", f"{text}\n{dotnet_stack(failure)}")


def serilog_line(at: datetime, request: str, level: str, text: str) -> str:
    record = {"@t": iso_time(at), "@mt": text, "SourceContext": "Shop.Function"}
    return json.dumps({**record, "@l": "Error"} if level == "ERROR" else record)


def serilog_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    return json.dumps({**json.loads(serilog_line(at, request, "ERROR", text)), "@x": dotnet_stack(failure)})
