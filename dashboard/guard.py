"""Restricts HTTP access to browsers on this machine, at the dashboard's own addresses.

A web page can make a browser call ``http://127.0.0.1:8501`` in three ways, and each is rejected here:

- DNS rebinding: the page's own name resolves to 127.0.0.1. Its requests carry that name as Host.
- A WebSocket from another origin, also from another port of this machine: its Origin is not the Host.
- A frame or an opened window that the page scripts: no page can frame the dashboard or keep a handle to its window.

Streamlit's ``server.allowedHosts`` guards only the WebSocket, and by name only. The dashboard has no authentication and
acts with its operator's credentials for every client, so it does not listen beyond loopback.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

from dashboard.access import access
from ops.target import place_digest

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]{1,5})?")
HEADERS = (
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)
ASKING_HOST, PLACE_HEADER = "ops-open", b"x-ops-place"
"""``ops open`` asks by this name for the twin or AWS profile of the dashboard, as a digest."""
REJECTED = b"This address is not one of the dashboard's. Open it as http://127.0.0.1 or http://localhost.\n"


class Guard:
    """ASGI middleware before all of Streamlit's routes. ``hosts``: further host names of the dashboard."""

    def __init__(self, app: Any, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = LOOPBACK_NAMES | {host.strip().lower().rstrip(".") for host in hosts}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif not self.admits(scope):
            await _reject(scope, send)
        else:
            await self._app(scope, receive, _with_headers(send))

    def admits(self, scope: Any) -> bool:
        """Whether a request is for a host of the dashboard and, with an Origin, from a page of that host."""
        hosts, origins = (
            [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]
            for wanted in (b"host", b"origin")
        )
        if len(hosts) != 1 or len(origins) > 1 or _name(hosts[0]) not in self._hosts:
            return False
        host = hosts[0].lower()
        return not origins or origins[0].lower() in (f"http://{host}", f"https://{host}")


def refusal(address: str | None, hosts: Iterable[str], environ: Mapping[str, str]) -> str:
    """Why the dashboard must not listen on ``address`` (``server.address``); empty when it may.

    Beyond loopback it needs ``OPS_ALLOW_REMOTE=1``, read-only mode and explicit host names.
    """
    if _is_loopback(address):
        return ""
    where = f"The dashboard has no authentication, and would listen on {address or 'every address'}."
    if environ.get("OPS_ALLOW_REMOTE") != "1":
        return f"{where} Leave server.address at 127.0.0.1 and use an SSH tunnel: ssh -L 8501:127.0.0.1:8501."
    if not access(environ).read_only:
        return f"{where} OPS_ALLOW_REMOTE=1 requires a read-only dashboard: set OPS_READ_ONLY=1 as well."
    if not set(hosts) - LOOPBACK_NAMES or "*" in hosts:
        return f"{where} Specify its host names: --server.allowedHosts ops.example.com."
    return ""


def _is_loopback(address: str | None) -> bool:
    try:
        return address == "localhost" or (bool(address) and ip_address(str(address).strip("[]")).is_loopback)
    except ValueError:
        return False


def _name(host: str) -> str:
    """The name in a ``Host`` header, without its port; empty for anything but ``NAME``, ``NAME:PORT`` and ``[IPV6]``.

    Matched as a whole, not parsed as a URL: a URL parser drops tabs and empty parts, and finds a name in odd text.
    """
    match = _HOST.fullmatch(host)
    return (match[1] or match[2]).lower().rstrip(".") if match else ""


def _with_headers(send: Any) -> Any:
    names = {name for name, _ in HEADERS}

    async def sending(message: Any) -> None:
        if message["type"] in ("http.response.start", "websocket.accept"):
            kept = [header for header in message.get("headers", ()) if header[0].lower() not in names]
            message = {**message, "headers": [*kept, *HEADERS]}
        await send(message)

    return sending


async def _reject(scope: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(REJECTED)).encode()), *HEADERS]
    if (b"host", ASKING_HOST.encode()) in scope["headers"]:
        headers.append((PLACE_HEADER, place_digest().encode()))
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": REJECTED})
