"""Restores what a sweep changed: the function's memory, its alias, its versions. No other change is undone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ops import access, formatting
from ops.aws.lambda_ import versions
from ops.errors import AwsError, NotFound, OpsError
from ops.files import atomic_file, lock_holder
from ops.files.lock_holder import LockHeld
from ops.measured_versions import LABEL, MeasuredVersionsFile
from ops.rightsize import audit, settling
from ops.rightsize.journal import Journal, JournalFile
from ops.rightsize.settling import Pause

if TYPE_CHECKING:
    from datetime import datetime

    from ops.aws import Aws
    from ops.aws.lambda_.versions import Configuration

ALIAS = "ops-rightsize"
"""The alias of the version that is measured. It exists as long as a sweep does, so a second sweep is refused on any
machine."""


def description(sweep: str) -> str:
    """The description of everything that a sweep creates, by which it can be found."""
    return f"{LABEL} {sweep}"


def restore(
    aws: Aws, file: JournalFile, journal: Journal, pause: Pause = time.sleep, outcome: str = audit.PUT_BACK
) -> tuple[str, ...]:
    """What was put back, in sentences, as it is in the audit log, too, with this ``outcome`` of the sweep. The
    journal is removed once nothing is left. Raises what ``ops.aws`` raises; then it is kept, and restoring can be tried again.

    A record of measurements that cannot be written does not keep the function from being put back."""
    access.ensure_may("restoring a function's memory")
    name, done = journal.function, list[str]()
    measured = MeasuredVersionsFile(aws.target, journal.account, journal.region, name)
    try:
        now = settling.settled(aws, name, pause)
    except NotFound:
        gone = f"{name} is gone, so there is nothing to put back."
        unrecorded = audit.end(aws, journal, outcome, [gone])
        file.remove()
        return (gone, unrecorded) if unrecorded else (gone,)
    if now.memory_mb != journal.former_mb and now.memory_mb in (journal.intended_mb, journal.before_mb):
        _put_back(aws, journal, now, pause, measured, done)
    elif now.memory_mb != journal.former_mb:
        done.append(
            f"{name} has {now.memory_mb:,} MB, which is neither the former {journal.former_mb:,} MB nor what the sweep "
            "set: someone else changed it, and it is left as it is."
        )
    ours = description(journal.sweep)
    found = versions.aliases(aws, name)
    if any(alias.name == ALIAS and alias.description.startswith(ours) for alias in found):
        versions.delete_alias(aws, name, ALIAS)
        done.append(f"The alias {ALIAS} is deleted.")
    kept = {alias.version for alias in found if alias.name != ALIAS}
    made = versions.described_versions(aws, name, ours)
    for version in made:
        _record(measured, done, version=version)
        if version not in kept:
            versions.delete_version(aws, name, version)
    if deleted := [version for version in made if version not in kept]:
        what = formatting.count(len(deleted), "version that the sweep published", "versions that the sweep published")
        done.append(f"Deleted: {what} ({', '.join(deleted)}).")
    if used := kept.intersection(made):
        done.append(f"Version {', '.join(sorted(used))} is kept, as another alias points at it.")
    if unrecorded := audit.end(aws, journal, outcome, done):
        done.append(unrecorded)
    file.remove()
    return tuple(done)


def _put_back(
    aws: Aws, journal: Journal, now: Configuration, pause: Pause, measured: MeasuredVersionsFile, done: list[str]
) -> None:
    name = journal.function
    try:
        versions.set_memory(aws, name, journal.former_mb, now.revision)
    except AwsError as error:
        if error.code in settling.CHANGED_CODES:
            raise settling.changed(
                f"{name} was changed while its memory was put back; run ops rightsize --restore"
            ) from error
        raise
    done.append(f"{name} has its former {journal.former_mb:,} MB again (from {now.memory_mb:,} MB).")
    _record(measured, done, changed_at=settling.settled(aws, name, pause).changed_at)


def _record(
    measured: MeasuredVersionsFile, done: list[str], version: str = "", changed_at: datetime | None = None
) -> None:
    try:
        measured.add(version, changed_at)
    except OpsError as error:
        text = f"It is not on record as a measurement: {error}"
        done += [] if text in done else [text]


def restore_interrupted(aws: Aws, file: JournalFile, pause: Pause = time.sleep) -> tuple[str, ...]:
    """What a sweep left that no longer runs; nothing while one runs, or where none was interrupted. Raises LockHeld."""
    if not file.path.exists():
        return ()
    try:
        with lock_holder.hold_lock(file.lock_path, "restore", "ops rightsize --restore"):
            journal = file.read()
            if journal is None:
                return ()
            if journal.endpoint != (aws.target.endpoint or ""):
                file.remove()  # of a twin that is gone
                return ()
            return restore(aws, file, journal, pause)
    except OSError as error:
        raise atomic_file.file_error(file.lock_path, error) from error


__all__ = ["ALIAS", "LockHeld", "description", "restore", "restore_interrupted"]
