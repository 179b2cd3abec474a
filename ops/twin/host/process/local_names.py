"""``sandbox.localdomain``, the name of an environment's own address, for the processes in it.

Stands for the sandbox's own ``/etc/hosts`` (LDG telemetry-api: listeners bind to ``sandbox.localdomain``). Each process
gets a mount namespace with a hosts file of its own. Where the kernel does not let this user have one, the name is not
known to functions and extensions; destinations of subscriptions may use it all the same.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_MS_BIND = 4096
_MS_REC_PRIVATE = 0x4000 | 1 << 18
_HOSTS = Path("/etc/hosts")
_LINE = "127.0.0.1 sandbox.localdomain sandbox\n"


def hosts_file(folder: Path) -> Path | None:
    """A hosts file in ``folder`` for ``enter``; None where namespaces are not to be had."""
    path = folder / "hosts"
    try:
        before = _HOSTS.read_text()
        path.write_text(f"{_LINE}{before}")
    except OSError:
        return None
    return path if _works(path) else None


def enter(hosts: Path) -> bool:
    """Between fork and exec: give this process the hosts file. False, perhaps half done, when the kernel refuses."""
    user, group = os.geteuid(), os.getegid()
    if _LIBC.unshare(_CLONE_NEWNS | (_CLONE_NEWUSER if user else 0)):
        return False
    if user:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            Path(f"/proc/self/{name}").write_text(text)
    private = _LIBC.mount(b"none", b"/", None, _MS_REC_PRIVATE, None)
    return not private and not _LIBC.mount(os.fsencode(hosts), os.fsencode(_HOSTS), None, _MS_BIND, None)


def _works(hosts: Path) -> bool:
    """Tried in a process of its own, as half of it would be worse than none."""
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):  # the fork must end here and never run the host's code
            if enter(hosts) and _HOSTS.read_text().startswith(_LINE):
                os._exit(0)
        os._exit(1)
    return os.waitpid(child, 0)[1] == 0
