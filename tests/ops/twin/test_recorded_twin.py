"""What is recorded of a twin, whole or damaged: its status, and what ``down`` stops and leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from ops import twin_state
from ops.errors import TwinError
from ops.twin import lifecycle, processes, state_file
from tests.ops.twin.sleeping_process import SLEEPER, start_host, twin_with_host
from tests.twins import processes_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is stopped in it afterwards: a test may have named a folder that cannot be used."""
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="only /proc tells for which folder a process was started")
def test_a_process_id_that_the_twin_of_another_folder_has_is_left_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = start_host(SLEEPER)
    try:
        monkeypatch.setenv("OPS_TWIN_DIR", str(folder / "mine"))
        state_file.write(twin_with_host(other.popen.pid))
        (folder / "mine" / "host.pid").write_text(str(other.popen.pid))
        (folder / "mine" / "dashboard.pid").write_text(str(other.popen.pid))
        lifecycle.down()
        assert other.popen.poll() is None
        assert twin_state.recorded() is None
    finally:
        monkeypatch.setenv("OPS_TWIN_DIR", str(folder))
        processes.stop(other.popen.pid)
    assert not twin_state.alive(other.popen.pid)


def test_nothing_recorded_is_no_twin() -> None:
    assert lifecycle.status() == lifecycle.TwinStatus(None)
    assert lifecycle.down() is False


def test_a_state_file_of_dead_processes_is_named_and_cleared() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    state_file.write(twin_with_host(gone.pid))
    assert twin_state.read() is None
    assert lifecycle.status().problems == (f"its host (process {gone.pid}) is gone",)
    lifecycle.down()
    assert twin_state.recorded() is None


def test_a_twin_that_does_not_answer_is_stopped_by_down(folder: Path) -> None:
    child = start_host(SLEEPER)
    (folder / "image").mkdir()
    state_file.write(twin_with_host(child.popen.pid))
    assert all("does not answer" in problem for problem in lifecycle.status().problems)
    assert lifecycle.down() is True
    assert not twin_state.alive(child.popen.pid)
    assert sorted(path.name for path in folder.iterdir()) == ["host.log", "lock"]


def test_the_state_file_is_for_its_owner_only(folder: Path) -> None:
    state_file.write(twin_with_host(1))
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
        start_host(SLEEPER) if name == "host.pid" else state_file.write(twin_with_host(1))
    assert not processes_of(folder)
    lifecycle.down()
    assert (folder / name).is_dir()


WHOLE = asdict(twin_with_host(1))


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
