"""Started in the background of a script, which ignores SIGINT, or under nohup: signals still work where they are meant to."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ops.twin.host.lab import running
from tests.signals import heed_signals

ASKS = "import signal\ndef handler(event, context):\n    return signal.getsignal(signal.SIGINT).__name__\n"


@pytest.fixture
def in_background() -> Iterator[None]:
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("in_background")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_tests_start_heeds_signals(number: signal.Signals) -> None:
    heed_signals()
    code = "import time; print('ready', flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(number)
        assert child.wait(60) in (1, -number)


@pytest.mark.servers
@pytest.mark.usefixtures("in_background")
def test_a_function_heeds_them_as_in_lambdas_own_environment(tmp_path: Path) -> None:
    with running(tmp_path) as host:
        assert host.function(ASKS).invoke().payload == "default_int_handler"
