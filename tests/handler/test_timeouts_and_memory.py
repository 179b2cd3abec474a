"""The two jobs that die of nothing but themselves: an endless bootstrap, and a one-hot encoding that explodes."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

from tests.fakes.runtime_api import REPOSITORY
from tests.handler.worlds import charity, job

# VmHWM is of this program alone; ru_maxrss would still know the peak of the test runner that it was forked from.
PROGRAM = """
import re, sys
from pathlib import Path
from handler import jobs
from handler.job import parse
try:
    jobs.run(parse(sys.stdin.read()), None)
except MemoryError:
    print("MemoryError", flush=True)
finally:
    peak = re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())
    print(int(peak[1]) // 1024, flush=True)
"""


def start(body: str, limit: int) -> subprocess.Popen[str]:
    """The job in a process that may have ``limit`` MB of address space."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=REPOSITORY, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={"OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit << 20, limit << 20)),
    )  # fmt: skip


def test_an_exploding_encoding_does_not_fit_into_the_functions_memory() -> None:
    donors = {"columns": {"donor": [f"d{number}" for number in range(20_000)]}}
    body = job("prepare", data=donors, params={"max_categories": 100_000})
    assert len(body) < 400_000
    with start(body, limit=1024) as process:
        output, _ = process.communicate(body, timeout=120)
    assert "MemoryError" in output


def test_the_same_table_with_the_usual_limit_is_fine() -> None:
    donors = {"columns": {"donor": [f"d{number}" for number in range(20_000)]}}
    body = job("prepare", data=donors)
    with start(body, limit=1024) as process:
        output, _ = process.communicate(body, timeout=120)
    assert process.returncode == 0 and int(output) < 512


def test_a_bootstrap_of_a_long_table_takes_no_more_memory_than_that_of_a_short_one() -> None:
    body = job("describe", data={"columns": {"a": list(range(50_000))}}, params={"resamples": 400})
    with start(body, limit=1024) as process:
        output, _ = process.communicate(body, timeout=120)
    assert process.returncode == 0 and int(output) < 180


def test_an_endless_bootstrap_runs_on_in_flat_memory() -> None:
    body = job("describe", data=charity(200), params={"outcome": "respond", "resamples": 2_000_000_000})
    with start(body, limit=1024) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate(body, timeout=2)
        status = (REPOSITORY.__class__("/proc") / str(process.pid) / "status").read_text()
        process.kill()
    memory = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    assert int(memory.split()[1]) < 256 * 1024, json.dumps(memory)
