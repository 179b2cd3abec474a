"""A small HTTP/1.1 client on asyncio, for listeners and the emulator, both on loopback."""

from __future__ import annotations

import asyncio

from ops.twin.host.http.http_messages import BadMessage, ResponseParser, single_line

MAX_ANSWER = 64 * 1024 * 1024


class Client:
    """One kept-alive connection to one address; a request at a time, in turn."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._turn = asyncio.Lock()

    async def request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and body. Raises OSError or BadMessage when there is no answer; retrying is up to the caller."""
        async with self._turn:
            reused = self._reader is not None
            try:
                return await self._exchange(method, path, headers, body)
            except (OSError, BadMessage):
                self.close()
                if not reused:
                    raise
                # The other side closed an idle connection: that is not a failure, once.
                return await self._exchange(method, path, headers, body)
            except BaseException:  # cancelled: what is left of the answer must not be read as the next one
                self.close()
                raise

    async def _exchange(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        rows = "".join(f"{name}: {single_line(value)}\r\n" for name, value in headers.items())
        if not {"Host", "host"} & headers.keys():
            rows += f"Host: {self._host}:{self._port}\r\n"
        head = f"{method} {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n{rows}\r\n"
        self._writer.write(head.encode() + body)
        await self._writer.drain()
        parser = ResponseParser(MAX_ANSWER)
        while (response := parser.next_message()) is None:
            data = await self._reader.read(65536)
            if not data:
                raise ConnectionResetError("The connection was closed before the response.")
            parser.feed(data)
        if not response.reusable:
            self.close()
        return response.status, response.body

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
