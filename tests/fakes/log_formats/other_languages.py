"""How loggers of Go, Rust, Ruby, PHP and Google's format write a line and an error."""

from __future__ import annotations

import json
from datetime import datetime

from tests.fakes.log_formats.common import (
    Failure,
    iso_time,
    python_trace,
)


def slog_line(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps({"time": iso_time(at), "level": level, "msg": text})


def slog_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    return json.dumps({"time": iso_time(at), "level": "ERROR", "msg": text, "err": failure.message})


def zap_line(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps({"level": level.lower(), "ts": at.timestamp(), "caller": "shop/main.go:31", "msg": text})


def zap_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    trace = "main.handle\n\t/build/shop/main.go:31\nmain.main\n\t/build/shop/main.go:12"
    return json.dumps(
        {**json.loads(zap_line(at, request, "ERROR", text)), "error": failure.message, "stacktrace": trace}
    )


def logrus_line(at: datetime, request: str, level: str, text: str) -> str:
    return f'time="{iso_time(at)}" level={level.lower()} msg={json.dumps(text)}'


def logrus_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    return f"{logrus_line(at, request, 'ERROR', text)} error={json.dumps(failure.message)}"


def tracing_line(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps({"timestamp": iso_time(at), "level": level, "fields": {"message": text}, "target": "shop"})


def tracing_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    fields = {"message": text, "error": failure.message}
    return json.dumps({"timestamp": iso_time(at), "level": "ERROR", "fields": fields, "target": "shop"})


def ruby_line(at: datetime, request: str, level: str, text: str, program: str = "") -> str:
    return f"{level[0]}, [{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06} #8] {level:>5} -- {program}: {text}"


def ruby_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    trace = "/var/task/booking.rb:12:in `book'\n/var/task/app.rb:31:in `handle'"
    return ruby_line(at, request, "ERROR", f"{failure.message} ({failure.type})\n{trace}", text)


def monolog_line(at: datetime, request: str, level: str, text: str) -> str:
    number = {"INFO": 200, "ERROR": 400}[level]
    record = {"message": text, "context": {}, "level": number, "level_name": level, "channel": "app"}
    return json.dumps({**record, "datetime": iso_time(at), "extra": {}})


def monolog_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    error = {"class": failure.type, "message": failure.message, "code": 0, "file": "/var/task/src/Booking.php:12"}
    return json.dumps({**json.loads(monolog_line(at, request, "ERROR", text)), "context": {"exception": error}})


def severity_line(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps({"severity": level, "message": text, "time": iso_time(at)})


def severity_error(at: datetime, request: str, text: str, failure: Failure) -> str:
    return json.dumps({"severity": "ERROR", "message": f"{text}\n{python_trace(failure)}", "time": iso_time(at)})
