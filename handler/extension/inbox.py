"""The socket on which the handler reports the messages of its invocations: the loopback port numbered as the Runtime API's.

It is bound before the runtime may start: the first report can come before the export's modules are loaded, and then waits
in the socket.
"""

from __future__ import annotations

import _socket

DATAGRAM_LIMIT = 65_536


class Inbox:
    """If the port is taken, ``refusal`` says why, and nothing arrives."""

    def __init__(self, port: int) -> None:
        self.refusal = ""
        self._socket: _socket.socket | None = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
        try:
            self._socket.bind(("127.0.0.1", port))
            self._socket.setblocking(False)
        except OSError as error:
            self.close()
            self.refusal = str(error)

    def receive(self) -> bytes | None:
        """The next datagram; None where none has come."""
        try:
            return self._socket.recv(DATAGRAM_LIMIT) if self._socket is not None else None
        except OSError:
            return None

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
