"""Where a running twin can be found: one small JSON file in the twin's folder, written once everything answers."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


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


def write(twin: TwinState) -> None:
    path = folder() / "state.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".tmp")
    scratch.touch(mode=0o600)  # it holds the operator's keys
    scratch.write_text(json.dumps(asdict(twin), indent=2))
    scratch.replace(path)


def read() -> TwinState | None:
    """The running twin, or None when there is no file, it cannot be read, or one of its processes is gone."""
    twin = recorded()
    return twin if twin and twin.pids and all(alive(pid) for pid in twin.pids.values()) else None


def recorded() -> TwinState | None:
    """What the file says, whether or not it still runs: what a cleaner needs."""
    try:
        return TwinState(**json.loads((folder() / "state.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def clear() -> None:
    (folder() / "state.json").unlink(missing_ok=True)


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
