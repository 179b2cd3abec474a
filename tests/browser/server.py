"""A Streamlit server of our own on a free port, gone when the block ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ops.twin import processes

REPOSITORY = Path(__file__).resolve().parents[2]


@contextmanager
def serving(target: str, environ: Mapping[str, str], log: Path, *options: str) -> Iterator[str]:
    """``streamlit run TARGET`` as a person would start it from the repository; its address once it answers. On Linux it
    ends with us, also where we are killed."""
    port = processes.free_port()
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        target,
        f"--server.port={port}",
        "--server.headless=true",
        *options,
    ]
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, **environ},
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=partial(processes.die_with, os.getpid()) if sys.platform == "linux" else None,
        )
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def serving_sample(name: str, log: Path) -> Iterator[str]:
    """The app on hand-made reports; names are in tests/dashboard/sample_app.py."""
    environ = {"SAMPLE": name, "OPS_STACK": "scilearn", "OPS_TARGET": "aws"}
    target = str(REPOSITORY / "tests" / "dashboard" / "sample_app.py")
    with serving(target, environ, log, "--browser.gatherUsageStats=false") as address:
        yield address


def _wait(health: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(health, timeout=10):  # noqa: S310 (loopback)
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"Streamlit did not start: {log.read_text()[-800:]}")
