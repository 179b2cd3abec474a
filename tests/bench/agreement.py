"""Do all places show the same? Every number of pages and commands, on a twin with real work in many states.

Takes about a quarter of an hour on two quiet cores. In pieces: ``--state`` names the states to look at, in this order, and
each begins where the one before it ended (after a redrive: name scanned and failing, too).

In each state AWS is frozen (tests/frozen_aws.py): what differs then is a disagreement, not time. Prints JSON on its last
line: ``states``, ``numbers`` (that stood in more than one place), ``disagree`` and ``disagreements``. Exits with 1 if
there are any, or if not all states were reached in time.

    .venv/bin/python -m tests.bench.agreement [--state NAME ...]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from streamlit import config, logger

from tests.bench._agreement_states import PARAMETERS, States
from tests.dashboard import measured, shown_numbers
from tests.dashboard.command_details import read_command_details
from tests.dashboard.shown_numbers import Shown
from tests.frozen_aws import PUBLISHING_LAG, frozen
from tests.twins import Twin, start


def look(jobs: Sequence[str], minutes: int = 15, choices: bool = False) -> Shown:
    """Everything of the last ``minutes``, the paths of ``jobs``, and what was measured, by each of its ``choices``."""
    shown = Shown()
    with frozen(datetime.now(UTC) - PUBLISHING_LAG):
        measured.read(shown, jobs, choices=choices)
        shown_numbers.read_commands(shown, minutes)
        read_command_details(shown, minutes)
        shown_numbers.read_pages(shown, {"range": {15: "15m", 60: "1h"}[minutes]})
    return shown


def custom_query(start: datetime, end: datetime) -> dict[str, str]:
    return {"range": "custom"} | {name: f"{at:%Y-%m-%dT%H:%M}" for name, at in (("from", start), ("to", end))}


def look_at_custom_range(jobs: Sequence[str]) -> Shown:
    """A range of the reader's own that reaches up to now."""
    shown, now = Shown(), datetime.now(UTC)
    with frozen(now - PUBLISHING_LAG):
        shown_numbers.read_pages(shown, custom_query(now - timedelta(minutes=10), now + timedelta(minutes=2)))
        measured.read(shown, jobs)
    return shown


def look_at_past_range(jobs: Sequence[str]) -> Shown:
    """A range that is over: no number of it may be of now, unless it says so."""
    shown, now = Shown(), datetime.now(UTC)
    with frozen(now):
        shown_numbers.read_pages(shown, custom_query(now - timedelta(minutes=12), now - timedelta(minutes=3)))
        measured.read(shown, jobs)
    return shown


def two_viewers(jobs: Sequence[str]) -> Shown:
    """One looks at 15 minutes, another at an hour, in turns: each has its own range, and what is of now or of no range is
    the same."""
    first, second, shown = Shown(), Shown(), Shown()
    with frozen(datetime.now(UTC) - PUBLISHING_LAG):
        for page in shown_numbers.REPORT_PAGES:
            shown_numbers.read_pages(first, {"range": "15m"}, [page])
            shown_numbers.read_pages(second, {"range": "1h"}, [page])
        ranged = set(first.numbers)
        for seen in (first, second):
            measured.read(seen, jobs, commands=False)
    for who, seen in (("15 min", first), ("1 h", second)):
        shown.levels |= seen.levels
        shown.broken += seen.broken
        for number in ("queued", "in flight", "dead letters", "alarms firing", *(set(seen.numbers) - ranged)):
            for place, text in seen.numbers[number].items():
                shown.add(number, f"{who}: {place}", text)
        for text in seen.disagreements():
            shown.add(f"with {who}", text, text)
            shown.add(f"with {who}", "elsewhere", "otherwise")
    return shown


@dataclass(frozen=True)
class State:
    name: str
    reach: Callable[[States], None]
    look: Callable[[Sequence[str]], Shown] = look


TIMEOUT_S = 1_500
"""No further state starts after this time: nothing is cut off on a busy machine, where each state takes twice as long."""
STATES = (
    State("idle", lambda states: None),
    State("mapping off", States.mapping_off),
    State("backlog", States.backlog),
    State("drained", States.drained),
    State("measured", States.measured, lambda jobs: look(jobs, choices=True)),
    State("steady", States.steady),
    State("burst", States.burst),
    State("failing", States.failing),
    State("throttled", States.throttled),
    State("custom range", States.nothing, look_at_custom_range),
    State("two viewers", States.nothing, two_viewers),
    State("an hour", States.nothing, lambda jobs: look(jobs, 60)),
    State("scanned", States.scanned),
    State("after a redrive", States.redriven),
    State("past range", States.nothing, look_at_past_range),
)


def measure(twin: Twin, only: list[str]) -> dict[str, object]:
    states, wrong, numbers, seen = States(twin), [], 0, 0
    end = time.monotonic() + TIMEOUT_S
    for state in STATES:
        if only and state.name not in only:
            continue
        began = time.monotonic()
        if began > end:
            print(f"{state.name}: not reached within {TIMEOUT_S} s", file=sys.stderr)
            continue
        state.reach(states)
        reached = time.monotonic()
        shown = state.look(states.traced())
        found = [f"{state.name}: {text}" for text in shown.disagreements()]
        numbers += shown.compared()
        print(
            f"{state.name}: {shown.compared()} numbers, {len(found)} disagree; "
            f"{reached - began:.0f} s to reach, {time.monotonic() - reached:.0f} s to read",
            *found,
            sep="\n  ",
            file=sys.stderr,
            flush=True,
        )
        wrong += found
        seen += 1
    return {"states": seen, "numbers": numbers, "disagree": len(wrong), "disagreements": wrong}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", action="append", default=[], choices=[state.name for state in STATES])
    only = parser.parse_args().state
    os.environ |= {"OPS_TARGET": "twin", "COLUMNS": "400"}
    config.set_option("logger.level", "error")  # it warns of each page that no server runs
    logger.set_log_level("ERROR")
    with tempfile.TemporaryDirectory() as folder, start(Path(folder), PARAMETERS) as twin:
        os.environ |= {"OPS_TWIN_DIR": str(twin.folder), "OPS_HOME": str(Path(folder) / "home")}
        result = measure(twin, only)
    print(json.dumps(result))
    sys.exit(bool(result["disagree"] or result["states"] != len(only or STATES)))


if __name__ == "__main__":
    main()
