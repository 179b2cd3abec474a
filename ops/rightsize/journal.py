"""What a sweep is about to change, on disk before each change: everything is restored from it, even after kill -9."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ops import typed_json
from ops.errors import OpsError, UsageError
from ops.files import atomic_file
from ops.target import Target, state_folder


@dataclass(frozen=True)
class Journal:
    """``intended_mb``: the memory that ``$LATEST`` is being given, has been given, or is given back; ``before_mb``: what it
    had until then, and has still where that change was refused or never sent."""

    sweep: str
    function: str
    account: str
    region: str
    former_mb: int
    before_mb: int
    intended_mb: int
    endpoint: str
    """The twin's endpoint; empty on AWS. A twin that was restarted has nothing to put back."""
    queue: str = ""
    """The workload's, for the audit log."""


def folder(target: Target) -> Path:
    """The folder in which this machine keeps sweeps. Raises OpsError when it cannot be made."""
    path = state_folder(target) / "rightsize"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise atomic_file.file_error(path, error) from error
    return path


class JournalFile:
    """The journal of one function. ``path`` exists while there is something to put back."""

    def __init__(self, home: Path, account: str, region: str, function: str) -> None:
        self.path = home / f"{account}-{region}-{function}.journal"
        self.lock_path = home / f"{account}-{region}-{function}.lock"

    def read(self) -> Journal | None:
        """None where nothing is to be put back. Raises OpsError for a file that cannot be understood."""
        if not self.path.exists():
            return None
        try:
            return typed_json.typed(typed_json.loads(atomic_file.read_file(self.path)), Journal)
        except UsageError:
            raise
        except atomic_file.MALFORMED as error:
            raise OpsError(
                f"{self.path} is damaged, so what an interrupted sweep left is not known.",
                "Look at the function's memory, its versions and the alias ops-rightsize, then delete that file.",
            ) from error

    def write(self, journal: Journal) -> None:
        """The journal is on disk when this returns."""
        with atomic_file.atomic_write(self.path, replace=True) as stream:
            stream.write(json.dumps(asdict(journal), indent=2).encode())

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
