"""The ``next`` call of a runtime or an extension: it arrives, waits as long as it takes, and is answered once."""

from __future__ import annotations

import asyncio

from ops.twin.host.http.http_messages import Response


class LongPoll:
    """Only the newest call is answered. A response given while no call waits is kept for the next one."""

    def __init__(self) -> None:
        self._call: asyncio.Future[Response] | None = None
        self._kept: Response | None = None

    @property
    def waiting(self) -> bool:
        return self._call is not None and not self._call.done()

    def arrive(self) -> asyncio.Future[Response]:
        self._cancel()
        call: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        if self._kept is not None:
            call.set_result(self._kept)
            self._kept = None
        else:
            self._call = call
        return call

    def answer(self, response: Response) -> None:
        if self._call is not None and not self._call.done():
            self._call.set_result(response)
            self._call = None
        else:
            self._kept = response

    def leave(self) -> None:
        """The client is gone."""
        self._cancel()
        self._kept = None

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None
