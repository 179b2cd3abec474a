"""A CPU quota without the kernel's help: processes that have used their share are stopped until they have earned it again.

The CPU time that a group's processes have used is read every few milliseconds; each group earns time at the rate of its
share, and is stopped while it is in debt. What waits (for the network, say) uses nothing and is not stopped, as under a
quota of the kernel. A pause is short: the debt of one look divided by the share, 100 ms at the smallest memory size.

Nothing stays stopped: pauses end when a group leaves, which every freeze, shutdown and kill begins with; should this
loop fail, all pauses end and the machine's whole CPU is given; and when the host dies, so do the processes.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from typing import Protocol

from ops.twin.host.clock import now

TICK_S = 0.005
PERIOD_S = 0.02
"""How much of its share a group may save up, as the kernel's period; our choice."""


class CpuUser(Protocol):
    """The processes of one environment."""

    def cpu_seconds(self) -> float:
        """CPU time that they have used so far."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...


@dataclass
class _Account:
    cores: float
    looked: float
    used: float
    saved: float = 0.0
    paused: bool = False


class Slices:
    """Time slices for all groups of a host."""

    def __init__(self) -> None:
        self._accounts: dict[CpuUser, _Account] = {}
        self._some = asyncio.Event()
        self._broken = False

    def enter(self, group: CpuUser, cores: float, moment: float) -> None:
        """Give ``group`` this share from ``moment`` (of ``clock.now``) on."""
        if group not in self._accounts and not self._broken:
            self._accounts[group] = _Account(cores, moment, group.cpu_seconds())
            self._some.set()

    def leave(self, group: CpuUser) -> None:
        """It goes on, with no limit."""
        account = self._accounts.pop(group, None)
        if account is not None and account.paused:
            group.resume()
        if not self._accounts:
            self._some.clear()

    def look(self, moment: float) -> None:
        """Pause and resume, by what each group has used until ``moment``."""
        for group, account in self._accounts.items():
            _settle(group, account, moment)

    async def run(self) -> None:
        try:
            while True:
                await self._some.wait()
                await asyncio.sleep(TICK_S)
                self.look(now())
        except Exception as error:  # reported here: nothing awaits this task while the host runs
            self._broken = True
            sys.stderr.write(f"CPU by memory size is off, as it failed: {type(error).__name__}: {error}\n")
            raise
        finally:
            for group in list(self._accounts):
                self.leave(group)


def _settle(group: CpuUser, account: _Account, moment: float) -> None:
    used = group.cpu_seconds()
    spent = max(0.0, used - account.used)  # less than before: a process has ended
    earned = account.cores * (moment - account.looked)
    account.saved = min(account.saved + earned, account.cores * PERIOD_S) - spent
    account.looked, account.used = moment, used
    if account.paused == (account.saved < 0):
        return
    account.paused = not account.paused
    if account.paused:
        group.pause()
    else:
        group.resume()
