"""A muting that lasts as long as its process: a short one, renewed while the work goes on.

After ``kill -9``, a crash of the machine or the loss of its network, alarms notify again within WINDOW_S.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ops.alarms.muting import muting
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.alarms.muting.records import MuteRecord
    from ops.aws import Aws

WINDOW_S = 600.0
EVERY_S = 120.0
"""A fifth of the window: three renewals in a row may fail."""


class MutingRenewal:
    """While the block runs, ``record`` is extended every ``every_s`` seconds to WINDOW_S from then, and at most to
    ``latest``. ``record``: as it is now. ``problem``: why the last renewal failed; empty when it did not."""

    def __init__(self, aws: Aws, home: Path, record: MuteRecord, latest: datetime, *, every_s: float = EVERY_S) -> None:
        self.record = record
        self.problem = ""
        self._aws, self._home, self._latest, self._every_s = aws, home, latest, every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="muting-renewal", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _renew(self) -> None:
        while not self._over.wait(self._every_s):
            until = min(datetime.now(UTC) + timedelta(seconds=WINDOW_S), self._latest)
            if until <= self.record.until:
                continue
            try:
                self.record = muting.extend(self._aws, self._home, self.record, until)
                self.problem = ""
            except OpsError as error:
                self.problem = f"The muting could not be renewed: {error}"
