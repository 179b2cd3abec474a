"""A CPU quota by the kernel: a cgroup for each environment (cgroup v1's ``cpu``, or v2 where it is delegated).

The kernel stops all processes of a cgroup once they have used their share of a period, and lets them go on in the next
one, as it does in Lambda's sandboxes. Every process is in it from before its first instruction on, and so is what it
starts.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

PERIOD_US = 20_000
"""Short, so that a small share is many short pauses; the kernel takes 1 ms to 1 s (cpu.cfs_period_us). Our choice."""
MIN_QUOTA_US = 1_000
"""The kernel takes no less: 5% of a core with this period, below 128 MB's 7%."""
_PREFIX = "ops-twin-"
_NAME = re.compile(rf"{_PREFIX}(\d+)-.+")


class CpuCgroup:
    """Raises OSError where this user may not make one under ``parent``."""

    def __init__(self, parent: Path, name: str, cores: float) -> None:
        self.folder = parent / f"{_PREFIX}{os.getpid()}-{name}"
        self.folder.mkdir()
        try:
            quota = max(MIN_QUOTA_US, round(cores * PERIOD_US))
            if (self.folder / "cpu.max").exists():
                (self.folder / "cpu.max").write_text(f"{quota} {PERIOD_US}")
            else:
                _overwrite(self.folder / "cpu.cfs_period_us", PERIOD_US)
                _overwrite(self.folder / "cpu.cfs_quota_us", quota)
        except OSError:
            self.close()
            raise
        self._members = os.fsencode(self.folder / "cgroup.procs")

    def admit(self) -> None:
        """Called by a process between fork and exec: it and all that it starts belong here from now on."""
        handle = os.open(self._members, os.O_WRONLY)
        try:
            os.write(handle, b"0")
        finally:
            os.close(handle)

    def close(self) -> None:
        """Take it away; what still has processes is left to ``remove_leftovers`` of a later host."""
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def usable_parent() -> Path | None:
    """Where this process may create cgroups with a CPU quota and put its children into them; None if nowhere. Found by
    trying, because permissions, delegation and read-only mounts all matter."""
    parent = own_folder(Path("/proc/self/cgroup").read_text(), Path("/proc/self/mountinfo").read_text())
    if parent is None:
        return None
    remove_leftovers(parent)
    try:
        tried = CpuCgroup(parent, "trial", 1.0)
    except OSError:
        return None
    try:
        return parent if _can_enter(tried) else None
    finally:
        tried.close()


def own_folder(cgroups: str, mounts: str) -> Path | None:
    """This process's cgroup with the CPU controller, from the texts of /proc/self/cgroup and /proc/self/mountinfo."""
    paths = {}
    for line in cgroups.splitlines():
        _, controllers, path = line.split(":", 2)
        paths[controllers] = path
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        root, point = before.split()[3:5]
        kind, _, options = after.split(" ", 2)
        for controllers, path in paths.items():
            first = kind == "cgroup" and "cpu" in controllers.split(",") and "cpu" in options.split(",")
            second = kind == "cgroup2" and not controllers and "cpu" in _controllers(Path(point))
            if (first or second) and path.startswith(root):
                return Path(point) / path[len(root) :].lstrip("/")
    return None


def remove_leftovers(parent: Path) -> None:
    """Remove the cgroups of hosts that were killed."""
    for folder in parent.glob(f"{_PREFIX}*"):
        owner = _NAME.fullmatch(folder.name)
        if owner and not Path(f"/proc/{owner[1]}").exists():
            with contextlib.suppress(OSError):  # it still has processes, or another host was first
                folder.rmdir()


def _can_enter(tried: CpuCgroup) -> bool:
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):  # the fork must end here and never run the host's code
            tried.admit()
            os._exit(0)
        os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _controllers(mounted: Path) -> list[str]:
    try:
        return (mounted / "cgroup.controllers").read_text().split()
    except OSError:
        return []


def _overwrite(path: Path, value: int) -> None:
    """The file must be there: on cgroup v2 without the controller it is not, and must not be made."""
    handle = os.open(path, os.O_WRONLY)
    try:
        os.write(handle, str(value).encode())
    finally:
        os.close(handle)
