"""What the log formats share: failures, error types by language, times and stack traces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Failure:
    type: str
    message: str


@dataclass(frozen=True)
class LogFormat:
    """``log_line(at, request, level, text)``: a line of INFO or ERROR. ``error_line(at, request, text, failure)``: an
    error with its trace. ``types``: the language's error type by kind of failure. ``typed``: whether lines have it."""

    name: str
    log_line: Callable[[datetime, str, str, str], str]
    error_line: Callable[[datetime, str, str, Failure], str]
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


def iso_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def comma_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S,") + f"{at.microsecond // 1000:03}"


def epoch_ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


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
