"""Keeps web pages out of the emulator, and callers without the token out of MiniStack's own paths.

Stands for nothing on AWS. MiniStack answers any origin and any host name, and has administrative paths without
authentication (all messages, reset, settings); AWS's APIs beside them are signed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ops.twin import callers

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

ADMINISTRATIVE = ("/_ministack/", "/_localstack/")
OPEN = ("/_ministack/health", "/_ministack/ready", "/_localstack/health")
CALLBACKS = ("/_ministack/cfn-response/", "/_ministack/cfn-signal/")
"""What a template's custom resources and wait conditions call: the rest of the path is a secret of its own."""


def guarded(app: App, token: str) -> App:
    """``app`` for programs of this machine. ``token`` opens the administrative paths; empty: they stay closed."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and (reason := _refused(scope, token)):
            await _refuse(scope, receive, send, reason)
        else:
            await app(scope, receive, send)

    return serve


def _refused(scope: Scope, token: str) -> str:
    """Why this request is not served, or empty."""
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    hosts = headers.get("host", [])
    if not callers.on_loopback(hosts):
        return "The twin answers to localhost and 127.0.0.1 only."
    origins = headers.get("origin", [])
    if scope["type"] == "websocket" and origins in ([f"http://{hosts[0]}"], [f"https://{hosts[0]}"]):
        origins = []  # clients that are not browsers send the server's own
    if callers.from_page(headers.get("sec-fetch-site", [None])[0], origins[0] if origins else None):
        return "The twin does not serve web pages."
    path = str(scope["path"])
    if not path.startswith(ADMINISTRATIVE) or path in OPEN or path.startswith(CALLBACKS):
        return ""
    if callers.bears(token, headers.get("authorization", [""])[0]):
        return ""
    return "This path takes the token of the twin's state.json: Authorization: Bearer TOKEN."


async def _refuse(scope: Scope, receive: Receive, send: Send, reason: str) -> None:
    if scope["type"] == "websocket":
        await receive()  # the handshake; closed before it is accepted, it is answered with 403
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": f"{reason}\n".encode()})
