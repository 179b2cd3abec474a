"""Extensions API 2020-01-01 of one execution environment.

Stands for ``/extension/register``, ``/extension/event/next``, ``/extension/init/error`` and ``/extension/exit/error``
(LDG runtimes-extensions-api, 2023): external extensions are those started from ``/opt/extensions``, any other that
registers is an internal one and cannot have SHUTDOWN. Names of refusals (``Extension.…``) are as the public runtime
emulator words them. Not modeled: accountId is the twin's, and an internal extension's 500 ms at shutdown passes
inside the runtime's 300 ms.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from ops.twin.host.apis.long_poll import LongPoll
from ops.twin.host.http.http_messages import Request, Response, error_response, json_response
from ops.twin.host.http.http_server import ResponseOrFuture

PREFIX = "/2020-01-01"
MAX_EXTENSIONS = 10
EVENTS = ("INVOKE", "SHUTDOWN")
IDENTIFIER = "lambda-extension-identifier"


@dataclass
class Extension:
    name: str
    events: list[str]
    external: bool
    identifier: str = field(default_factory=lambda: str(uuid4()))
    poll: LongPoll = field(default_factory=LongPoll)
    ready: bool = False  # it has asked for its first event

    def deliver(self, event: dict[str, Any]) -> None:
        self.poll.answer(json_response(event, headers={"Lambda-Extension-Identifier": self.identifier}))


class Host(Protocol):
    """The callbacks of an environment for its extensions, and what ``register`` returns."""

    @property
    def registration(self) -> Mapping[str, str]: ...
    @property
    def external_names(self) -> list[str]: ...
    @property
    def initializing(self) -> bool: ...
    def extension_progress(self) -> None: ...
    def extension_failed(self, extension: Extension, phase: str, error_type: str) -> None: ...


class ExtensionsApi:
    def __init__(self, host: Host) -> None:
        self._host = host
        self.extensions: dict[str, Extension] = {}

    def reset(self) -> None:
        for extension in self.extensions.values():
            extension.poll.leave()
        self.extensions.clear()

    def named(self, name: str) -> Extension | None:
        return next((extension for extension in self.extensions.values() if extension.name == name), None)

    def known(self, request: Request) -> Extension | Response:
        """The extension that calls, or the error to answer with."""
        identifier = request.headers.get(IDENTIFIER, "")
        if not identifier:
            return error_response(403, "Extension.MissingHeader", "Lambda-Extension-Identifier is missing.")
        extension = self.extensions.get(identifier)
        if extension is None:
            return error_response(403, "Extension.UnknownExtensionIdentifier", "No extension has this identifier.")
        return extension

    def handle(self, request: Request) -> ResponseOrFuture:
        match request.method, request.path.removeprefix(PREFIX).split("?", 1)[0]:
            case "POST", "/extension/register":
                return self._register(request)
            case "GET", "/extension/event/next":
                return self._next(request)
            case "POST", "/extension/init/error":
                return self._error(request, "init")
            case "POST", "/extension/exit/error":
                return self._error(request, "exit")
        return error_response(404, "NotFound", "There is nothing at this path.")

    def _register(self, request: Request) -> Response:
        name = request.headers.get("lambda-extension-name", "")
        if not name:
            return error_response(403, "Extension.InvalidExtensionName", "Lambda-Extension-Name is missing or empty.")
        if not self._host.initializing:
            return error_response(403, "Extension.RegistrationClosed", "Extensions register during init only.")
        try:
            message = json.loads(request.body or b"{}")
            events = list(message.get("events", [])) if isinstance(message, dict) else None
        except (ValueError, TypeError):
            events = None
        if events is None:
            return error_response(400, "InvalidRequestFormat", "The body must be an object with a list of events.")
        external = name in self._host.external_names
        allowed = EVENTS if external else EVENTS[:1]
        if any(event not in allowed for event in events):
            return error_response(
                400, "Extension.InvalidEventType", f"This extension may ask for {' and '.join(allowed)}."
            )
        if self.named(name):
            return error_response(403, "Extension.AlreadyRegistered", f"{name} has registered already.")
        if len(self.extensions) >= MAX_EXTENSIONS:
            return error_response(403, "Extension.TooManyExtensions", f"An environment has at most {MAX_EXTENSIONS}.")
        extension = Extension(name, events, external)
        self.extensions[extension.identifier] = extension
        answer = dict(self._host.registration)
        wants = request.headers.get("lambda-extension-accept-feature", "")
        if "accountId" not in [feature.strip() for feature in wants.split(",")]:
            answer.pop("accountId", None)
        self._host.extension_progress()
        return json_response(answer, headers={"Lambda-Extension-Identifier": extension.identifier})

    def _next(self, request: Request) -> ResponseOrFuture:
        extension = self.known(request)
        if isinstance(extension, Response):
            return extension
        extension.ready = True
        answer = extension.poll.arrive()
        self._host.extension_progress()
        return answer

    def _error(self, request: Request, phase: str) -> Response:
        extension = self.known(request)
        if isinstance(extension, Response):
            return extension
        error_type = request.headers.get("lambda-extension-function-error-type", "")
        if not error_type:
            return error_response(403, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type is missing.")
        self._host.extension_failed(extension, phase, error_type)
        return json_response({"status": "OK"}, 202)
