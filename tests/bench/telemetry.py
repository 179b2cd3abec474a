"""1,000,000 mixed log lines to the invocation table, beside the naive way: ``json.loads`` and ``re`` line by line, into
dicts and a DataFrame.

Each side runs in a process of its own on the same seeded lines (tests/fakes/invocation_lines.py), made chunk by chunk while
the clock stands. A fiftieth of the rows, picked by request ID, is compared value by value; the bench fails where they differ.

    .venv/bin/python -m tests.bench.telemetry [--lines 1000000]

Prints JSON on its last line: records_s and naive_records_s (lines per second of processor time), ratio, rss_mb (the peak of
the whole process) and naive_rss_mb, rows and checked_rows.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from ops.insight.invocation_table import COLUMNS, build_table
from ops.insight.invocation_table.model import NUMBERS, TEXTS
from tests.bench._naive_invocations import naive_table
from tests.fakes.invocation_lines import FUNCTION, LineMaker, Row

LINES = 1_000_000


def ours(chunks: Iterable[list[Row]]) -> pd.DataFrame:
    return build_table(chunks, FUNCTION).frame


SIDES: dict[str, Callable[[Iterable[list[Row]]], pd.DataFrame]] = {"ours": ours, "naive": naive_table}


def run(side: str, lines: int, sample: Path) -> dict[str, float]:
    made, count = 0.0, 0

    def chunks() -> Iterable[list[Row]]:
        nonlocal made, count
        maker = iter(LineMaker(seed=7).chunks(lines))
        while True:
            began = time.process_time()
            chunk = next(maker, None)
            made += time.process_time() - began
            if chunk is None:
                return
            count += len(chunk)
            yield chunk

    began = time.process_time()
    frame = SIDES[side](chunks())
    took = time.process_time() - began - made
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    picked = frame.loc[frame["request_id"].astype("str").str.endswith(("00", "32", "64", "96", "c8")), list(COLUMNS)]
    picked.astype(dict.fromkeys(picked.select_dtypes("category"), "str")).to_pickle(sample)
    return {"lines": count, "rows": len(frame), "seconds": took, "rss_mb": peak}


def compare(folder: Path) -> int:
    """The number of rows compared; ends the bench where one differs."""
    frames = []
    for side in SIDES:
        frame: pd.DataFrame = pd.read_pickle(folder / side)  # noqa: S301 (this bench wrote it)
        frame["started"] = pd.to_datetime(frame["started"], utc=True).dt.as_unit("ms")
        frame["cold"] = frame["cold"].astype(bool)
        for name in TEXTS:
            frame[name] = frame[name].astype(object).fillna("")
        for name in NUMBERS:
            frame[name] = frame[name].astype(float)
        frames.append(frame.sort_values(["request_id", "started"], ignore_index=True))
    own, other = frames
    pd.testing.assert_frame_equal(own, other, check_dtype=False)
    return len(own)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--sample", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        print(json.dumps(run(asked.side, asked.lines, asked.sample)))
        return
    with tempfile.TemporaryDirectory(prefix="telemetry-bench-") as scratch:
        found = {}
        for side in SIDES:
            command = [sys.executable, "-m", "tests.bench.telemetry", "--side", side, "--lines", str(asked.lines)]
            done = subprocess.run([*command, "--sample", f"{scratch}/{side}"], check=True, stdout=subprocess.PIPE)
            found[side] = json.loads(done.stdout)
            print(f"{side}: {found[side]}", file=sys.stderr)
        checked = compare(Path(scratch))
    own, other = found["ours"], found["naive"]
    if own["rows"] != other["rows"] or not checked:
        sys.exit(f"The tables have {own['rows']} and {other['rows']} rows; {checked} were compared.")
    figures = {
        "records_s": round(own["lines"] / own["seconds"]),
        "naive_records_s": round(other["lines"] / other["seconds"]),
        "ratio": round(other["seconds"] / own["seconds"], 2),
        "rss_mb": round(own["rss_mb"]),
        "naive_rss_mb": round(other["rss_mb"]),
        "rows": own["rows"],
        "checked_rows": checked,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
