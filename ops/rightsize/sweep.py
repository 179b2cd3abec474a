"""One sweep, from its first call to its saved result.

In order: what an interrupted sweep left is put back; a trial invocation of the live version shows that the jobs run;
versions are published, the former memory put back; the versions are measured through the alias; alias and versions are
deleted. Whatever happens in between, the end is the same: nothing of it is left, or the journal says what is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops import access, pricing
from ops.aws import lambda_, sts
from ops.aws.lambda_ import versions
from ops.errors import OpsError, UsageError
from ops.files import lock_holder
from ops.rightsize import audit, jobs, restoring, results, settling, sizes
from ops.rightsize import journal as journals
from ops.rightsize.estimate import SweepEstimate, estimate
from ops.rightsize.journal import Journal, JournalFile
from ops.rightsize.measuring import Bounds, Invoker, JobSource, Measuring
from ops.rightsize.model import Attempt, Measured, Observed, Setting
from ops.rightsize.publishing import Publisher
from ops.rightsize.settling import Pause

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.lambda_ import Function
    from ops.workload import Workload

INVOKE_MARGIN_S = 75
"""How much longer than the function's timeout an invocation may take: INIT, and a busy twin."""
MAX_BATCH, MAX_FIFO_BATCH = 10_000, 10
"""Limits of an event source mapping (botocore 1.44.5 model of CreateEventSourceMapping, 2026-11)."""
RESTORE = "When that is possible again, put it back: ops rightsize --restore."
Tell = Callable[[str], None]


@dataclass(frozen=True)
class SweepSettings:
    """``memories`` (MB) and ``batch_sizes`` to measure; ``rounds`` published versions of each memory size, with
    ``per_round`` warm invocations of each batch size."""

    memories: tuple[int, ...]
    batch_sizes: tuple[int, ...]
    rounds: int = 3
    per_round: int = 10
    most_usd: float = 1.0
    most_minutes: float = 60.0
    id_field: str = jobs.ID_FIELD
    same_ids: bool = False
    change_live: bool = False


class Sweep:
    """A sweep of ``workload``'s function. Raises UsageError for settings or a workload that cannot be swept."""

    def __init__(
        self,
        aws: Aws,
        workload: Workload,
        settings: SweepSettings,
        bodies: Sequence[str],
        tell: Tell = lambda _text: None,
        pause: Pause = time.sleep,
    ) -> None:
        self.function = swept_function(workload)
        self._aws = aws
        self._workload = workload
        self._tell = tell
        self._pause = pause
        current = self.function.memory_mb
        sizes.ensure_sizes(settings.memories)
        for size in settings.batch_sizes:
            _ensure_batch(size, MAX_FIFO_BATCH if workload.queue.fifo else MAX_BATCH)
            jobs.ensure_fit(bodies, size)
        jobs.ensure_identifiable(bodies, settings.id_field, settings.same_ids)
        self.settings = replace(settings, memories=tuple(sorted({*settings.memories, current})))
        self._source = JobSource(tuple(bodies), settings.id_field, workload.queue.arn, workload.region)
        self._prices = pricing.load(workload.region)
        self.id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.urandom(2).hex()}"
        home = journals.folder(aws.target)
        self._home = home
        self._file = JournalFile(home, workload.account, workload.region, self.function.name)
        quiet = aws.without_retries(self.function.timeout_s + INVOKE_MARGIN_S)
        self._invoker = Invoker(
            quiet, self.function.name, self.function.architecture, self._source, self.id, self._prices, pause
        )

    def ensure_safe(self) -> None:
        """Raises UsageError where changing ``$LATEST`` would change what runs now, unless that was asked for; and where
        what runs now is other code than ``$LATEST``, which is what versions are made of."""
        name = self.function.name
        if self.function.snap_start:
            raise UsageError(
                f"{name} has SnapStart: each version of a sweep would be cached, and billed, for at least three hours.",
                "Measure a copy of the function without SnapStart.",
            )
        if self.function.managed or self.function.durable:
            raise UsageError(
                f"{name} {'runs on Managed Instances' if self.function.managed else 'is a durable function'}: its invocations "
                "have neither the price nor the duration that a sweep compares.",
                "Measure a copy of the function without that.",
            )
        live = self._workload.runs_latest
        leading = [
            alias.name
            for alias in versions.aliases(self._aws, name)
            if alias.version == "$LATEST" and alias.name != restoring.ALIAS
        ]
        if (live or leading) and not self.settings.change_live:
            who = "the queue's event source mapping" if live else f"alias {leading[0]}"
            raise UsageError(
                f"{who[:1].upper()}{who[1:]} runs $LATEST of {name}. Versions of other sizes can only be published from $LATEST, "
                f"so each would be live for some seconds, {len(self.settings.memories) * self.settings.rounds} times in all, and "
                "each change replaces the warm environments.",
                "Let the mapping run an alias of a published version, or accept that with --change-live.",
            )
        qualifier = self._live_qualifier()
        if qualifier:
            running = versions.read_configuration(self._aws, name, qualifier)
            latest = versions.read_configuration(self._aws, name)
            if running.code_sha != latest.code_sha or running.settings != latest.settings:
                raise UsageError(
                    f"{name}:{qualifier} runs version {running.version}, whose code or settings are not those of $LATEST: the "
                    "sweep would measure what is not live.",
                    "Publish a version of $LATEST for the alias first, or set $LATEST back to it.",
                )

    def trial(self) -> Attempt:
        """One job on the live version, before anything is changed. Raises OpsError when it fails or cannot be measured."""
        access.ensure_may("a memory sweep")
        attempt = self._invoker.run(self._live_qualifier() or "$LATEST", self.function.memory_mb, 1, 0)
        warm = self._invoker.run(self._live_qualifier() or "$LATEST", self.function.memory_mb, 1, 0)
        assert attempt is not None and warm is not None  # noqa: S101 - no version was asked for
        if not warm.succeeded:
            raise OpsError(
                f"The trial job fails on {self.function.name} as it is now ({warm.error or 'in its batch response'}): nothing was "
                "changed.",
                "Look at its log (ops logs), and choose jobs that succeed with --jobs.",
            )
        if warm.duration_ms is None:
            raise OpsError(
                f"{self.function.name} returns no REPORT with its answer, so nothing can be measured.",
                "Check that its SystemLogLevel is INFO: at WARN there is no report.",
            )
        return warm

    def estimate(self, trial: Attempt, observed: Observed) -> SweepEstimate:
        """An estimate from the trial's job or from the function's recent mean, whichever is longer: jobs differ."""
        settings = self.settings
        lately = (observed.duration_ms or 0.0) / max(1.0, observed.messages_per_invocation or 1.0)
        return estimate(
            settings.memories,
            settings.batch_sizes,
            settings.rounds,
            settings.per_round,
            max(trial.duration_ms or 0.0, lately),
            self.function.memory_mb,
            self.function.architecture,
            self._prices,
        )

    def run(self, observed: Observed, stop: Callable[[], bool] = lambda: False) -> Measured:
        """Measures, puts everything back, saves the result. Raises UsageError when another sweep runs, ChangedMeanwhile,
        and what ``ops.aws`` raises while versions are published; what fails later ends the sweep with what it has."""
        access.ensure_may("a memory sweep")
        started = datetime.now(UTC)
        settings, name = self.settings, self.function.name
        with self._alone():
            self.restore()
            now = settling.settled(self._aws, name, self._pause)
            journal = Journal(
                self.id,
                name,
                self._workload.account,
                self._workload.region,
                now.memory_mb,
                now.memory_mb,
                now.memory_mb,
                self._aws.target.endpoint or "",
                self._workload.queue.name,
            )
            who = sts.caller_identity(self._aws).arn
            audit.begin(self._aws, journal, who, settings.memories, settings.rounds)
            self._file.write(journal)
            outcome = audit.FAILED
            try:
                publisher = Publisher(self._aws, self._file, journal, self._pause, self._tell)
                alias = publisher.reserve(who)
                published = publisher.publish(settings.memories, settings.rounds)
                bounds = Bounds(settings.most_usd, settings.most_minutes * 60)
                measuring = Measuring(self._aws, name, self._invoker, bounds, stop, self._tell, self._pause)
                found = measuring.run(alias, published, settings.batch_sizes, settings.per_round)
                outcome = audit.STOPPED if found.stopped else audit.DONE
            except BaseException as error:  # Ctrl-C too: the function's memory is put back
                left = self._put_back(outcome)
                if left and isinstance(error, OpsError):
                    raise OpsError(f"{error} {left}", RESTORE) from error
                raise
            left = self._put_back(outcome)
        measured = self._measured(started, observed, tuple(found.attempts), found.stopped)
        results.save(self._home, measured)
        if left:
            raise OpsError(f"The sweep was measured and saved (ops rightsize --last). {left}", RESTORE)
        return measured

    def restore(self, outcome: str = audit.PUT_BACK) -> None:
        """What a sweep of this function left, an interrupted one or this; called with the lock held."""
        before = self._file.read()
        if before is None:
            return
        if before.endpoint != (self._aws.target.endpoint or ""):
            self._file.remove()
            return
        for line in restoring.restore(self._aws, self._file, before, self._pause, outcome):
            self._tell(line)

    def _put_back(self, outcome: str) -> str:
        """What could not be put back, in sentences; empty when all was."""
        self._tell("putting everything back")
        try:
            self.restore(outcome)
        except OpsError as error:
            what = f"{self.function.name} may not have its former memory: {error} {error.next_step}"
            self._tell(what)
            return what.strip()
        return ""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            with lock_holder.hold_lock(self._file.lock_path, self.id, "ops rightsize"):
                yield
        except lock_holder.LockHeld as held:
            who = f" (process {held.holder.pid}, since {held.holder.since})" if held.holder else ""
            raise UsageError(
                f"A sweep of {self.function.name} is running on this machine{who}.", "Wait until it has ended."
            ) from held

    def _measured(self, started: datetime, observed: Observed, attempts: tuple[Attempt, ...], stopped: str) -> Measured:
        workload = self._workload
        batch_size = self.settings.batch_sizes[0]
        return Measured(
            id=self.id,
            function=self.function.name,
            region=workload.region,
            account=workload.account,
            twin=self._aws.target.is_twin,
            architecture=self.function.architecture,
            started=started,
            ended=datetime.now(UTC),
            current=Setting(self.function.memory_mb, batch_size),
            timeout_s=self.function.timeout_s,
            visibility_s=workload.queue.visibility_s,
            window_s=workload.mapping.window_s if workload.mapping else 0,
            observed=observed,
            attempts=attempts,
            stopped=stopped,
            cores=len(os.sched_getaffinity(0)) if self._aws.target.is_twin else None,
            load=os.getloadavg()[0] if self._aws.target.is_twin else None,
        )

    def _live_qualifier(self) -> str:
        mapping = self._workload.mapping
        return lambda_.qualifier_of(mapping.function_arn) if mapping else ""


def swept_function(workload: Workload) -> Function:
    """Raises UsageError where no function reads the queue."""
    if workload.function is None:
        raise UsageError(
            f"No function that reads {workload.queue.name} is known, so there is nothing to size.",
            "Name the function with --function.",
        )
    return workload.function


def _ensure_batch(size: int, most: int) -> None:
    if not 1 <= size <= most:
        raise UsageError(f"{size} is not a batch size.", f"Choose one from 1 to {most:,}.")
