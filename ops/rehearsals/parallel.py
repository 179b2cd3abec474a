"""Runs several rehearsals, one after the other or a few at a time, each in its own process with its own twin."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from ops import access
from ops.errors import OpsError
from ops.rehearsals.model import RunbookRehearsal
from ops.rehearsals.rehearse import EventSink, RehearsalResult, rehearse_on_own_twin
from ops.twin.stop_signals import held_back, interrupted_by_signals

STOP_WITHIN_S = 60.0
"""How long a process may take to stop its twin."""
_SPAWN = multiprocessing.get_context("spawn")  # a fork would share this process's threads and connections


@dataclass(frozen=True)
class RehearsalSinks:
    """Where one rehearsal reports: lines of progress, events of its run, and the folder that is kept (None: it is
    removed)."""

    progress: Callable[[str], None] = lambda _line: None
    on_event: EventSink = lambda _step, _event: None
    kept: Callable[[Path], None] | None = None


@dataclass(frozen=True)
class _Work:
    rehearsal: RunbookRehearsal
    sinks: RehearsalSinks
    process: SpawnProcess


def rehearse_all(
    rehearsals: Sequence[RunbookRehearsal], at_once: int, sinks: Callable[[RunbookRehearsal], RehearsalSinks]
) -> Iterator[RehearsalResult]:
    """Yields each result as it comes. ``at_once``: how many twins may run. After Ctrl-C, TERM or HUP, or where the
    caller stops, all of them are stopped and removed. Raises UsageError where nothing may be changed."""
    access.ensure_may("a rehearsal")
    if at_once == 1 or len(rehearsals) == 1:
        for each in rehearsals:
            sink = sinks(each)
            yield rehearse_on_own_twin(each, sink.kept, sink.progress, sink.on_event)
        return
    waiting, running = list(rehearsals), dict[Connection, _Work]()
    with interrupted_by_signals():
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    chosen = sinks(waiting[0])
                    with held_back():  # what was started is known to _stop
                        connection, work = _start(waiting.pop(0), chosen)
                        running[connection] = work
                for ready in wait(list(running)):
                    if isinstance(ready, Connection) and (result := _received(ready, running[ready])):
                        running.pop(ready).process.join()
                        ready.close()
                        yield result
        finally:
            _stop(running)


def _start(rehearsal: RunbookRehearsal, sinks: RehearsalSinks) -> tuple[Connection, _Work]:
    ours, theirs = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(
        target=_work, args=(rehearsal, sinks.kept is not None, theirs), name=f"rehearsal {rehearsal.name}"
    )
    process.start()
    theirs.close()
    return ours, _Work(rehearsal, sinks, process)


def _received(connection: Connection, work: _Work) -> RehearsalResult | None:
    """The result, once it comes; what comes before goes to the sinks."""
    try:
        kind, *values = connection.recv()
    except EOFError:
        work.process.join()
        rehearsal, code = work.rehearsal, work.process.exitcode
        result = RehearsalResult(rehearsal.name, rehearsal.runbook, rehearsal.alarm)
        result.findings.append(f"Its process ended with exit code {code} before the rehearsal did.")
        return result
    match kind:
        case "line":
            work.sinks.progress(*values)
        case "event":
            work.sinks.on_event(*values)
        case "kept" if work.sinks.kept is not None:
            work.sinks.kept(*values)
        case "result" if isinstance(values[0], RehearsalResult):
            return values[0]
    return None


def _stop(running: dict[Connection, _Work]) -> None:
    for work in running.values():
        work.process.terminate()  # it stops and removes its twin
    for connection, work in running.items():
        while work.process.is_alive() and connection.poll(STOP_WITHIN_S):
            try:
                connection.recv()  # so that it does not wait for a reader
            except EOFError:
                break
        work.process.join(STOP_WITHIN_S)
        if work.process.is_alive():
            work.process.kill()
        connection.close()


def _work(rehearsal: RunbookRehearsal, keep: bool, connection: Connection) -> None:
    """Runs in a process of its own. When no one reads any more, sending fails, and the twin is stopped and removed."""
    os.setpgid(0, 0)  # Ctrl-C reaches the first process alone, which stops this one
    try:
        result = rehearse_on_own_twin(
            rehearsal,
            (lambda folder: connection.send(("kept", folder))) if keep else None,
            lambda line: connection.send(("line", line)),
            lambda step, event: connection.send(("event", step, event)),
        )
    except OpsError as error:
        result = RehearsalResult(rehearsal.name, rehearsal.runbook, rehearsal.alarm)
        result.findings.append(f"{error} {error.next_step}".rstrip())
    except KeyboardInterrupt:
        return
    connection.send(("result", result))
