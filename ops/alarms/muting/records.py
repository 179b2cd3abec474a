"""Records of mutings: one file each, written before the call to AWS, so that a later process can lift the muting if
this one dies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ops import typed_json
from ops.errors import OpsError
from ops.files import atomic_file
from ops.files.atomic_file import MALFORMED

FOLDER = "muted"
RULE, ACTIONS = "mute rule", "disabled actions"


@dataclass(frozen=True)
class MuteRecord:
    """``id``: what it was muted for, such as a redrive's ID, and the rule's name. ``how``: RULE, which ends by itself, or
    ACTIONS, which someone must enable again. ``alarms``: those whose actions were enabled. ``until``: its end."""

    id: str
    how: str
    alarms: tuple[str, ...]
    began: datetime
    until: datetime
    account: str
    region: str
    who: str


def path_of(home: Path, record_id: str) -> Path:
    return home / FOLDER / f"{record_id}.json"


def write(home: Path, record: MuteRecord) -> None:
    """Writes and syncs a record. Raises OpsError."""
    path = path_of(home, record.id)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise atomic_file.file_error(path.parent, error) from error
    with atomic_file.atomic_write(path, replace=True) as stream:
        stream.write(typed_json.dumps(record, indent=1).encode() + b"\n")


def remove(home: Path, record: MuteRecord) -> None:
    path_of(home, record.id).unlink(missing_ok=True)


def read_all(home: Path) -> tuple[MuteRecord, ...]:
    """Oldest first. A file that is not a record is left out."""
    found = []
    for path in sorted((home / FOLDER).glob("*.json")):
        try:
            record = typed_json.typed(typed_json.loads(atomic_file.read_file(path)), MuteRecord)
            at = {name: typed_json.in_utc(getattr(record, name)) for name in ("began", "until")}
            found.append(replace(record, began=at["began"], until=at["until"]))
        except (OpsError, *MALFORMED):
            continue
    return tuple(sorted(found, key=lambda record: record.began))
