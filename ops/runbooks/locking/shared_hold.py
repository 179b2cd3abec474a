"""Who runs a runbook on a workload, for people on other machines: a tag of its queue, for an hour at a time.

A tag is no lock: SQS changes tags without a condition, so that of two runs that start in the same second both may go on
until the next of their changes, before which each reads the tag again. It never stands in the way of an emergency: it
ends by itself, a person can take the workload over, and where tags cannot be read or written the run goes on with the
lock of its machine alone, and says so.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ops import access, clock
from ops.aws.sqs import tags
from ops.errors import OpsError, UsageError
from ops.files import atomic_file
from ops.runbooks.locking.run_lock import RunbookBusy
from ops.runbooks.record import FOLDER

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.workload import Workload

TAG = "scilearn-ops:runbook"
SHARED_PERMISSIONS = ("sqs:ListQueueTags", "sqs:TagQueue", "sqs:UntagQueue")
HOLD = timedelta(hours=1)
RENEWED = timedelta(minutes=30)
"""Before a change, a hold that ends sooner is renewed."""
READ_TIMEOUT_S = 5.0
MAX_VALUE = 256
_UNTIL = "%Y-%m-%dT%H:%M:%SZ"
MACHINE_FILE = "machine-id"
"""Beside the runs: what tells this machine's runs from others', also those that were killed before they had a record."""
_VALUE = re.compile(r"(?P<run>[\w-]{1,120}) on (?P<machine>\w+) until (?P<until>\S{20}) by (?P<who>.+)")
_MACHINE = re.compile(r"[0-9A-Za-z]{1,64}")
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9 _.:/=+\-@]")


@dataclass(frozen=True)
class SharedHolder:
    run: str
    machine: str
    until: datetime
    who: str

    def __str__(self) -> str:
        return f"{self.who} (run {self.run}, until {self.until:%H:%M} UTC)"


class SharedHold:
    """Of one run. ``report`` takes a sentence."""

    def __init__(
        self, aws: Aws, workload: Workload, home: Path, report: Callable[[str], None], run: str, who: str
    ) -> None:
        self._aws = aws.without_retries(READ_TIMEOUT_S, fast_sqs=False)
        self._workload, self._home, self._report = workload, home, report
        self._run, self._who = run, who
        self._works = True
        self._written = False
        self.taken_from = ""
        """Whom it was taken over from, in words; empty: no one."""

    def take(self, *, over: bool) -> None:
        """Raises RunbookBusy where a run on another machine holds the workload, unless it is taken ``over``."""
        if access.read_only():  # what would need the hold is refused
            self._works = False
            return
        try:
            holder = self._other_holder()
            if holder is not None and not over:
                raise RunbookBusy(
                    f"A runbook is already running on {self._workload.name}, by {holder}, on another machine.",
                    "Ask them. Where that cannot wait: ops runbook run NAME --take-over --reason WHY; resume and rollback "
                    "have --take-over, too.",
                )
            self.taken_from = str(holder) if holder else ""
            self._write()
        except RunbookBusy:
            raise
        except OpsError as error:
            self._give_up(error)

    def ensure_ours(self) -> None:
        """Before a change. Raises RunbookBusy where another run took the workload over since."""
        if not self._works:
            return
        try:
            holder = self._read()
            if holder is not None and self._is_other(holder):
                raise RunbookBusy(
                    f"The workload was taken over by {holder}. Nothing was carried out.",
                    "Ask them; resume with --take-over to take it back.",
                )
            if holder is None or holder.until - clock.now_utc() < RENEWED:
                self._write()
        except RunbookBusy:
            raise
        except OpsError as error:
            self._give_up(error)

    def release(self) -> None:
        """No one else's tag is removed; this run's is also where a read of it failed since. Not for a run that waits for a
        person: it goes on holding the workload."""
        try:
            holder = self._read() if self._works or self._written else None
            if holder is not None and holder.run == self._run:
                tags.remove_tag(self._aws, self._workload.queue, TAG)
        except OpsError as error:
            self._report(f"Tag {TAG} of {self._workload.queue.name} stays until its time is over: {error}")
        finally:
            self._aws.disconnect()

    def _other_holder(self) -> SharedHolder | None:
        holder = self._read()
        return holder if holder is not None and self._is_other(holder) else None

    def _is_other(self, holder: SharedHolder) -> bool:
        """Not where its time is over, nor for a run of this machine, which the lock of this machine keeps apart."""
        return holder.machine != self._machine() and holder.until > clock.now_utc()

    def _read(self) -> SharedHolder | None:
        found = _VALUE.fullmatch(tags.list_tags(self._aws, self._workload.queue).get(TAG, ""))
        if found is None:
            return None
        try:
            until = datetime.strptime(found["until"], _UNTIL).replace(tzinfo=UTC)
        except ValueError:
            return None
        return SharedHolder(found["run"], found["machine"], min(until, clock.now_utc() + HOLD), found["who"])

    def _write(self) -> None:
        machine = self._machine()
        self._written = True  # also where its answer does not come
        text = f"{self._run} on {machine} until {clock.now_utc() + HOLD:{_UNTIL}} by {self._who}"
        tags.set_tag(self._aws, self._workload.queue, TAG, _NOT_ALLOWED.sub("_", text)[:MAX_VALUE])

    def _machine(self) -> str:
        """A random ID of this machine's records. Raises OpsError."""
        path = self._home / FOLDER / MACHINE_FILE
        if not path.exists():
            with suppress(UsageError), atomic_file.atomic_write(path) as stream:  # another process was first
                stream.write(secrets.token_hex(8).encode())
        found = atomic_file.read_file(path).decode("ascii", "replace").strip()
        if not _MACHINE.fullmatch(found):  # a tag with it could not be read again
            raise OpsError(f"{path} does not have this machine's ID.", "Remove it: another one is made.")
        return found

    def _give_up(self, error: OpsError) -> None:
        self._works = False
        self._report(f"People on other machines are not kept out, since the queue cannot be tagged: {error}")
