"""The last sweep, as the advice on cold starts reads it."""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path

import pytest

from ops.rightsize import journal, results
from ops.target import Target
from tests.dashboard.samples.sweeps import MEMORIES, sweep
from tests.ops.insight.world import FUNCTION, WORKLOAD


def test_the_newest_sweep_gives_init_and_duration_by_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    target = Target(region="us-east-1", stack="scilearn")
    here = replace(
        WORKLOAD, account="111122223333", region="us-east-1", function=replace(FUNCTION, name="scilearn-worker")
    )
    assert results.latest_by_memory(target, here) is None
    measured = sweep(trouble=True, batch_sizes=(5, 1))
    results.save(journal.folder(target), measured)
    found = results.latest_by_memory(target, here)
    assert found is not None
    assert found.ended == measured.ended
    assert [size.memory_mb for size in found.sizes] == list(MEMORIES[1:]), "of 128 MB no invocation succeeded"
    own = [attempt for attempt in measured.attempts if (attempt.memory_mb, attempt.batch_size) == (512, 5)]
    half = found.at(512)
    assert half is not None
    assert half.inits_ms == tuple(attempt.init_ms for attempt in own if attempt.init_ms is not None)
    assert half.duration_ms == pytest.approx(
        statistics.fmean(attempt.duration_ms or 0 for attempt in own if not attempt.cold)
    )
    assert results.latest_by_memory(target, replace(here, function=None)) is None
    assert results.latest_by_memory(target, replace(here, account="444455556666")) is None
