"""Who runs a runbook on a workload, for people on other machines: a tag of its queue, for an hour at a time.

SQS changes tags without a condition: the last writer wins. A run that found no other therefore reads its tag again after
``SETTLE_S``, and goes on only if it is still its own. A run that read before that tag was there has written within
``WRITTEN_WITHIN_S``, or gives way: of two runs that start at once, at most one goes on. That rests on a tag being seen
once TagQueue has answered, which AWS does not promise (inferred, 2026-11); each run reads it again before each change.

It never stands in the way of an emergency: it ends by itself, a person can take the workload over, and where tags cannot
be read or written the run goes on with the lock of its machine alone, and says so.
"""

from __future__ import annotations

import re
import secrets
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
    from ops.runbooks.actions.action import ActionContext

TAG = "scilearn-ops:runbook"
SHARED_PERMISSIONS = ("sqs:ListQueueTags", "sqs:TagQueue", "sqs:UntagQueue")
HOLD = timedelta(hours=1)
RENEWED = timedelta(minutes=30)
"""Before a change, a hold that ends sooner is renewed."""
READ_TIMEOUT_S = 5.0
WRITTEN_WITHIN_S = 2.0
"""The longest time from reading the tag to writing it. Must not be above SETTLE_S."""
SETTLE_S = 2.0
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

    @property
    def renewed(self) -> datetime:
        """The last sign of it: it is renewed before changes. When it started is in its ID."""
        return self.until - HOLD

    def __str__(self) -> str:
        return f"{self.who} (run {self.run}, until {self.until:%H:%M} UTC)"


class SharedHold:
    """One run's hold."""

    def __init__(self, context: ActionContext, home: Path, run: str, who: str) -> None:
        self._aws = context.aws.without_retries(READ_TIMEOUT_S, fast_sqs=False)
        self._workload, self._home, self._report = context.workload, home, context.progress
        self._pause, self._elapsed_s = context.pause, context.elapsed_s
        self._run, self._who = run, who
        self._works = True
        self._written = False
        self.taken_from = ""
        """Whom it was taken over from, in words; empty: no one."""

    def find_other(self) -> SharedHolder | None:
        """The run on another machine that holds the workload now. Raises OpsError where tags cannot be read."""
        try:
            holder = self._read()
            return holder if holder is not None and self._is_other(holder) else None
        finally:
            self._aws.disconnect()

    def take(self, *, over: bool) -> None:
        """Raises RunbookBusy where a run on another machine holds the workload, unless it is taken ``over``; and where
        another one takes it at the same moment."""
        if access.read_only():  # what would need the hold is refused
            self._works = False
            return
        started = self._elapsed_s()
        try:
            holder = self._read()
            other = holder if holder is not None and self._is_other(holder) else None
            if other is not None and not over:
                raise self._held_by(other)
            self.taken_from = str(other) if other else ""
            self._write()
            if holder is None or other is not None or not self._is_held(holder):
                self._ensure_only_one(started)
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

    def _ensure_only_one(self, started_s: float) -> None:
        """Two machines may have seen no tag and written one each: theirs may have been replaced, or may replace ours."""
        took_s = self._elapsed_s() - started_s
        if took_s > WRITTEN_WITHIN_S and not self.taken_from:
            self.release()
            raise RunbookBusy(
                f"SQS took {took_s:.1f} s to tag {self._workload.queue.name}, too long to know whether another machine "
                "started a run meanwhile.",
                "Start it again.",
            )
        try:
            self._pause(SETTLE_S)
        except BaseException:  # interrupted: there is no run yet that others would have to wait for
            self.release()
            raise
        holder = self._read()
        if holder is None:
            raise RunbookBusy(
                f"Another run on {self._workload.name} started at the same moment, and gave way.", "Start it again."
            )
        if holder.run != self._run:
            raise self._held_by(holder)

    def _held_by(self, other: SharedHolder) -> RunbookBusy:
        return RunbookBusy(
            f"A runbook is already running on {self._workload.name}, by {other}, on another machine.",
            "Ask them. Where that cannot wait: ops runbook run NAME --take-over --reason WHY; resume and rollback "
            "have --take-over, too.",
        )

    def _is_held(self, holder: SharedHolder) -> bool:
        """Whether this machine's tag has kept others out until now."""
        return holder.until - clock.now_utc() > timedelta(seconds=SETTLE_S)

    def _is_other(self, holder: SharedHolder) -> bool:
        """Not where its time is over, nor for a run of this machine, which the lock of this machine keeps apart."""
        return holder.until > clock.now_utc() and holder.machine != self._known_machine()

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
        return self._known_machine()

    def _known_machine(self) -> str:
        """Empty where no run of this machine has held a workload yet."""
        path = self._home / FOLDER / MACHINE_FILE
        if not path.exists():
            return ""
        found = atomic_file.read_file(path).decode("ascii", "replace").strip()
        if not _MACHINE.fullmatch(found):  # a tag with it could not be read again
            raise OpsError(f"{path} does not have this machine's ID.", "Remove it: another one is made.")
        return found

    def _give_up(self, error: OpsError) -> None:
        self._works = False
        self._report(f"People on other machines are not kept out, since the queue cannot be tagged: {error}")
