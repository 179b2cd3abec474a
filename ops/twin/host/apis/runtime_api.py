"""Runtime API 2018-06-01 of one execution environment.

Stands for ``/runtime/invocation/next``, ``/{id}/response``, ``/{id}/error`` and ``/runtime/init/error`` (LDG
runtimes-api, 2026), with the documented answers: 202 accepted, 400 for a request id that is not the running one, 403
for a call at the wrong moment, 413 for a response over 6 MB. Not modeled: response streaming, client context, Cognito
identity, tenants.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from ops.twin.host.apis.long_poll import LongPoll
from ops.twin.host.clock import epoch_ms
from ops.twin.host.http.http_messages import Request, Response, error_response, json_response
from ops.twin.host.http.http_server import ResponseOrFuture
from ops.twin.host.reply import Reply

PREFIX = "/2018-06-01"
MAX_RESPONSE = 6 * 1024 * 1024 + 100
"""Bytes: 6,291,556, as AWS words it in the error of a larger response."""
ERROR_TYPE = "lambda-runtime-function-error-type"
_VALID_TYPE = re.compile(r"(Runtime|Function)\.[A-Z][A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Call:
    """An invocation as the runtime gets it. ``deadline`` is a ``clock.now()`` moment."""

    request_id: str
    event: bytes
    arn: str
    deadline: float
    trace: str = ""


class Runtime(Protocol):
    """The callbacks of an environment for its runtime."""

    def runtime_ready(self) -> None: ...
    def runtime_init_failed(self, error_type: str, payload: bytes) -> None: ...


class RuntimeApi:
    def __init__(self, listener: Runtime) -> None:
        self._listener = listener
        self._next = LongPoll()
        self.ready_once = False
        self.call: Call | None = None
        self.reply: Reply | None = None

    @property
    def idle(self) -> bool:
        """The runtime waits for work."""
        return self._next.waiting

    def reset(self) -> None:
        """The runtime's process is gone."""
        self._next.leave()
        self.ready_once = False
        self.call = None
        self.reply = None

    def deliver(self, call: Call) -> None:
        self.call = call
        self.reply = None
        headers = {
            "Lambda-Runtime-Aws-Request-Id": call.request_id,
            "Lambda-Runtime-Deadline-Ms": str(epoch_ms(call.deadline)),
            "Lambda-Runtime-Invoked-Function-Arn": call.arn,
        }
        if call.trace:
            headers["Lambda-Runtime-Trace-Id"] = call.trace
        self._next.answer(Response(200, call.event, headers))

    def handle(self, request: Request) -> ResponseOrFuture:
        path = request.path.removeprefix(PREFIX).split("?", 1)[0]
        if path == "/runtime/invocation/next":
            return self._next_call() if request.method == "GET" else _method_not_allowed()
        if request.method != "POST":
            return _method_not_allowed() if path == "/runtime/init/error" or _reply_path(path) else _not_found()
        if path == "/runtime/init/error":
            return self._init_error(request)
        match = _reply_path(path)
        return self._reply(request, match["id"], match["what"]) if match else _not_found()

    def _next_call(self) -> ResponseOrFuture:
        if self.call is not None and self.reply is None:
            return error_response(403, "InvalidStateTransition", "The running invocation has not been answered yet.")
        answer = self._next.arrive()
        self.ready_once = True
        self._listener.runtime_ready()
        return answer

    def _init_error(self, request: Request) -> Response:
        if self.ready_once:
            return error_response(403, "InvalidStateTransition", "The runtime has been initialized already.")
        self._listener.runtime_init_failed(valid_type(request.headers.get(ERROR_TYPE, "")), request.body)
        return json_response({"status": "OK"}, 202)

    def _reply(self, request: Request, request_id: str, what: str) -> Response:
        if self.call is None or self.call.request_id != request_id:
            return error_response(400, "InvalidRequestID", "Invalid request ID")
        if self.reply is not None:
            return error_response(403, "InvalidStateTransition", "The invocation has been answered already.")
        if len(request.body) > MAX_RESPONSE:
            message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."
            too_large = json_response({"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}).body
            self.reply = Reply(too_large, "Function.ResponseSizeTooLarge", request.started, request.ended)
            return error_response(413, "RequestEntityTooLarge", message)
        error_type = valid_type(request.headers.get(ERROR_TYPE, "")) if what == "error" else ""
        self.reply = Reply(request.body, error_type, request.started, request.ended)
        return json_response({"status": "OK"}, 202)


def _reply_path(path: str) -> re.Match[str] | None:
    return re.fullmatch(r"/runtime/invocation/(?P<id>[^/]+)/(?P<what>response|error)", path)


def valid_type(given: str) -> str:
    """The error type as AWS's public runtime emulator takes it over: one of the platform's form, else a general one."""
    if _VALID_TYPE.match(given):
        return given
    return "Function.Unknown" if given.startswith("Function.") else "Runtime.Unknown"


def _not_found() -> Response:
    return error_response(404, "NotFound", "There is nothing at this path.")


def _method_not_allowed() -> Response:
    return error_response(405, "MethodNotAllowed", "This path takes another method.")
