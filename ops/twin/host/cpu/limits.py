"""Which environments get CPU by their memory size, and by which means.

Stands for LDG configuration-memory (2026): at 1,769 MB a function has the equivalent of one vCPU, in proportion below and
above. By default only versions that ``ops rightsize`` publishes are held to that: with the default of 128 MB everything
else would start fourteen times slower, and wait for nothing that is true of its own code. More cores than this machine has cannot be given.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Protocol

from ops.measured_versions import LABEL
from ops.rightsize import sizes
from ops.twin.host.clock import now
from ops.twin.host.cpu import cgroup
from ops.twin.host.cpu.cgroup import CpuCgroup
from ops.twin.host.cpu.slices import CpuUser, Slices
from ops.twin.host.settings import CpuByMemory, CpuMeans


class CpuLimit(Protocol):
    """The limit of one environment. ``admit``: called by each of its processes between fork and exec."""

    admit: Callable[[], None] | None

    def enter(self, group: CpuUser) -> None: ...

    def leave(self, group: CpuUser) -> None: ...

    def close(self) -> None: ...


class Unlimited:
    admit: Callable[[], None] | None = None

    def enter(self, group: CpuUser) -> None:
        pass

    def leave(self, group: CpuUser) -> None:
        pass

    def close(self) -> None:
        pass


class _ByCgroup(Unlimited):
    def __init__(self, made: CpuCgroup) -> None:
        self.admit = made.admit
        self.close = made.close  # type: ignore[method-assign]  # the cgroup's own, in place of nothing


class _BySlices(Unlimited):
    def __init__(self, slices: Slices, cores: float) -> None:
        self._slices = slices
        self._cores = cores

    def enter(self, group: CpuUser) -> None:
        self._slices.enter(group, self._cores, now())

    def leave(self, group: CpuUser) -> None:
        self._slices.leave(group)


class CpuLimits:
    """The limits of one host. ``run`` goes on as long as the host."""

    def __init__(self, which: CpuByMemory, means: CpuMeans) -> None:
        self._which = which
        self._means = means
        self._slices = Slices()
        self._cores = len(os.sched_getaffinity(0))

    def for_environment(self, memory_mb: int, description: str, instance: str) -> CpuLimit:
        """``description``: the version's. ``instance``: the environment's ID."""
        share = sizes.vcpus(memory_mb)
        measured = self._which is CpuByMemory.MEASURED and description.startswith(LABEL)
        if share >= self._cores or not (measured or self._which is CpuByMemory.ALWAYS):
            return Unlimited()
        if self._parent is not None:
            return _ByCgroup(CpuCgroup(self._parent, instance, share))
        return _BySlices(self._slices, share)

    @cached_property
    def _parent(self) -> Path | None:
        return cgroup.usable_parent() if self._means is CpuMeans.AUTO else None

    def start(self) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(self._slices.run())
