"""A small HTTP/1.1 server on asyncio, for loopback only.

Every execution environment has a server of its own and a long poll takes as long as it takes. A handler that can
answer at once returns a Response; one that has to wait returns a future.

Only programs of our own user are served, and no web pages: all that comes here runs code, or has a batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ops.twin import callers
from ops.twin.host.http import loopback_peers
from ops.twin.host.http.http_messages import MAX_HEAD, BadMessage, Request, RequestParser, Response, error_response

ResponseOrFuture = Response | asyncio.Future[Response]
Handler = Callable[[Request], ResponseOrFuture]

REQUEST_TIMEOUT = 30.0
"""Seconds that a request may take to arrive."""


async def listen(handler: Handler, port: int = 0, max_body: int = 8 * 1024 * 1024) -> asyncio.Server:
    """Serve on 127.0.0.1. Port 0 lets the system choose: see ``port_of(server)``."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _Connection(handler, max_body), "127.0.0.1", port)


def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


_REFUSED = {403: "AccessDenied", 413: "RequestEntityTooLarge"}


class _Connection(asyncio.Protocol):
    def __init__(self, handler: Handler, max_body: int) -> None:
        self._handler = handler
        self._parser = RequestParser(max_body)
        self._transport: asyncio.Transport | None = None
        self._pending: asyncio.Future[Response] | None = None
        self._refusing = False
        self._room = max_body + MAX_HEAD
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self._transport = transport
        if not loopback_peers.is_ours(transport.get_extra_info("sockname"), transport.get_extra_info("peername")):
            self._refuse(BadMessage(403, "Only programs of the user who runs the twin are served."))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._wait(False)
        if self._pending is not None:
            self._pending.cancel()

    def data_received(self, data: bytes) -> None:
        if self._refusing:
            return
        self._parser.feed(data)
        if self._pending is None:
            self._serve()
        elif self._parser.pending_bytes > self._room and self._transport is not None:
            self._transport.pause_reading()  # until the present request is answered

    def _serve(self) -> None:
        while self._pending is None and self._transport is not None:
            try:
                request = self._parser.next_message()
                if request is None:
                    self._wait(self._parser.receiving)
                    return
                self._wait(False)
                headers = request.headers
                if "host" in headers and not callers.on_loopback([headers["host"]]):  # browsers send it always
                    raise BadMessage(403, "The twin answers to localhost and 127.0.0.1 only.")
                if callers.from_page(headers.get("sec-fetch-site"), headers.get("origin")):
                    raise BadMessage(403, "The twin does not serve web pages.")
            except BadMessage as error:
                self._refuse(error)
                return
            answer = self._handler(request)
            if isinstance(answer, Response):
                self._transport.write(answer.encode())
            else:
                self._pending = answer
                answer.add_done_callback(self._answered)

    def _answered(self, answer: asyncio.Future[Response]) -> None:
        self._pending = None
        if self._transport is None:
            return
        if answer.cancelled():
            self._transport.close()
            return
        error = answer.exception()
        if error is not None:
            # A mistake of ours: the caller hears of it, and the event loop logs it.
            self._transport.write(error_response(500, "ServiceException", str(error)).encode())
            raise error
        self._transport.write(answer.result().encode())
        self._transport.resume_reading()
        self._serve()

    def _wait(self, more: bool) -> None:
        """Wait for the rest of a request, with a limit, or stop waiting for one."""
        if more and self._timer is None:
            late = BadMessage(408, f"The request did not arrive within {REQUEST_TIMEOUT:.0f} s.")
            self._timer = asyncio.get_running_loop().call_later(REQUEST_TIMEOUT, self._refuse, late)
        elif not more and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, error: BadMessage) -> None:
        """Answer, then let the other side finish sending: closing at once would reset it before it reads the answer."""
        assert self._transport is not None  # noqa: S101 - for the type checker
        self._refusing = True
        self._wait(False)
        answer = error_response(error.status, _REFUSED.get(error.status, "InvalidRequest"), str(error))
        answer.headers["Connection"] = "close"
        self._transport.write(answer.encode())
        transport = self._transport
        asyncio.get_running_loop().call_later(1.0, transport.close)
