"""What the command line costs before it does anything: `ops --help`, and `ops status --json` on the twin.

``.venv/bin/python -m tests.bench.startup`` prints one JSON object on its last line. The baseline is
``python -c "import boto3"``, timed in the same rounds; each figure is the median of ``ROUNDS``:

- ``help_ratio``: `ops --help` against the baseline;
- ``status_ratio``: `ops status --json` against the baseline, on a twin that the bench starts.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.twins import start

ROUNDS = 9
OPS = Path(sys.executable).with_name("ops")
COMMANDS: dict[str, list[str | Path]] = {
    "boto3": [sys.executable, "-c", "import boto3"],
    "help": [OPS, "--help"],
    "status": [OPS, "status", "--json"],
}
EXPECTED = {"boto3": {0}, "help": {0}, "status": {0, 1}}
"""Exit codes; `ops status` ends with 1 where the workload needs attention."""


def seconds(name: str, environ: dict[str, str]) -> float:
    """How long a command took. Raises RuntimeError when it ended with a code that it should not have."""
    began = time.perf_counter()
    done = subprocess.run(COMMANDS[name], env=environ, capture_output=True, text=True)
    took = time.perf_counter() - began
    if done.returncode not in EXPECTED[name]:
        raise RuntimeError(f"{name} ended with {done.returncode}: {done.stderr}")
    return took


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, start(Path(folder)) as twin:
        environ = {**os.environ, "OPS_TWIN_DIR": str(twin.folder)}
        for name in COMMANDS:  # once for the bytecode and the disk's cache
            seconds(name, environ)
        taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
        for _ in range(ROUNDS):
            for name, times in taken.items():
                times.append(seconds(name, environ))
    middle = {name: statistics.median(times) for name, times in taken.items()}
    print(
        json.dumps(
            {
                "help_ratio": round(middle["help"] / middle["boto3"], 2),
                "status_ratio": round(middle["status"] / middle["boto3"], 2),
                **{f"{name}_ms": round(1000 * middle[name]) for name in COMMANDS},
                "rounds": ROUNDS,
            }
        )
    )


if __name__ == "__main__":
    main()
