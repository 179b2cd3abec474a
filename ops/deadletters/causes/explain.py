"""Give every letter on the shelf a cause: carried, from the logs, likely, or guessed; and say which are the same."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops.deadletters import letters
from ops.deadletters.causes import fixed
from ops.deadletters.causes.asking import Asked, Asking, Budget, When, ask
from ops.deadletters.causes.evidence import Evidence, Setup, Subject
from ops.deadletters.causes.fingerprint import ENOUGH, common, fingerprint
from ops.deadletters.causes.guesses import GUESS, Guesser
from ops.deadletters.causes.shapes import job_kind
from ops.deadletters.letter import Cause, Kind
from ops.deadletters.plan import Selection
from ops.deadletters.shelf import Shelf
from ops.insight import words

if TYPE_CHECKING:
    from ops.deadletters.shelf import Group
    from ops.deadletters.source import Source

Progress = Callable[[str], None]
"""Called with what is being done, as a clause: "asking the logs from 02:10 UTC (query 1)"."""

NOTED = "explained"
"""Where the shelf keeps what the last explaining said."""
OPEN = Selection(where="cause.source == 'none' || cause.source == 'guess'")
UNCERTAIN = timedelta(hours=1)
"""A message may wait for its next receive behind a backlog."""


@dataclass(frozen=True)
class Explained:
    """``letters``: how many were looked at; ``unexplained`` of them have no cause now, ``guessed`` only a guess and
    ``likely`` one that was joined by time. ``groups``: all of the shelf's. ``usd``: what asking the logs cost."""

    letters: int
    unexplained: int
    guessed: int
    likely: int
    groups: tuple[Group, ...]
    usd: float
    queries: int
    notes: tuple[str, ...]


def explain(source: Source, progress: Progress | None = None, budget: Budget | None = None) -> Explained:
    """Find out about the letters on the shelf that have no cause yet, and whether causes are fixed since.

    Asks only the logs of the workload's function, within ``budget``; where AWS refuses that, a note says so and the
    letters keep what they carry themselves. Raises OpsError when the shelf cannot be read or written.
    Needs logs:StartQuery, logs:GetQueryResults, and cloudwatch:GetMetricData to know what a query will cost.
    """
    say = progress or (lambda _: None)
    now = datetime.now(UTC)
    with Shelf.open(source) as shelf:
        known, silent, fallback = _read(shelf, say)
        asking = _asking(source, budget or Budget(), say)
        found = _from_logs(source, silent, asking, now) if asking else {}
        found |= {one: cause for one, cause in fallback.items() if one not in found}
        left = [subject.message_id for subject in silent if subject.message_id not in found]
        if left:
            say(f"comparing {words.count(len(left), 'letter')} that left no trace")
        guessed = _guessed(shelf, left, {subject.message_id: subject for subject in silent})
        say("grouping")
        shelf.set_causes([*named({**known, **found}, _labels(shelf)).items(), *guessed.items()])
        groups = shelf.groups()
        asked = asking.asked if asking else Asked(notes=[_no_logs(source)] if silent else [])
        shelf.note(fixed.NOTED, fixed.since(source, groups, None if asked.failed else asking, now))
        done = Explained(
            letters=len(known) + len(silent),
            unexplained=sum(cause.source == "none" for cause in guessed.values()),
            guessed=sum(cause.source == GUESS for cause in guessed.values()),
            likely=sum(cause.likely for cause in found.values()),
            groups=groups,
            usd=asked.usd,
            queries=asked.queries,
            notes=tuple(dict.fromkeys(asked.notes)),
        )
        told = {"usd": done.usd, "queries": done.queries, "notes": list(done.notes), "at": now.isoformat()}
        shelf.note(NOTED, told)
    return done


def _read(shelf: Shelf, say: Progress) -> tuple[dict[str, Cause], list[Subject], dict[str, Cause]]:
    """Causes that letters carry, letters that carry none, and what little the others say ("code 200")."""
    say("reading the shelf")
    known: dict[str, Cause] = {}
    silent: list[Subject] = []
    fallback: dict[str, Cause] = {}
    for shelved in shelf.iterate(OPEN):
        letter = shelved.letter
        kind = sys.intern(job_kind(letter.body))
        cause = letters.carried(letter)
        if cause is not None and letter.kind is not Kind.LAMBDA:
            known[letter.message_id] = replace(cause, job_kind=cause.job_kind or kind)
            continue
        silent.append(Subject.of(letter, kind))
        if cause is not None:
            fallback[letter.message_id] = replace(cause, job_kind=kind)
    return known, silent, fallback


def _asking(source: Source, budget: Budget, say: Progress) -> Asking | None:
    group = source.workload.log_group
    return Asking(source.aws, group, budget, say) if group else None


def _from_logs(source: Source, silent: list[Subject], asking: Asking, now: datetime) -> dict[str, Cause]:
    function, mapping, queue = source.workload.function, source.workload.mapping, source.workload.queue
    setup = Setup(
        timeout_s=function.timeout_s if function else 900.0,
        window_s=mapping.window_s if mapping else 0.0,
    )
    horizon = timedelta(seconds=queue.visibility_s * (queue.max_receive_count or 3) * 2) + UNCERTAIN
    evidence = Evidence(frozenset().union(*(subject.ids for subject in silent)), setup)
    ask(asking, silent, evidence, When(now, horizon, horizon if source.queue.fifo else timedelta(0)))
    found: dict[str, Cause] = {}
    for subject in silent:
        cause = evidence.cause(subject) or evidence.likely(subject)
        if cause is not None:
            found[subject.message_id] = cause
    return found


def _guessed(shelf: Shelf, left: list[str], subjects: Mapping[str, Subject]) -> dict[str, Cause]:
    if not left:
        return {}
    guesser = Guesser()
    for shelved in shelf.iterate(Selection(ids=tuple(left))):
        guesser.add(shelved.letter.message_id, shelved.letter.body)
    return {one: replace(cause, job_kind=subjects[one].job_kind) for one, cause in guesser.causes().items()}


def named(causes: Mapping[str, Cause], labels: Mapping[str, str]) -> dict[str, Cause]:
    """``causes`` (by message id) with their fingerprints and labels; ``labels``: those that groups have already."""
    prints = {one: fingerprint(cause.error_type, cause.error_message, cause.location) for one, cause in causes.items()}
    messages: dict[str, dict[str, None]] = {}
    for one, cause in causes.items():
        some = messages.setdefault(prints[one], {})
        if len(some) < ENOUGH:
            some[cause.error_message] = None
    shared = {mark: common([*_known(labels.get(mark)), *some]) for mark, some in messages.items()}
    return {one: replace(cause, fingerprint=prints[one], label=shared[prints[one]]) for one, cause in causes.items()}


def _known(label: str | None) -> Iterable[str]:
    return [label] if label else []


def _labels(shelf: Shelf) -> dict[str, str]:
    return {group.fingerprint: group.label for group in shelf.groups() if group.fingerprint}


def _no_logs(source: Source) -> str:
    return f"No function reads {source.workload.queue.name}, so there are no logs that tell why letters died."
