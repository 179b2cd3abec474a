"""Rehearsals of the runbooks, each on a twin of its own: does the runbook end its incident, and is nothing lost?

``.venv/bin/python -m tests.bench.rehearsals [--short] [--jobs N] [NAME…]`` prints one JSON object on its last line:

- ``runbooks``: that can be run; ``rehearsed``: of which at least one rehearsal was carried out;
- ``healthy``: of which every rehearsal ended with a healthy workload;
- ``lost``: jobs that are neither a result, nor a dead letter, nor in the queue; over all rehearsals;
- ``minutes``: from the start of the first to the end of the last one, the twins' starts included.

``--short``: those that take about two minutes, as ``make bench`` does. ``--jobs``: how many at a time.
"""

from __future__ import annotations

import argparse
import json
import time

from ops.rehearsals import library as rehearsals
from ops.rehearsals.model import RunbookRehearsal
from ops.rehearsals.parallel import RehearsalSinks, rehearse_all
from ops.rehearsals.rehearse import RehearsalResult
from ops.runbooks import library


def main(names: list[str], short: bool, jobs: int) -> None:
    chosen = [each for each in map(rehearsals.load, rehearsals.matching(names)) if each.short or not short]
    began, results = time.monotonic(), list[RehearsalResult]()
    for result in rehearse_all(chosen, jobs, _sinks):
        results.append(result)
        seconds = (f"{name} {value:.0f} s" for name, value in _phases(result) if value is not None)
        print(f"{result.name}: {'healthy' if result.is_healthy else 'not healthy'}, {', '.join(seconds)}", flush=True)
        for line in (*result.findings, *result.notes):
            print(f"  {line}", flush=True)
    live = {name for name in library.names() if library.read_file(library.find(name))[0].steps}
    rehearsed = {result.runbook for result in results}
    unhealthy = {result.runbook for result in results if not result.is_healthy}
    print(f"not rehearsed: {', '.join(sorted(live - rehearsed)) or 'none'}")
    figures = {
        "runbooks": len(live),
        "rehearsed": len(rehearsed),
        "healthy": len(rehearsed - unhealthy),
        "lost": sum(len(result.jobs.lost) for result in results),
        "minutes": round((time.monotonic() - began) / 60, 1),
    }
    print(json.dumps(figures))


def _sinks(rehearsal: RunbookRehearsal) -> RehearsalSinks:
    print(f"{rehearsal.name}: starts", flush=True)
    return RehearsalSinks()


def _phases(result: RehearsalResult) -> tuple[tuple[str, float | None], ...]:
    return ("alarm after", result.alarm_s), ("run", result.run_s), ("healthy after", result.healthy_s)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Rehearsals of the runbooks, each on a twin of its own.")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--jobs", type=int, default=1, choices=range(1, 9))
    chosen = parser.parse_args()
    main(chosen.names, chosen.short, chosen.jobs)
