"""One kept-alive HTTP/1.1 connection to a collector, with one deadline for all of a request.

Only the sender's thread uses it: it may wait. TLS is ``ssl``'s, with the system's certificates or the file of
OTEL_EXPORTER_OTLP_CERTIFICATE; it is imported at the first request that needs it.
"""

from __future__ import annotations

import _socket
import time

from handler.extension.http_parser import Message, MessageReader, WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

    from handler.extension.otlp.settings import Endpoint

    Stream = _socket.socket | ssl.SSLSocket

ANSWER_LIMIT = 64 * 1024
USER_AGENT = "scilearn-telemetry"


class Collector:
    """``post`` gives the answer, whatever its status. Raises OSError or WireError where there is none."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._stream: Stream | None = None
        self._reader = MessageReader(ANSWER_LIMIT)
        self._context: ssl.SSLContext | None = None
        url = endpoint.url
        lines = [
            f"POST {url.path}{url.query} HTTP/1.1",
            f"Host: {url.authority}",
            f"User-Agent: {USER_AGENT}",
            "Content-Type: application/json",
            *(["Content-Encoding: gzip"] if endpoint.gzip else []),
            *[f"{name}: {value}" for name, value in endpoint.headers],
        ]
        self._head = "\r\n".join(lines)

    def post(self, body: bytes) -> Message:
        """A connection that was kept may have been closed meanwhile, most of all while the environment was frozen: then
        the request is sent once more, on a new one."""
        deadline = time.monotonic() + self._endpoint.timeout_s
        if self._endpoint.gzip:
            body = _gzipped(body)
        request = f"{self._head}\r\nContent-Length: {len(body)}\r\n\r\n".encode("ascii", "replace") + body
        kept = self._stream is not None
        try:
            return self._exchange(request, deadline)
        except TimeoutError:
            self.close()
            raise
        except (OSError, WireError):
            unanswered = self._reader.empty
            self.close()
            if kept and unanswered:
                return self._exchange(request, deadline)
            raise

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream = None
        self._reader = MessageReader(ANSWER_LIMIT)

    def _exchange(self, request: bytes, deadline: float) -> Message:
        if self._stream is None:
            self._stream = self._connect(deadline)
        self._stream.settimeout(_left(deadline))
        self._stream.sendall(request)
        answer = self._answer(self._stream, deadline)
        headers = answer.headers
        whole = "content-length" in headers or "transfer-encoding" in headers or answer.status == 204
        if not whole or "close" in headers.get("connection", "").lower() or not self._reader.empty:
            self.close()
        return answer

    def _answer(self, stream: Stream, deadline: float) -> Message:
        while True:
            stream.settimeout(_left(deadline))
            data = stream.recv(16_384)
            if not data:
                raise OSError("the connection was closed without an answer")
            answer = self._reader.feed(data)
            while answer is not None and 100 <= answer.status < 200:  # an interim answer
                answer = self._reader.feed(b"")
            if answer is not None:
                return answer

    def _connect(self, deadline: float) -> Stream:
        """Connects to the first of the host's addresses that accepts; each gets a fair share of the time."""
        url = self._endpoint.url
        addresses = _socket.getaddrinfo(url.host, url.port, 0, _socket.SOCK_STREAM)
        for place, (family, kind, protocol, _, address) in enumerate(addresses):
            sock = _socket.socket(family, kind, protocol)
            try:
                sock.settimeout(_left(deadline) / (len(addresses) - place))
                sock.connect(address)
                sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
                sock.settimeout(_left(deadline))
                return self._secured(sock) if url.scheme == "https" else sock
            except OSError:
                sock.close()
                if place == len(addresses) - 1:
                    raise
        raise OSError("the host has no address")

    def _secured(self, sock: _socket.socket) -> ssl.SSLSocket:
        import socket
        import ssl

        if self._context is None:
            self._context = ssl.create_default_context(cafile=self._endpoint.ca_file or None)
        plain = socket.socket(fileno=sock.detach())
        plain.settimeout(self._endpoint.timeout_s)
        try:
            return self._context.wrap_socket(plain, server_hostname=self._endpoint.url.host)
        except BaseException:  # the descriptor is ours since detach()
            plain.close()
            raise


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left


def _gzipped(body: bytes) -> bytes:
    import zlib  # the interpreter's own, without the gzip module's imports

    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()
