"""Started in the background of a script, which ignores SIGINT: interrupts still work where they are meant to."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ops.twin.host.lab import running
from tests.signals import heed_interrupts

ASKS = "import signal\ndef handler(event, context):\n    return signal.getsignal(signal.SIGINT).__name__\n"


@pytest.fixture
def in_background() -> object:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("in_background")
def test_what_tests_start_heeds_interrupts() -> None:
    heed_interrupts()
    code = "import time; print('ready', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        assert child.wait(30) in (1, -signal.SIGINT)


@pytest.mark.servers
@pytest.mark.usefixtures("in_background")
def test_a_function_heeds_them_as_in_lambdas_own_environment(tmp_path: Path) -> None:
    with running(tmp_path) as host:
        assert host.function(ASKS).invoke().payload == "default_int_handler"
