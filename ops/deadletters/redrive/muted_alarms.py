"""The alarms that a plan mutes, for as long as its run takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting
from ops.alarms import muting
from ops.errors import OpsError
from ops.target import state_folder

if TYPE_CHECKING:
    from ops.deadletters.plan_model import Plan
    from ops.deadletters.queue import DeadLetterQueue


class MutedAlarms:
    """``notes``: what was muted, and what went wrong with it; a sentence each."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.problems: list[str] = []


@contextmanager
def muted_alarms(source: DeadLetterQueue, plan: Plan, who: str) -> Iterator[MutedAlarms]:
    """A muting that fails keeps no redrive from running. It ends with the block; after ``kill -9``, by the rule's own end
    within ten minutes, or when the next redrive, resume or ``ops alarms unmute`` lifts it."""
    home, account = state_folder(source.aws.target), source.workload.account
    found = MutedAlarms()
    found.problems += muting.lift_overdue(source.aws, home, account)
    record = _muted(source, plan, who, found)
    if record is None:
        yield found
        return
    latest = record.began + timedelta(seconds=plan.mute_s)
    renewal = muting.MutingRenewal(source.aws, home, record, latest)
    try:
        with renewal:
            yield found
    finally:
        found.problems += [renewal.problem] if renewal.problem else []
        _end(source, renewal.record, latest, found)


def _muted(source: DeadLetterQueue, plan: Plan, who: str, found: MutedAlarms) -> muting.MuteRecord | None:
    if not plan.mutes:
        return None
    home, account = state_folder(source.aws.target), source.workload.account
    seconds = min(plan.mute_s, muting.WINDOW_S)
    try:
        record = muting.mute(
            source.aws, home, f"redrive-{plan.id}", plan.mutes, seconds=seconds, account=account, who=who
        )
    except OpsError as error:
        found.problems.append(f"Its alarms are not muted: {error}")
        return None
    alarms = ", ".join(record.alarms)
    most = formatting.duration(plan.mute_s)
    found.notes.append(f"Muted while it runs, for at most {most}, by {record.how}: {alarms}.")
    return record


def _end(source: DeadLetterQueue, record: muting.MuteRecord, latest: datetime, found: MutedAlarms) -> None:
    try:
        muting.end(source.aws, state_folder(source.aws.target), record, latest)
    except OpsError as error:
        by_itself = record.how == muting.RULE
        until = formatting.clock(record.until, record.began)
        then = f"The muting ends by itself at {until}." if by_itself else "Enable them again: ops alarms unmute."
        found.problems.append(f"The alarms could not be unmuted: {error} {then}")
