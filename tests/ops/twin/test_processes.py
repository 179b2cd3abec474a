"""Starting and stopping real processes: clear errors, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from ops import twin_state
from ops.errors import TwinError
from ops.twin import lifecycle, processes, state_file
from ops.twin_state import TwinState
from tests.twins import processes_of, wait_for

SLEEPER = "import time  # ops.twin.host\nprint('ready', flush=True)\ntime.sleep(60)"
STUBBORN = "import signal, time  # ops.twin.host\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEPER


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path))
    return tmp_path


def begin(code: str, *, bound: bool = False) -> processes.Child:
    child = processes.start("host", [sys.executable, "-c", code], os.environ, bound=bound)
    while not child.log.read_text() and child.popen.poll() is None:
        time.sleep(0.01)
    return child


def twin(pid: int) -> TwinState:
    nobody = "http://127.0.0.1:9"
    return TwinState(nobody, nobody, "us-east-1", "0" * 12, "a", "b", "scilearn", 10, "now", {"host": pid})


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
    child = begin("print('one'); raise SystemExit('no such region: mars')")
    with pytest.raises(TwinError, match=r"(?s)host ended with exit code 1 .*one\nno such region: mars") as raised:
        processes.wait_until_healthy(child, "http://127.0.0.1:9", "/health")
    assert "host.log" in raised.value.next_step


@pytest.mark.parametrize(
    ("code", "said"), [("raise SystemExit(3)", "ended with exit code 3"), (SLEEPER, "was killed (signal 9)")]
)
def test_how_a_process_ended_is_told(code: str, said: str) -> None:
    child = begin(code)
    if code is SLEEPER:
        child.popen.kill()
    child.popen.wait()
    assert processes.ending(child.popen.pid) == said
    error = processes.failure(child.role, child.log, said, "make demo")
    assert str(error).startswith(f"The twin's host {said}.")
    assert error.next_step.endswith("try again: make demo.")


def test_a_start_that_hangs_is_given_up() -> None:
    child = begin(SLEEPER)
    with pytest.raises(TwinError, match="did not answer"):
        processes.wait_until_healthy(child, f"http://127.0.0.1:{processes.free_port()}", "/health", timeout=0.2)
    assert processes.stop_role("host")
    assert not twin_state.alive(child.popen.pid)


def test_what_ignores_term_is_killed() -> None:
    child = begin(STUBBORN)
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


@pytest.mark.skipif(sys.platform != "linux", reason="only /proc tells for which folder a process was started")
def test_a_process_id_that_the_twin_of_another_folder_has_is_left_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = begin(SLEEPER)
    try:
        monkeypatch.setenv("OPS_TWIN_DIR", str(folder / "mine"))
        state_file.write(twin(other.popen.pid))
        (folder / "mine" / "host.pid").write_text(str(other.popen.pid))
        (folder / "mine" / "dashboard.pid").write_text(str(other.popen.pid))
        lifecycle.down()
        assert other.popen.poll() is None
        assert twin_state.recorded() is None
    finally:
        monkeypatch.setenv("OPS_TWIN_DIR", str(folder))
        processes.stop(other.popen.pid)
    assert not twin_state.alive(other.popen.pid)


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


def test_nothing_recorded_is_no_twin() -> None:
    assert lifecycle.status() == lifecycle.TwinStatus(None)
    assert lifecycle.down() is False


def test_a_state_file_of_dead_processes_is_named_and_cleared() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    state_file.write(twin(gone.pid))
    assert twin_state.read() is None
    assert lifecycle.status().problems == (f"its host (process {gone.pid}) is gone",)
    lifecycle.down()
    assert twin_state.recorded() is None


def test_a_twin_that_does_not_answer_is_stopped_by_down(folder: Path) -> None:
    child = begin(SLEEPER)
    (folder / "image").mkdir()
    state_file.write(twin(child.popen.pid))
    assert all("does not answer" in problem for problem in lifecycle.status().problems)
    assert lifecycle.down() is True
    assert not twin_state.alive(child.popen.pid)
    assert sorted(path.name for path in folder.iterdir()) == ["host.log", "lock"]


def test_the_state_file_is_for_its_owner_only(folder: Path) -> None:
    state_file.write(twin(1))
    assert (folder / "state.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("where", ["/proc/nope", "file"])
def test_a_folder_that_cannot_be_made_is_named(where: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "file").write_text("")
    monkeypatch.setenv("OPS_TWIN_DIR", str(folder / where))  # an absolute path stays as it is
    for started in (lifecycle.up, lifecycle.down):
        with pytest.raises(TwinError, match=f"folder .*{where} cannot be used") as raised:
            started()
        assert "OPS_TWIN_DIR" in raised.value.next_step
    assert lifecycle.status().twin is None


@pytest.mark.parametrize("name", ["state.json", "host.pid"])
def test_a_folder_in_the_place_of_a_file_is_named_and_left(folder: Path, name: str) -> None:
    lifecycle.down()  # the folder is the twin's now
    (folder / name).mkdir()
    with pytest.raises(TwinError, match="Is a directory"):
        begin(SLEEPER) if name == "host.pid" else state_file.write(twin(1))
    assert not processes_of(folder)
    lifecycle.down()
    assert (folder / name).is_dir()


WHOLE = asdict(twin(1))
DAMAGED = [
    *("", "{", "[]", '{"endpoint": 1}', "[" * 100_000),
    *(
        json.dumps({**WHOLE, "pids": pids})
        for pids in ([1], {"host": "1"}, {"host": -1}, {"host": 10**20}, {"host": 0})
    ),
    *(json.dumps({**WHOLE, name: value}) for name, value in (("endpoint", 5), ("secret_token", None), ("period", "x"))),
]


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_state_file_is_no_twin(folder: Path, text: str) -> None:
    lifecycle.down()  # the folder is the twin's now
    (folder / "state.json").write_text(text)
    assert twin_state.read() is None
    assert lifecycle.status().twin is None
    assert lifecycle.down() is False
    assert not (folder / "state.json").exists()


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
