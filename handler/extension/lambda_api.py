"""Client of the Extensions API (2020-01-01) and the Telemetry API (2022-07-01), on one kept-alive connection.

It uses the socket module's C half: ``socket`` itself imports ``enum`` and ``selectors``, ``http.client`` imports
``email``, together several times what the rest of this extension costs at start. What it sends is written out as text,
so that nothing has to be loaded for it before the extension has registered.
"""

from __future__ import annotations

import _socket

from handler.extension.http_parser import Message, MessageReader, WireError

EXTENSIONS = "/2020-01-01/extension"
TELEMETRY = "/2022-07-01/telemetry"
ANSWER_LIMIT = 1 << 20
CALL_SECONDS = 5.0
SUBSCRIPTION = (
    '{"schemaVersion":"2025-01-29","types":["platform"],'
    '"buffering":{"maxItems":1000,"maxBytes":262144,"timeoutMs":25},'
    '"destination":{"protocol":"HTTP","URI":"%s"}}'
)
"""Buffering is the least the API takes in each (Telemetry API reference), so that a record is out soon after its
invocation. It is set in full because the documentation contradicts itself on the default of ``maxItems``."""


class ApiError(Exception):
    """The API refused, or could not be spoken to. ``status`` is 0 when there was no answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class LambdaApi:
    """``address`` is ``$AWS_LAMBDA_RUNTIME_API``: host:port."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        self._host = address
        self._identifier = ""
        self._socket: _socket.socket | None = None
        self._reader = MessageReader(ANSWER_LIMIT)

    def fileno(self) -> int:
        return -1 if self._socket is None else self._socket.fileno()

    def register(self, name: str, *events: str) -> None:
        """Announce the extension. Raises ApiError."""
        body = '{"events":["' + '","'.join(events) + '"]}'
        answer = self._call("POST", f"{EXTENSIONS}/register", {"Lambda-Extension-Name": name}, body)
        self._identifier = answer.headers.get("lambda-extension-identifier", "")
        if answer.status != 200 or not self._identifier:
            raise ApiError(answer.status, _reason(answer))

    def subscribe(self, uri: str) -> None:
        """Ask for platform events at ``uri``. Raises ApiError, with status 202 where telemetry is not supported."""
        headers = {"Lambda-Extension-Identifier": self._identifier}
        answer = self._call("PUT", TELEMETRY, headers, SUBSCRIPTION % uri)
        if answer.status != 200:
            raise ApiError(answer.status, _reason(answer))

    def ask_next(self) -> None:
        """Ask for the next event. Lambda takes this as: the extension is done with the one before. Raises ApiError."""
        try:
            self._send("GET", f"{EXTENSIONS}/event/next", {"Lambda-Extension-Identifier": self._identifier}, b"")
        except OSError as error:
            self.close()
            raise ApiError(0, str(error)) from error

    def read_next(self) -> str | None:
        """The awaited event's JSON; None while it is incomplete. Raises ApiError. Blocks if nothing is readable."""
        try:
            answer = self._receive()
        except (OSError, WireError) as error:
            self.close()
            raise ApiError(0, str(error)) from error
        if answer is None:
            return None
        if answer.status != 200:
            raise ApiError(answer.status, _reason(answer))
        return answer.body.decode("utf-8", "replace")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._reader = MessageReader(ANSWER_LIMIT)

    def _call(self, method: str, path: str, headers: dict[str, str], body: str) -> Message:
        kept = self._socket is not None
        try:
            self._send(method, path, headers | {"Content-Type": "application/json"}, body.encode())
            self._connected().settimeout(CALL_SECONDS)
            while (answer := self._receive()) is None:
                pass
        except (OSError, WireError) as error:
            self.close()
            if kept:  # a server may close a kept connection at any time: that says nothing about the call
                return self._call(method, path, headers, body)
            raise ApiError(0, str(error) or type(error).__name__) from error
        if self._socket is not None:
            self._socket.settimeout(None)  # event/next waits as long as the environment is frozen
        return answer

    def _connected(self) -> _socket.socket:
        if self._socket is None:
            sock = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
            try:
                sock.settimeout(CALL_SECONDS)
                sock.connect(self._address)
                sock.settimeout(None)
                sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            except OSError:
                sock.close()
                raise
            self._socket = sock
        return self._socket

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}"] if body else []
        self._connected().sendall("\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body)

    def _receive(self) -> Message | None:
        data = self._connected().recv(65_536)
        if not data:
            raise OSError("the Runtime API closed the connection")
        answer = self._reader.feed(data)
        if answer is not None and answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer


def _reason(answer: Message) -> str:
    return f"{answer.status} {answer.body[:200].decode('utf-8', 'replace')}".strip()
