"""Refuses requests that a web page sends: the emulator serves programs on this machine, never a browser's scripts.

Stands for nothing on AWS. A page from anywhere can send requests to loopback; MiniStack answers any origin and has
administrative paths without authentication. Browsers say ``Origin`` and ``Sec-Fetch-Site``; programs do not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def without_web_pages(app: App) -> App:
    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _from_page(scope["headers"]):
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"The twin does not serve web pages.\n"})
            return
        await app(scope, receive, send)

    return guarded


def _from_page(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name == b"origin" or (name == b"sec-fetch-site" and value != b"none") for name, value in headers)
