"""The function's execution environments on the twin: how many are busy, and killing those that are."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
from pathlib import Path

from ops.errors import TwinError
from ops.twin import callers, processes
from ops.twin_state import TwinState

_FROZEN = ("T", "Z")
"""States in /proc of processes that are frozen (idle) or over."""


def busy(twin: TwinState, function: str) -> int:
    """Environments of the function that are starting or have an invocation; 0 when the host does not answer."""
    connection = http.client.HTTPConnection(twin.host_url.removeprefix("http://"), timeout=2)
    try:
        connection.request("GET", "/health", headers=callers.bearing(twin.secret_token))
        pools = json.loads(connection.getresponse().read())["environments"]
        return int(pools.get(function, {}).get("busy", 0))
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return 0
    finally:
        connection.close()


def kill_busy(twin: TwinState, function: str) -> int:
    """Kill the processes of all environments that are at work, as when their host dies; returns how many processes.

    Raises TwinError unless the host is one of this folder's twin: nothing else is ever killed.
    """
    host = twin.pids.get("host", 0)
    if not processes.is_ours(host):
        raise TwinError("The twin's Lambda host is not running.", "Start it again: ops twin up.")
    killed = 0
    mark = f"AWS_LAMBDA_FUNCTION_NAME={function}".encode()
    for pid in _children(host):
        with contextlib.suppress(OSError):  # it has ended since
            process = Path(f"/proc/{pid}")
            state = process.joinpath("stat").read_text().rpartition(")")[2].split()[0]
            if state not in _FROZEN and mark in process.joinpath("environ").read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGKILL)
                killed += 1
    return killed


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError, ValueError):  # it has ended since
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found
