"""The dashboard that a test or a bench serves: it never outlives what started it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ops.twin import processes
from tests.browser.server import REPOSITORY
from tests.twins import wait_for

APP = "import streamlit as st\nst.write('here')\n"
SERVE = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a script's job in the background has it
from tests.browser.server import serving
with serving(sys.argv[1], {}, Path(sys.argv[2])) as address:
    print(address, flush=True)
    time.sleep(300)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_what_serves_it(tmp_path: Path, number: signal.Signals) -> None:
    app = tmp_path / "app.py"
    app.write_text(APP)
    command = [sys.executable, "-c", SERVE, str(app), str(tmp_path / "log")]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        address = starter.stdout.readline().strip()
        assert processes.answers(address, "/_stcore/health", timeout=30)
        starter.send_signal(number)
        starter.wait(60)
    wait_for(lambda: not processes.answers(address, "/_stcore/health", timeout=30), 60, "the server runs still")
