"""Versions of a function that memory sweeps published, and the changes of ``$LATEST`` that they made, kept on this machine.

The versions are deleted when a sweep ends, and its changes put back; log lines and Lambda's times of the last change
remain. From this it is known that they were measurements and no deployments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ops import typed_json
from ops.errors import OpsError
from ops.files import atomic_file
from ops.target import Target, state_folder

LABEL = "ops rightsize"
"""How the description of each version begins that a sweep publishes, followed by the sweep's ID."""
MEASURED = "measured by ops rightsize"
FOLDER = "rightsize"
"""The folder's name in the state folder."""
MAX_KEPT = 2_000
"""Versions, and changes; the oldest are dropped."""


@dataclass(frozen=True)
class MeasuredVersions:
    """``place``: empty on AWS; of a twin, which start of it: a later one numbers its versions from 1 again. ``changes``: the
    times that Lambda gives as the last change of ``$LATEST`` after each change of a sweep."""

    place: str = ""
    versions: tuple[str, ...] = ()
    changes: tuple[datetime, ...] = ()

    def named(self, version: str) -> str:
        """The version for people, with a note if a sweep measured it."""
        return f"{version} ({MEASURED})" if version in self.versions else version


def read(target: Target, account: str, region: str, function: str) -> MeasuredVersions:
    """None at all where nothing is kept, or what is kept cannot be read: they are labels of what is shown otherwise."""
    place = _place(target)
    try:
        found = typed_json.typed(
            typed_json.loads(atomic_file.read_file(_path(target, account, region, function))), MeasuredVersions
        )
    except (OpsError, *atomic_file.MALFORMED):
        return MeasuredVersions(place)
    return found if found.place == place else MeasuredVersions(place)


class MeasuredVersionsFile:
    """The file for one function."""

    def __init__(self, target: Target, account: str, region: str, function: str) -> None:
        self._where = target, account, region, function

    def add(self, version: str = "", changed_at: datetime | None = None) -> None:
        """Raises OpsError when it cannot be written."""
        known = read(*self._where)
        versions = (*known.versions, version) if version and version not in known.versions else known.versions
        again = changed_at is None or changed_at in known.changes
        changes = known.changes if again or changed_at is None else (*known.changes, changed_at)
        new = replace(known, versions=versions[-MAX_KEPT:], changes=changes[-MAX_KEPT:])
        path = _path(*self._where)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise atomic_file.file_error(path.parent, error) from error
        with atomic_file.atomic_write(path, replace=True) as stream:
            stream.write(typed_json.dumps(new).encode())


def _path(target: Target, account: str, region: str, function: str) -> Path:
    return state_folder(target) / FOLDER / f"{account}-{region}-{function}.measured"


def _place(target: Target) -> str:
    """A twin has other keys after each start."""
    return target.access_key_id or "" if target.is_twin else ""
