"""A sweep that is killed in the middle: what it changed is put back by hand, or by the next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ops.rightsize.conftest import Desk

SHORT = ("--change-live", "--memory", "512", "--invocations", "5", "--rounds", "1", "--batch", "1", "--yes")
CHANGED, MEASURING = "PUT /2015-03-31/functions/worker/configuration", "/invocations?Qualifier=ops-rightsize"


def killed(desk: Desk, tmp_path: Path, when: str, after: bool) -> None:
    """Runs a sweep that is killed before or after the first call ``when``."""
    process: list[subprocess.Popen[bytes]] = []

    def kill(operation: str) -> None:
        if when in operation:
            process[0].send_signal(signal.SIGKILL)
            process[0].wait()

    setattr(desk.function, "after" if after else "before", kill)
    command = [sys.executable, "-m", "ops", "rightsize", *desk.arguments, *SHORT]
    process.append(subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, "OPS_TARGET": "aws"}))
    assert process[0].wait() == -signal.SIGKILL
    desk.function.before = desk.function.after = lambda _operation: None


@pytest.mark.parametrize(("when", "after"), [(CHANGED, True), (MEASURING, False)])
def test_it_is_put_back_by_restore(desk: Desk, tmp_path: Path, when: str, after: bool) -> None:
    killed(desk, tmp_path, when, after)
    assert desk.function.memory == (512 if when == CHANGED else 1024)
    assert "ops-rightsize" in desk.function.aliases
    code, out, _ = desk.rightsize("--restore")
    assert code == 0
    assert ("worker has its former 1,024 MB again (from 512 MB)." in out) is (when == CHANGED)
    assert desk.function.untouched
    assert "Nothing is to be put back" in desk.rightsize("--restore")[1]


def test_it_is_put_back_by_the_next_sweep(desk: Desk, tmp_path: Path) -> None:
    desk.function.qualifier = ""  # the mapping's function has the sweep's memory now
    killed(desk, tmp_path, CHANGED, True)
    answer = desk.answer(*SHORT)
    assert answer["current"]["memory_mb"] == 1024
    assert desk.function.untouched


def test_a_change_made_since_is_kept(desk: Desk, tmp_path: Path) -> None:
    killed(desk, tmp_path, CHANGED, True)
    desk.function.memory = 4096
    desk.function.revision += 1
    code, out, _ = desk.rightsize("--restore")
    assert code == 0
    assert "worker has 4,096 MB, which is neither the former 1,024 MB nor what the sweep set" in out
    assert desk.function.memory == 4096


def test_a_damaged_journal_is_named(desk: Desk, tmp_path: Path) -> None:
    home = tmp_path / "home" / "rightsize"
    home.mkdir(parents=True)
    (home / "111122223333-eu-west-1-worker.journal").write_text("{")
    code, _, err = desk.rightsize("--restore")
    assert code == 1
    assert "worker.journal is damaged" in err
    assert desk.rightsize(*SHORT)[0] == 1
    assert desk.function.memories == []
