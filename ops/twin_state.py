"""Where a running twin can be found: one small JSON file in the twin's folder, written once everything answers."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ops.errors import TwinError

REPOSITORY = Path(__file__).resolve().parents[1]
_MAX_PID = 2**31 - 1


def folder() -> Path:
    """``$OPS_TWIN_DIR``, else ``.twin`` in the project's folder."""
    return Path(os.environ.get("OPS_TWIN_DIR") or REPOSITORY / ".twin").absolute()


@dataclass(frozen=True)
class TwinState:
    endpoint: str  # e.g. http://127.0.0.1:4566: every AWS API
    host_url: str  # the Lambda host's own address
    region: str
    account_id: str
    access_key_id: str  # the operator's keys (an administrator of the twin)
    secret_access_key: str
    stack: str
    period: int  # seconds between the meter's points: the finest useful metric period
    started_at: str  # ISO 8601 UTC
    pids: dict[str, int] = field(default_factory=dict)  # role (emulator, host, …) → process id
    idle_limit: int = 120  # seconds after which an idle execution environment is shut down
    secret_token: str = field(default="", repr=False)
    """New at each start. Whoever has it may give the Lambda host work and use the emulator's administrative paths."""


def read() -> TwinState | None:
    """The running twin, or None when there is no file, it cannot be read, or one of its processes is gone."""
    twin = recorded()
    return twin if twin and twin.pids and not gone(twin) else None


def gone(twin: TwinState) -> tuple[str, ...]:
    """Which of its processes no longer run, in words; empty when all do."""
    return tuple(f"its {role} (process {pid}) is gone" for role, pid in twin.pids.items() if not alive(pid))


def not_whole(problems: tuple[str, ...]) -> TwinError:
    """What to tell about a twin of which only a part runs."""
    return TwinError(
        f"The twin is not whole: {'; '.join(problems)}.", "Start it again: ops twin up (or forget it: ops twin down)."
    )


def recorded() -> TwinState | None:
    """What the file says, whether or not it still runs: what a cleaner needs. None for a file that is damaged."""
    try:
        twin = TwinState(**json.loads((folder() / "state.json").read_text()))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return twin if _is_sound(twin) else None


def _is_sound(twin: TwinState) -> bool:
    """Whether each field has its type, and each process ID is one that a process can have."""
    texts = (value for name, value in asdict(twin).items() if name not in ("period", "pids", "idle_limit"))
    pids = twin.pids.values() if isinstance(twin.pids, dict) else (0,)
    return (
        all(isinstance(text, str) for text in texts)
        and type(twin.period) is int
        and type(twin.idle_limit) is int
        and all(type(pid) is int and 0 < pid <= _MAX_PID for pid in pids)
    )


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A zombie still has a process id, but answers nothing.
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True
