"""Starting and stopping real processes: clear errors, nothing left behind, no other process touched."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from ops import twin_state
from ops.errors import TwinError
from ops.twin import processes
from tests.ops.twin.sleeping_process import SLEEPER, start_host

pytestmark = pytest.mark.usefixtures("folder")

STUBBORN = "import signal, time  # ops.twin.host\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEPER


def test_a_free_port_is_kept_and_a_taken_one_gives_way() -> None:
    free = processes.free_port()
    assert processes.free_port(free) == free
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert processes.free_port(port) not in (port, 0)


def test_a_free_port_is_not_one_that_an_outgoing_connection_may_take() -> None:
    assert processes.free_port() in processes.SERVER_PORTS


def test_the_next_free_port_is_taken_when_there_may_be_one() -> None:
    port = processes.free_port(20_000, 200)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert processes.free_port(port, 50) in range(port + 1, port + 51)


def test_a_start_that_fails_shows_the_end_of_the_log() -> None:
    child = start_host("print('one'); raise SystemExit('no such region: mars')")
    with pytest.raises(TwinError, match=r"(?s)host ended with exit code 1 .*one\nno such region: mars") as raised:
        processes.wait_until_healthy(child, "http://127.0.0.1:9", "/health")
    assert "host.log" in raised.value.next_step


@pytest.mark.parametrize(
    ("code", "said"), [("raise SystemExit(3)", "ended with exit code 3"), (SLEEPER, "was killed (signal 9)")]
)
def test_how_a_process_ended_is_told(code: str, said: str) -> None:
    child = start_host(code)
    if code is SLEEPER:
        child.popen.kill()
    child.popen.wait()
    assert processes.ending(child.popen.pid) == said
    error = processes.failure(child.role, child.log, said, "make demo")
    assert str(error).startswith(f"The twin's host {said}.")
    assert error.next_step.endswith("try again: make demo.")


def test_a_start_that_hangs_is_given_up() -> None:
    child = start_host(SLEEPER)
    with pytest.raises(TwinError, match="did not answer"):
        processes.wait_until_healthy(child, f"http://127.0.0.1:{processes.free_port()}", "/health", timeout=0.2)
    assert processes.stop_role("host")
    assert not twin_state.alive(child.popen.pid)


def test_what_ignores_term_is_killed() -> None:
    child = start_host(STUBBORN)
    processes.stop(child.popen.pid, timeout=0.3)
    assert not twin_state.alive(child.popen.pid)


def test_a_reused_process_id_is_left_alone() -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        processes.stop(stranger.pid)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_process_is_ours_from_the_moment_it_is_started() -> None:
    for _ in range(30):  # the kernel may fill in the environment after the start has returned
        child = processes.start("host", [sys.executable, "-c", SLEEPER], os.environ, bound=False)
        assert processes.is_ours(child.popen.pid)
        processes.stop(child.popen.pid)
        assert child.popen.poll() is not None


def test_a_process_without_an_environment_is_not_ours() -> None:
    with subprocess.Popen([sys.executable, "-c", SLEEPER], env={}, stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout is not None and other.stdout.readline() == b"ready\n"
            assert not processes.is_ours(other.pid)
            processes.stop(other.pid)  # nothing happens
            assert other.poll() is None
        finally:
            other.kill()
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    assert not processes.is_ours(zombie.pid)
    zombie.wait()
