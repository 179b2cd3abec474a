"""Telemetry API 2022-07-01 of one execution environment: who subscribed, and who gets which event.

Stands for ``PUT /telemetry`` with its documented limits and ``ValidationError`` answers (LDG telemetry-api-reference),
and for events of the init phase reaching those who subscribe later in it. ``sandbox.localdomain`` (and ``sandbox``) in
a destination means the environment: here 127.0.0.1. As environments share that address, a listener should let the
system choose its port and name it in the destination. Not modeled: the JSON form of function records applies to every
schema version.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ops.twin.host.apis.extensions_api import Extension
from ops.twin.host.clock import now, wall
from ops.twin.host.http.http_messages import Request, Response, error_response
from ops.twin.host.telemetry import telemetry_events
from ops.twin.host.telemetry.telemetry_delivery import Buffering, TelemetrySubscription

PREFIX = "/2022-07-01"
SCHEMAS = ("2022-07-01", "2022-12-13", "2025-01-29")
TYPES = ("platform", "function", "extension")
RESERVED_PORT = 9001
LIMITS = {"maxItems": (1000, 10_000), "maxBytes": (262_144, 1_048_576), "timeoutMs": (25, 30_000)}
DEFAULTS = {"maxItems": 1000, "maxBytes": 262_144, "timeoutMs": 1000}
_KEPT_EVENTS = 1_000
"""Events of the init phase kept for those who subscribe later in it; the number is ours."""


LOGS_PATH = "/2020-08-15/logs"


def logs_not_supported() -> Response:
    """The Logs API, which the Telemetry API replaced: the same answer as AWS's public runtime emulator gives."""
    return error_response(202, "Logs.NotSupported", "Logs API is not supported")


class InvalidSubscription(Exception):
    """What is wrong with a subscription."""


class TelemetryApi:
    def __init__(self, on_subscribed: Callable[[str, list[str]], None]) -> None:
        self._on_subscribed = on_subscribed
        self._subscriptions: dict[str, TelemetrySubscription] = {}
        self._early: list[telemetry_events.Event] | None = []  # None once init is over

    def wanted(self, kind: str) -> bool:
        """Whether an event of this type would be delivered: there may be thousands of lines, and making events of them costs."""
        if self._early is not None and len(self._early) < _KEPT_EVENTS:
            return True
        return any(subscription.wants(kind) for subscription in self._subscriptions.values())

    def emit(self, event: telemetry_events.Event) -> None:
        if self._early is not None and len(self._early) < _KEPT_EVENTS:
            self._early.append(event)
        for subscription in self._subscriptions.values():
            if subscription.wants(event["type"]):
                subscription.add(event)

    def subscribe(self, extension: Extension, request: Request) -> Response:
        if self._early is None:
            return error_response(403, "Telemetry.SubscriptionClosed", "Extensions subscribe during init only.")
        try:
            subscription = _read(extension.name, request.body)
        except InvalidSubscription as error:
            return error_response(400, "ValidationError", str(error))
        former = self._subscriptions.pop(extension.identifier, None)
        if former is not None:
            former.close()
        self._subscriptions[extension.identifier] = subscription
        for event in self._early:
            if subscription.wants(event["type"]):
                subscription.add(event)
        self._on_subscribed(extension.name, subscription.types)
        self.emit(telemetry_events.subscription(wall(now()), extension.name, subscription.types))
        return Response(200, b'"OK"')

    def init_over(self) -> None:
        self._early = None

    def freeze(self) -> None:
        for subscription in self._subscriptions.values():
            subscription.freeze()

    def thaw(self) -> None:
        for subscription in self._subscriptions.values():
            subscription.thaw()

    async def flush(self, within: float) -> None:
        for subscription in self._subscriptions.values():
            await subscription.flush(within)

    def reset(self) -> None:
        for subscription in self._subscriptions.values():
            subscription.close()
        self._subscriptions.clear()
        self._early = []


def _read(name: str, body: bytes) -> TelemetrySubscription:
    try:
        message = json.loads(body)
    except ValueError:
        raise InvalidSubscription("The body is not JSON.") from None
    if not isinstance(message, dict):
        raise InvalidSubscription("The body must be an object.")
    if message.get("schemaVersion", SCHEMAS[0]) not in SCHEMAS:
        raise InvalidSubscription(f"schemaVersion must be one of {', '.join(SCHEMAS)}.")
    types = message.get("types")
    if not isinstance(types, list) or not types or any(kind not in TYPES for kind in types):
        raise InvalidSubscription(f"types must list some of {', '.join(TYPES)}.")
    limits = _limits(message.get("buffering", {}))
    protocol, destination = _destination(message.get("destination"))
    buffering = Buffering(limits["maxItems"], limits["maxBytes"], limits["timeoutMs"] / 1000)
    return TelemetrySubscription(name, types, buffering, protocol, destination)


def _limits(given: Any) -> dict[str, int]:
    if not isinstance(given, dict):
        raise InvalidSubscription("buffering must be an object.")
    limits = dict(DEFAULTS)
    for key, (least, most) in LIMITS.items():
        value = given.get(key, DEFAULTS[key])
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise InvalidSubscription(f"buffering.{key} must be a number from {least} to {most}.")
        limits[key] = value
    return limits


def _destination(given: Any) -> tuple[str, str]:
    if not isinstance(given, dict):
        raise InvalidSubscription("destination must be an object.")
    protocol = given.get("protocol")
    if protocol not in ("HTTP", "TCP"):
        raise InvalidSubscription("destination.protocol must be HTTP or TCP.")
    uri = f"tcp://sandbox.localdomain:{given.get('port')}" if protocol == "TCP" else given.get("URI", "")
    try:
        parts = urlsplit(uri)
        port = parts.port
    except (ValueError, TypeError, AttributeError):
        raise InvalidSubscription("destination has no usable address.") from None
    if protocol == "HTTP" and parts.scheme != "http":
        raise InvalidSubscription("destination.URI must begin with http://.")
    if parts.hostname not in ("sandbox.localdomain", "sandbox"):
        raise InvalidSubscription("destination must be on sandbox.localdomain.")
    if not port or port == RESERVED_PORT:
        raise InvalidSubscription(f"destination needs a port, and {RESERVED_PORT} is reserved.")
    return protocol, uri
