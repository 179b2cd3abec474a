"""One mover a queue."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ops.deadletters import queue_lock
from ops.errors import OpsError
from tests.timing import set_timing


@pytest.fixture
def source(tmp_path: Path) -> Any:
    return SimpleNamespace(folder=tmp_path, queue=SimpleNamespace(name="jobs-dlq"))


def test_the_second_is_refused_and_told_who_is_first(source: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, lock_handover=0.05)
    assert queue_lock.lock_holder(source) is None
    with queue_lock.hold_lock(source, "run-1", "arn:ann"):
        holder = queue_lock.lock_holder(source)
        assert holder is not None
        assert (holder.run, holder.who, holder.pid) == ("run-1", "arn:ann", os.getpid())
        refusal = pytest.raises(
            queue_lock.QueueBusy, match=rf"by arn:ann since .* \(run run-1, process {os.getpid()}\)"
        )
        with refusal as caught, queue_lock.hold_lock(source, "run-2", "arn:bob"):
            pass
        assert "cancel" in caught.value.next_step
    assert queue_lock.lock_holder(source) is None
    with queue_lock.hold_lock(source, "run-2", "arn:bob"):
        assert queue_lock.lock_holder(source).run == "run-2"  # type: ignore[union-attr]


def test_looking_at_it_takes_nothing_from_anybody(source: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page asks every second; a run that begins at that moment must not be refused."""
    set_timing(monkeypatch, lock_handover=60)  # a busy machine may be late with the release
    with (source.folder / "redrive.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        threading.Timer(0.6, fcntl.flock, (file, fcntl.LOCK_UN)).start()
        with queue_lock.hold_lock(source, "run-1", "me"):
            assert queue_lock.lock_holder(source) is not None


def test_it_ends_with_its_process(source: Any) -> None:
    program = f"""
        from pathlib import Path
        from types import SimpleNamespace
        from ops.deadletters import queue_lock
        source = SimpleNamespace(folder=Path({str(source.folder)!r}), queue=SimpleNamespace(name="q"))
        with queue_lock.hold_lock(source, "run-1", "me"):
            print("held", flush=True)
            input()
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        assert queue_lock.lock_holder(source) is not None
        child.kill()
    assert queue_lock.lock_holder(source) is None


def test_a_file_system_without_locks_is_not_called_busy(source: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    (source.folder / "redrive.lock").touch()
    monkeypatch.setattr(fcntl, "flock", refuse)
    acts: tuple[Callable[[], object], ...] = (
        lambda: queue_lock.hold_lock(source, "run-1", "me").__enter__(),
        lambda: queue_lock.lock_holder(source),
    )
    for act in acts:
        with pytest.raises(OpsError, match="No locks available"):
            act()
