"""How loggers and runtimes write a line, from their own documentation and sources: what the bench of causes reads back.

Written apart from ``ops.deadletters.causes``, of which nothing is imported here, so that the bench can fail.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Failure:
    type: str
    message: str


@dataclass(frozen=True)
class Shape:
    """``says(at, request, level, text)``: a line of INFO or ERROR. ``fails(at, request, text, failure)``: an error with
    its trace. ``types``: by kind of failure, as the language names them; ``typed``: whether the shape writes them."""

    name: str
    says: Callable[[datetime, str, str, str], str]
    fails: Callable[[datetime, str, str, Failure], str]
    types: dict[str, str]
    typed: bool = True


_KINDS = ("missing", "invalid", "busy", "gone", "denied")


def _types(names: str) -> dict[str, str]:
    return dict(zip(_KINDS, names.split(), strict=True))


PYTHON = _types("KeyError ValueError requests.exceptions.HTTPError requests.exceptions.HTTPError PermissionError")
NODE = _types("TypeError ValidationError AxiosError AxiosError AccessDeniedException")
JAVA = _types(
    "java.util.NoSuchElementException java.lang.IllegalArgumentException shop.UpstreamException "
    "shop.UpstreamException java.lang.SecurityException"
)
DOTNET = _types(
    "System.Collections.Generic.KeyNotFoundException System.ArgumentException System.Net.Http.HttpRequestException "
    "System.Net.Http.HttpRequestException System.UnauthorizedAccessException"
)
GO = _types("*errors.errorString *shop.InvalidError *shop.UpstreamError *shop.UpstreamError *fs.PathError")
RUBY = _types("KeyError ArgumentError Faraday::ServerError Faraday::ServerError Errno::EACCES")
PHP = _types("OutOfBoundsException InvalidArgumentException App\\UpstreamError App\\UpstreamError RuntimeException")


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def _comma(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S,") + f"{at.microsecond // 1000:03}"


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


# --- traces -----------------------------------------------------------------------------------------------------------


def python_trace(failure: Failure) -> str:
    return (
        "Traceback (most recent call last):\n"
        '  File "/var/task/app.py", line 31, in handle\n    book(order)\n'
        '  File "/var/task/shop/booking.py", line 12, in book\n    raise found\n'
        f"{failure.type}: {failure.message}"
    )


def node_stack(failure: Failure) -> str:
    return (
        f"{failure.type}: {failure.message}\n    at book (/var/task/booking.js:12:9)\n"
        "    at Runtime.handler (/var/task/index.js:31:5)\n"
        "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"
    )


def java_stack(failure: Failure) -> str:
    return (
        f"{failure.type}: {failure.message}\n\tat shop.Booking.book(Booking.java:12)\n"
        "\tat shop.Handler.handle(Handler.java:31)"
        "\n\tat java.base/java.lang.Thread.run(Thread.java:1583)"
    )


def dotnet_stack(failure: Failure) -> str:
    return (
        f"{failure.type}: {failure.message}\n   at Shop.Booking.Book(Order order) in /src/Booking.cs:line 12\n"
        "   at Shop.Function.Handle(SQSEvent event) in /src/Function.cs:line 31"
    )


# --- Python -----------------------------------------------------------------------------------------------------------


def _python_text(at: datetime, request: str, level: str, text: str) -> str:
    return f"[{level}]\t{_iso(at)}\t{request}\t{text}"


def _python_text_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    return f"[ERROR]\t{_iso(at)}\t{request}\t{text}\n{python_trace(failure)}"


def _python_plain(at: datetime, request: str, level: str, text: str) -> str:
    return f"{_comma(at)} - shop.app - {level} - {text}"


def _python_plain_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    return f"{_python_plain(at, request, 'ERROR', text)}\n{python_trace(failure)}"


def _json_logger(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps({"asctime": _comma(at), "name": "shop", "levelname": level, "message": text})


def _json_logger_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    record = {"asctime": _comma(at), "name": "shop", "levelname": "ERROR", "message": text}
    return json.dumps({**record, "exc_info": python_trace(failure)})


def _powertools(at: datetime, request: str, level: str, text: str) -> str:
    record = {"level": level, "location": "handle:31", "message": text, "timestamp": _comma(at) + "+0000"}
    return json.dumps({**record, "service": "shop", "function_request_id": request} if request else record)


def _powertools_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    record = json.loads(_powertools(at, request, "ERROR", text))
    name = failure.type.rpartition(".")[2]
    return json.dumps({**record, "exception": python_trace(failure), "exception_name": name})


def _lambda_json(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps({"timestamp": _iso(at), "level": level, "message": text, "logger": "root", "requestId": request})


def _lambda_json_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    frames = [f"  File{frame}" for frame in python_trace(failure).rpartition("\n")[0].split("  File")[1:]]
    named = {"errorType": failure.type.rpartition(".")[2], "errorMessage": failure.message}
    return json.dumps({**json.loads(_lambda_json(at, request, "ERROR", text)), **named, "stackTrace": frames})


# --- Node.js ----------------------------------------------------------------------------------------------------------


def _console(at: datetime, request: str, level: str, text: str) -> str:
    return f"{_iso(at)}\t{request or 'undefined'}\t{level}\t{text}"


def _console_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    return _console(at, request, "ERROR", f"{text} {node_stack(failure)}")


def _console_json(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps({"timestamp": _iso(at), "level": level, "requestId": request, "message": text})


def _console_json_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    error = {
        "errorType": failure.type,
        "errorMessage": failure.message,
        "stackTrace": node_stack(failure).split("\n"),
    }
    return json.dumps({"timestamp": _iso(at), "level": "ERROR", "requestId": request, "message": text, **error})


def _pino(at: datetime, request: str, level: str, text: str) -> str:
    number = {"INFO": 30, "ERROR": 50}[level]
    return json.dumps({"level": number, "time": _ms(at), "pid": 8, "hostname": "169.254.1.2", "msg": text})


def _pino_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    error = {"type": failure.type, "message": failure.message, "stack": node_stack(failure)}
    return json.dumps({**json.loads(_pino(at, request, "ERROR", text)), "err": error})


def _bunyan(at: datetime, request: str, level: str, text: str) -> str:
    number = {"INFO": 30, "ERROR": 50}[level]
    return json.dumps(
        {"name": "shop", "hostname": "h", "pid": 8, "level": number, "msg": text, "time": _iso(at), "v": 0}
    )


def _bunyan_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    error = {"message": failure.message, "name": failure.type, "stack": node_stack(failure)}
    return json.dumps({**json.loads(_bunyan(at, request, "ERROR", text)), "err": error})


def _winston(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps({"level": level.lower(), "message": text, "timestamp": _iso(at)})


def _winston_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    return json.dumps({**json.loads(_winston(at, request, "ERROR", text)), "stack": node_stack(failure)})


def _powertools_ts(at: datetime, request: str, level: str, text: str) -> str:
    record = {"level": level, "message": text, "timestamp": _iso(at), "service": "shop", "sampling_rate": 0}
    return json.dumps({**record, "function_request_id": request} if request else record)


def _powertools_ts_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    error = {
        "name": failure.type,
        "location": "/var/task/booking.js:12",
        "message": failure.message,
        "stack": node_stack(failure),
    }
    return json.dumps({**json.loads(_powertools_ts(at, request, "ERROR", text)), "error": error})


# --- Java -------------------------------------------------------------------------------------------------------------


def _log4j(at: datetime, request: str, level: str, text: str) -> str:
    return f"{_comma(at)[:-4]} {request} {level:5} Handler:31 - {text}"


def _log4j_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    return f"{_log4j(at, request, 'ERROR', text)}\n{java_stack(failure)}"


def _log4j_json(at: datetime, request: str, level: str, text: str) -> str:
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


def _log4j_json_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    thrown = {
        "commonElementCount": 0,
        "localizedMessage": failure.message,
        "message": failure.message,
        "name": failure.type,
        "extendedStackTrace": [{"class": "shop.Booking", "method": "book", "file": "Booking.java", "line": 12}],
    }
    return json.dumps({**json.loads(_log4j_json(at, request, "ERROR", text)), "thrown": thrown})


def _spring(at: datetime, request: str, level: str, text: str) -> str:
    return f"{_iso(at)} {level:>5} 8 --- [           main] shop.Handler                             : {text}"


def _spring_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    return f"{_spring(at, request, 'ERROR', text)}\n\n{java_stack(failure)}"


def _logback(at: datetime, request: str, level: str, text: str) -> str:
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03} [main] {level:5} shop.Handler -- {text}"


def _logback_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    return f"{_logback(at, request, 'ERROR', text)}\n{java_stack(failure)}"


def _ecs(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps(
        {"@timestamp": _iso(at), "log.level": level, "message": text, "ecs.version": "1.2.0", "service.name": "shop"}
    )


def _ecs_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    error = {
        "error.type": failure.type,
        "error.message": failure.message,
        "error.stack_trace": java_stack(failure),
    }
    return json.dumps({**json.loads(_ecs(at, request, "ERROR", text)), **error})


def _powertools_java(at: datetime, request: str, level: str, text: str) -> str:
    record = {"level": level, "message": text, "timestamp": _iso(at), "service": "shop", "cold_start": False}
    return json.dumps({**record, "function_request_id": request} if request else record)


def _powertools_java_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    error = {"message": failure.message, "name": failure.type, "stack": java_stack(failure)}
    return json.dumps({**json.loads(_powertools_java(at, request, "ERROR", text)), "error": error})


# --- .NET -------------------------------------------------------------------------------------------------------------


def _dotnet(at: datetime, request: str, level: str, text: str) -> str:
    word = {"INFO": "info", "ERROR": "fail"}[level]
    return f"{_iso(at)}\t{request}\t{word}\t{text}"


def _dotnet_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    return _dotnet(at, request, "ERROR", f"{text}\n{dotnet_stack(failure)}")


def _serilog(at: datetime, request: str, level: str, text: str) -> str:
    record = {"@t": _iso(at), "@mt": text, "SourceContext": "Shop.Function"}
    return json.dumps({**record, "@l": "Error"} if level == "ERROR" else record)


def _serilog_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    return json.dumps({**json.loads(_serilog(at, request, "ERROR", text)), "@x": dotnet_stack(failure)})


# --- Go, Rust, Ruby, PHP ----------------------------------------------------------------------------------------------


def _slog(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps({"time": _iso(at), "level": level, "msg": text})


def _slog_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    return json.dumps({"time": _iso(at), "level": "ERROR", "msg": text, "err": failure.message})


def _zap(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps({"level": level.lower(), "ts": at.timestamp(), "caller": "shop/main.go:31", "msg": text})


def _zap_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    trace = "main.handle\n\t/build/shop/main.go:31\nmain.main\n\t/build/shop/main.go:12"
    return json.dumps({**json.loads(_zap(at, request, "ERROR", text)), "error": failure.message, "stacktrace": trace})


def _logrus(at: datetime, request: str, level: str, text: str) -> str:
    return f'time="{_iso(at)}" level={level.lower()} msg={json.dumps(text)}'


def _logrus_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    return f"{_logrus(at, request, 'ERROR', text)} error={json.dumps(failure.message)}"


def _tracing(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps({"timestamp": _iso(at), "level": level, "fields": {"message": text}, "target": "shop"})


def _tracing_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    fields = {"message": text, "error": failure.message}
    return json.dumps({"timestamp": _iso(at), "level": "ERROR", "fields": fields, "target": "shop"})


def _ruby(at: datetime, request: str, level: str, text: str, program: str = "") -> str:
    return f"{level[0]}, [{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06} #8] {level:>5} -- {program}: {text}"


def _ruby_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    trace = "/var/task/booking.rb:12:in `book'\n/var/task/app.rb:31:in `handle'"
    return _ruby(at, request, "ERROR", f"{failure.message} ({failure.type})\n{trace}", text)


def _monolog(at: datetime, request: str, level: str, text: str) -> str:
    number = {"INFO": 200, "ERROR": 400}[level]
    record = {"message": text, "context": {}, "level": number, "level_name": level, "channel": "app"}
    return json.dumps({**record, "datetime": _iso(at), "extra": {}})


def _monolog_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    error = {"class": failure.type, "message": failure.message, "code": 0, "file": "/var/task/src/Booking.php:12"}
    return json.dumps({**json.loads(_monolog(at, request, "ERROR", text)), "context": {"exception": error}})


def _severity(at: datetime, request: str, level: str, text: str) -> str:
    return json.dumps({"severity": level, "message": text, "time": _iso(at)})


def _severity_fails(at: datetime, request: str, text: str, failure: Failure) -> str:
    return json.dumps({"severity": "ERROR", "message": f"{text}\n{python_trace(failure)}", "time": _iso(at)})


# --- what runtimes write of an error that nothing caught --------------------------------------------------------------


def _python_unhandled(at: datetime, request: str, failure: Failure) -> list[str]:
    name = failure.type.rpartition(".")[2]
    return [f"[ERROR] {name}: {failure.message}\n{python_trace(failure).rpartition(chr(10))[0]}"]


def _node_unhandled(at: datetime, request: str, failure: Failure) -> list[str]:
    error = {"errorType": failure.type, "errorMessage": failure.message, "stack": node_stack(failure).split("\n")}
    return [f"{_iso(at)}\t{request}\tERROR\tInvoke Error \t{json.dumps(error)}"]


def _java_unhandled(at: datetime, request: str, failure: Failure) -> list[str]:
    return [f"{failure.message}: {failure.type}\n{java_stack(failure)}\n"]


def _dotnet_unhandled(at: datetime, request: str, failure: Failure) -> list[str]:
    return [f"{_iso(at)}\t{request}\tfail\t{dotnet_stack(failure)}"]


def _ruby_unhandled(at: datetime, request: str, failure: Failure) -> list[str]:
    frames = ["/var/task/booking.rb:12:in `book'", "/var/task/app.rb:31:in `handle'"]
    error = {"errorMessage": failure.message, "errorType": f"Function<{failure.type}>", "stackTrace": frames}
    return [f"Error raised from handler method\n{json.dumps(error, indent=2)}"]


def _php_unhandled(at: datetime, request: str, failure: Failure) -> list[str]:
    error = {
        "errorType": failure.type,
        "errorMessage": failure.message,
        "stack": ["#0 /var/task/src/Booking.php(12): book()"],
    }
    return [f"{request}\tInvoke Error\t{json.dumps(error)}"]


def java_pieces(at: datetime, request: str, failure: Failure) -> list[str]:
    """An event per line, as ``printStackTrace`` writes."""
    return java_stack(failure).split("\n")


def python_pieces(at: datetime, request: str, failure: Failure) -> list[str]:
    """An event per line, as ``traceback.print_exc`` writes."""
    return python_trace(failure).split("\n")


UNHANDLED: dict[int, Callable[[datetime, str, Failure], list[str]]] = {
    id(PYTHON): _python_unhandled,
    id(NODE): _node_unhandled,
    id(JAVA): _java_unhandled,
    id(DOTNET): _dotnet_unhandled,
    id(RUBY): _ruby_unhandled,
    id(PHP): _php_unhandled,
}
"""By the types of the language; Go and Rust write nothing of an error that a handler returns."""
PIECES = {id(PYTHON): python_pieces, id(JAVA): java_pieces}

SHAPES = (
    Shape("Python text", _python_text, _python_text_fails, PYTHON),
    Shape("Python logging, own format", _python_plain, _python_plain_fails, PYTHON),
    Shape("python-json-logger", _json_logger, _json_logger_fails, PYTHON),
    Shape("Powertools for Python", _powertools, _powertools_fails, PYTHON),
    Shape("Lambda JSON, Python", _lambda_json, _lambda_json_fails, PYTHON),
    Shape("severity", _severity, _severity_fails, PYTHON),
    Shape("Node.js console", _console, _console_fails, NODE),
    Shape("Lambda JSON, Node.js", _console_json, _console_json_fails, NODE),
    Shape("pino", _pino, _pino_fails, NODE),
    Shape("bunyan", _bunyan, _bunyan_fails, NODE),
    Shape("winston", _winston, _winston_fails, NODE),
    Shape("Powertools for TypeScript", _powertools_ts, _powertools_ts_fails, NODE),
    Shape("log4j2 text", _log4j, _log4j_fails, JAVA),
    Shape("log4j2 JSON", _log4j_json, _log4j_json_fails, JAVA),
    Shape("Spring Boot", _spring, _spring_fails, JAVA),
    Shape("logback", _logback, _logback_fails, JAVA),
    Shape("ECS", _ecs, _ecs_fails, JAVA),
    Shape("Powertools for Java", _powertools_java, _powertools_java_fails, JAVA),
    Shape(".NET", _dotnet, _dotnet_fails, DOTNET),
    Shape("Serilog", _serilog, _serilog_fails, DOTNET),
    Shape("slog", _slog, _slog_fails, GO, typed=False),
    Shape("zap", _zap, _zap_fails, GO, typed=False),
    Shape("logrus", _logrus, _logrus_fails, GO, typed=False),
    Shape("Rust tracing", _tracing, _tracing_fails, GO, typed=False),
    Shape("Ruby Logger", _ruby, _ruby_fails, RUBY),
    Shape("Monolog", _monolog, _monolog_fails, PHP),
)
