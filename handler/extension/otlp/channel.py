"""One signal's way to its endpoint: when to send, how long to stay away after a failure, and what it writes to the log."""

from __future__ import annotations

import posix
import time

from handler.extension.otlp.answers import send
from handler.extension.otlp.connection import Collector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from handler.extension.otlp.answers import Outcome
    from handler.extension.otlp.settings import Endpoint

FIRST_WAIT_S = 1.0
MAX_WAIT_S = 60.0
TELL_EVERY_S = 60.0


class Channel:
    """Back-off: 1, 2, 4 … 60 s, of which a random part between a half and the whole is waited; or as the collector asks.

    ``told``: sentences that the log has not had yet.
    """

    def __init__(self, signal: str, endpoint: Endpoint, interval_s: float) -> None:
        self.signal = signal
        self.told: list[str] = []
        self.gave_up = False  # at the end, when the last attempt has failed
        self._endpoint = endpoint
        self._interval_s = interval_s
        self.collector = Collector(endpoint)
        self._failures = 0
        self._not_before = 0.0
        self._next_at = 0.0  # the first export is not put off: a short life is exported too
        self._tell_at = 0.0
        self._failing = False

    def due_at(self, pressing: bool) -> float:
        """When to send next (monotonic clock). ``pressing``: a batch is full."""
        return max(self._not_before, 0.0 if pressing else self._next_at)

    def post(self, body: str) -> Outcome:
        outcome = send(self.collector, self.signal, body.encode())
        now = time.monotonic()
        if outcome.done:
            self._failures = 0
            self._next_at = now + self._interval_s
        else:
            wait_s = min(MAX_WAIT_S, FIRST_WAIT_S * 2 ** min(self._failures, 10))
            self._failures += 1
            self._not_before = now + (outcome.wait_s or wait_s * (0.5 + posix.urandom(1)[0] / 512))
        self._tell(outcome, now)
        return outcome

    def tell(self, text: str) -> None:
        self.told.append(f"OTLP export of {self.signal} to {self._endpoint}: {text}")

    def _tell(self, outcome: Outcome, now: float) -> None:
        """The first failure, the first success after it, and in between once a minute."""
        if outcome.text and now >= self._tell_at:
            self._tell_at = now + TELL_EVERY_S
            self._failing = True
            self.tell(outcome.text if outcome.done else f"{outcome.text}; it will be tried again")
        elif self._failing and outcome.done and not outcome.text:
            self._failing = False
            self._tell_at = 0.0
            self.tell("it works again")
