"""Execution environments as the log shows them: each writes a log stream of its own.

Of all of them at once, as arrays: a cold start is compared with every environment that was there, and in a storm of cold
starts there are thousands of both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ops.insight.invocation_table.joining.unreported_inits import BREAKING_STATUSES
from ops.insight.sources.invocations import Invocation

Mask = npt.NDArray[np.bool_]

NEVER = np.iinfo(np.int64).max
ENDING = timedelta(seconds=2)
"""After an invocation its environment is taken to be busy a little longer: extensions finish, and times are rounded."""
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def ticks(moment: datetime | timedelta) -> int:
    """Microseconds, of a time since 1970."""
    return (moment - _EPOCH if isinstance(moment, datetime) else moment) // _MICROSECOND


class LoggedEnvironments:
    """The environments of ``rows``, which are sorted by time; rows without a known log stream are left out. Arrays hold
    one value per environment, in ticks: ``first`` and ``last`` are the starts of its first and last invocation;
    ``ended`` is the end of the last invocation before the moment of ``move_to``, INIT included; ``next`` is the start
    of the invocation after that."""

    def __init__(self, rows: Sequence[Invocation]) -> None:
        self._rows = [row for row in rows if row.environment]
        self._own: dict[str, list[Invocation]] = defaultdict(list)
        for row in self._rows:
            self._own[row.environment].append(row)
        self._place = {name: place for place, name in enumerate(self._own)}
        of_each = list(self._own.values())
        self.first = np.array([ticks(own[0].started) for own in of_each], dtype=np.int64)
        self.last = np.array([ticks(own[-1].started) for own in of_each], dtype=np.int64)
        self.ended = np.zeros(len(of_each), dtype=np.int64)
        self.next = self.first.copy()
        self._after = {id(row): ticks(later.started) for own in of_each for row, later in pairwise(own)}
        self.broken = np.array([is_broken(own[-1]) for own in of_each], dtype=bool)
        """Whether its last invocation left it broken."""
        self.replaced = np.zeros(len(of_each), dtype=bool)
        """Whether another environment is known to have taken its place: each makes for one cold start."""
        self._version = np.array([own[0].version for own in of_each], dtype=object)
        self._passed = 0

    def move_to(self, moment: datetime) -> None:
        """Moves forward only."""
        while self._passed < len(self._rows) and self._rows[self._passed].started < moment:
            row = self._rows[self._passed]
            lasted = timedelta(milliseconds=(row.duration_ms or 0.0) + (row.init_ms or row.restore_ms or 0.0))
            place = self._place[row.environment]
            self.ended[place] = ticks(row.started + lasted)
            self.next[place] = self._after.get(id(row), NEVER)
            self._passed += 1

    def others(self, row: Invocation) -> Mask:
        """Environments that had an invocation before ``row``, except its own."""
        found: Mask = self.first < ticks(row.started)
        found[self._place[row.environment]] = False
        return found

    def of_version(self, version: str) -> Mask:
        found: Any = self._version == version
        return np.asarray(found, dtype=bool)

    def before(self, row: Invocation) -> Invocation | None:
        """The last invocation of the same environment that started before ``row``."""
        return next(
            (invocation for invocation in reversed(self._own[row.environment]) if invocation.started < row.started),
            None,
        )


def is_broken(row: Invocation) -> bool:
    return row.status in BREAKING_STATUSES
