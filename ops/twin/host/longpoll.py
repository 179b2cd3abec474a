"""The ``next`` call of a runtime or an extension: it arrives, waits as long as it takes, and is answered once."""

from __future__ import annotations

import asyncio

from ops.twin.host.wire import Response


class LongPoll:
    """A client may leave (its process was killed) and come again; only the newest call is answered."""

    def __init__(self) -> None:
        self._call: asyncio.Future[Response] | None = None

    @property
    def waiting(self) -> bool:
        return self._call is not None and not self._call.done()

    def arrive(self) -> asyncio.Future[Response]:
        if self._call is not None and not self._call.done():
            self._call.cancel()
        self._call = asyncio.get_running_loop().create_future()
        return self._call

    def answer(self, response: Response) -> bool:
        """Whether somebody was waiting for it."""
        if self._call is None or self._call.done():
            return False
        self._call.set_result(response)
        self._call = None
        return True

    def leave(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None
