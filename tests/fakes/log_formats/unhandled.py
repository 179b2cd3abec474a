"""How runtimes write an error that the handler did not catch."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from tests.fakes.log_formats.common import (
    DOTNET,
    JAVA,
    NODE,
    PHP,
    PYTHON,
    RUBY,
    Failure,
    dotnet_stack,
    iso_time,
    java_stack,
    node_stack,
    python_trace,
)


def python_unhandled(at: datetime, request: str, failure: Failure) -> list[str]:
    name = failure.type.rpartition(".")[2]
    return [f"[ERROR] {name}: {failure.message}\n{python_trace(failure).rpartition(chr(10))[0]}"]


def node_unhandled(at: datetime, request: str, failure: Failure) -> list[str]:
    error = {"errorType": failure.type, "errorMessage": failure.message, "stack": node_stack(failure).split("\n")}
    return [f"{iso_time(at)}\t{request}\tERROR\tInvoke Error \t{json.dumps(error)}"]


def java_unhandled(at: datetime, request: str, failure: Failure) -> list[str]:
    return [f"{failure.message}: {failure.type}\n{java_stack(failure)}\n"]


def dotnet_unhandled(at: datetime, request: str, failure: Failure) -> list[str]:
    return [f"{iso_time(at)}\t{request}\tfail\t{dotnet_stack(failure)}"]


def ruby_unhandled(at: datetime, request: str, failure: Failure) -> list[str]:
    frames = ["/var/task/booking.rb:12:in `book'", "/var/task/app.rb:31:in `handle'"]
    error = {"errorMessage": failure.message, "errorType": f"Function<{failure.type}>", "stackTrace": frames}
    return [f"Error raised from handler method\n{json.dumps(error, indent=2)}"]


def php_unhandled(at: datetime, request: str, failure: Failure) -> list[str]:
    error = {
        "errorType": failure.type,
        "errorMessage": failure.message,
        "stack": ["#0 /var/task/src/Booking.php(12): book()"],
    }
    return [f"{request}\tInvoke Error\t{json.dumps(error)}"]


def java_split_trace(at: datetime, request: str, failure: Failure) -> list[str]:
    """An event per line, as ``printStackTrace`` writes."""
    return java_stack(failure).split("\n")


def python_split_trace(at: datetime, request: str, failure: Failure) -> list[str]:
    """An event per line, as ``traceback.print_exc`` writes."""
    return python_trace(failure).split("\n")


UNHANDLED: dict[int, Callable[[datetime, str, Failure], list[str]]] = {
    id(PYTHON): python_unhandled,
    id(NODE): node_unhandled,
    id(JAVA): java_unhandled,
    id(DOTNET): dotnet_unhandled,
    id(RUBY): ruby_unhandled,
    id(PHP): php_unhandled,
}
"""By the types of the language; Go and Rust write nothing of an error that a handler returns."""

SPLIT_TRACES = {id(PYTHON): python_split_trace, id(JAVA): java_split_trace}
