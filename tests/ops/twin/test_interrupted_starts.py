"""A start that is killed or interrupted at any moment leaves no process that nothing stops."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ops import twin_state
from tests.ops.twin.sleeping_process import SLEEPER
from tests.twins import processes_of, wait_for

pytestmark = pytest.mark.usefixtures("folder")


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_a_bound_process_dies_with_a_parent_that_is_killed(folder: Path) -> None:
    code = (
        "import os, sys, time\nfrom ops.twin import processes\n"
        f"child = processes.start('host', [sys.executable, '-c', {SLEEPER!r}], os.environ, bound=True)\n"
        "print(child.popen.pid, flush=True)\ntime.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    end = time.monotonic() + 60
    while twin_state.alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert not twin_state.alive(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_a_parent_killed_at_any_moment_of_the_start_leaves_nothing(folder: Path) -> None:
    code = (
        "import os, sys, time\nfrom ops.twin import processes\nfrom ops.twin.stop_signals import interrupted_by_signals\n"
        f"command = [sys.executable, '-c', {SLEEPER!r}]\n"
        "for number in range(60):\n"
        "    if not (parent := os.fork()):\n"
        "        with interrupted_by_signals():\n"
        "            processes.start('host', command, os.environ, bound=True)\n"
        "            time.sleep(60)\n"
        "    time.sleep(number * 0.0002)\n"
        "    os.kill(parent, 9)\n"
        "    os.waitpid(parent, 0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
    wait_for(lambda: not processes_of(folder), 60, "a process outlived the one that started it")


@pytest.mark.skipif(sys.platform != "linux", reason="what runs is read from /proc")
@pytest.mark.parametrize("bound", [True, False])
def test_a_start_that_is_interrupted_at_any_moment_is_known_to_what_stops_it(folder: Path, bound: bool) -> None:
    """TERM comes before, during and after the fork; what was started is stopped by its mark."""
    code = (
        "import os, signal, sys, time\nfrom ops.twin import processes\n"
        "from ops.twin.stop_signals import interrupted_by_signals\n"
        f"command = [sys.executable, '-c', {SLEEPER!r}]\n"
        "for number in range(40):\n"
        "    heard, ready = os.pipe()\n"
        "    if not (starter := os.fork()):\n"
        "        try:\n"
        "            with interrupted_by_signals():\n"
        "                os.write(ready, b'x')\n"
        f"                processes.start('host', command, os.environ, bound={bound})\n"
        "                for _ in range(6_000):\n"
        "                    time.sleep(0.01)\n"  # a signal just before a sleep is heard after it
        "        except KeyboardInterrupt:\n"
        "            processes.stop_role('host')\n"
        "            os._exit(0)\n"
        "        os._exit(1)\n"
        "    os.read(heard, 1)\n"
        "    time.sleep(number * 0.0001)\n"
        "    os.kill(starter, signal.SIGTERM)\n"
        "    assert os.waitpid(starter, 0)[1] == 0\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
    assert not processes_of(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="what runs is read from /proc")
def test_what_a_start_leaves_that_is_killed_at_any_moment_is_stopped_by_down(folder: Path) -> None:
    """Nothing is bound: also a process whose start was killed right after the fork is named in a file. The lock is the
    one of a start, so that what stops it comes after the fork."""
    code = (
        "import os, sys, time\nfrom ops.twin import lifecycle, processes\n"
        f"command = [sys.executable, '-c', {SLEEPER!r}]\n"
        "for number in range(60):\n"
        "    locked, ready = os.pipe()\n"
        "    if not (starter := os.fork()):\n"
        "        with lifecycle._lock():\n"
        "            os.write(ready, b'x')\n"
        "            processes.start('host', command, os.environ, bound=False)\n"
        "            time.sleep(60)\n"
        "    os.read(locked, 1)\n"
        "    time.sleep(number * 0.0002)\n"
        "    os.kill(starter, 9)\n"
        "    os.waitpid(starter, 0)\n"
        "    lifecycle.down()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
    assert not processes_of(folder)
