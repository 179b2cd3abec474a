"""A phase of an environment: over when its condition holds, or when something fails first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class PhaseFailure:
    """Why a phase ended badly. ``payload`` is what the runtime itself reported, where it did.

    A timeout has an error type for its caller only: telemetry and log lines say ``Status: timeout`` and no type.
    """

    status: str  # error | timeout
    error_type: str
    message: str = ""
    payload: bytes = b""

    @property
    def reported_type(self) -> str:
        return "" if self.status == "timeout" else self.error_type

    @property
    def reason(self) -> str:
        """The reason that extensions get with SHUTDOWN."""
        return "TIMEOUT" if self.status == "timeout" else "FAILURE"


TIMED_OUT = PhaseFailure("timeout", "Sandbox.Timedout")


class Phase:
    """One wait at a time. A change calls ``progress``, a failure ``fail``."""

    def __init__(self) -> None:
        self._future: asyncio.Future[PhaseFailure | None] | None = None
        self._complete: Callable[[], bool] = lambda: True
        self._deaf = False

    async def until(
        self, complete: Callable[[], bool], deadline: float, failures_count: bool = True
    ) -> PhaseFailure | None:
        """None when ``complete`` came true, TIMED_OUT at ``deadline`` (a ``clock.now()`` moment), else the failure."""
        loop = asyncio.get_running_loop()
        self._complete = complete
        self._deaf = not failures_count
        self._future = loop.create_future()
        timer = loop.call_at(deadline, self._end, TIMED_OUT)
        self.progress()
        try:
            return await self._future
        finally:
            timer.cancel()
            self._future = None

    def progress(self) -> None:
        if self._future is not None and not self._future.done() and self._complete():
            self._future.set_result(None)

    def fail(self, failure: PhaseFailure) -> None:
        if not self._deaf:
            self._end(failure)

    def _end(self, failure: PhaseFailure) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(failure)
