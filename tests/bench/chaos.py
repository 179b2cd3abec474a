"""A redrive is killed (SIGKILL) at seeded moments, connections to SQS are cut and stalled meanwhile, and resumed.

Rounds of ``tests.chaos.campaign``: each fills a dead-letter queue of an in-memory SQS, scans, plans, redrives through a
proxy, kills the redriving process, resumes it, and counts every letter in the end. Prints JSON on its last line:

- ``kills``: processes that were killed;
- ``lost``: letters that are neither in the job queue nor in the dead-letter queue (must be 0);
- ``unlisted_duplicates``: letters that came twice without being listed as such by the run (must be 0);
- ``duplicates``, ``listed``: letters that came twice, and letters that the runs say may have;
- ``problems``: anything else that was wrong (a letter never sent by a run that says it is done, a lost attribute …).

    .venv/bin/python -m tests.bench.chaos [--kills 200] [--seed 1]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.campaign import campaign


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the first round; the next ones count up from it")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        totals = campaign(Path(folder), options.kills, options.seed, lambda line: print(line, flush=True))
    figures = {
        "kills": totals.kills,
        "lost": totals.lost,
        "unlisted_duplicates": totals.unlisted,
        "duplicates": totals.doubled,
        "listed": totals.listed,
        "problems": totals.problems,
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(figures))
    sys.exit(bool(totals.lost or totals.unlisted or totals.problems))


if __name__ == "__main__":
    main()
