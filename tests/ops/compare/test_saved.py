"""The last measured run, kept on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.compare import saved
from ops.errors import OpsError
from tests.dashboard.samples.comparisons import comparison_run


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPS_HOME", str(tmp_path))
    return tmp_path


def test_none_was_measured() -> None:
    assert saved.load() is None


def test_the_last_one_takes_the_place_of_the_one_before() -> None:
    saved.save(comparison_run(killed=False))
    file = saved.save(comparison_run())
    assert saved.load() == comparison_run()
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"at": "soon"}', '{"at": 1e999}'])
def test_a_damaged_file_is_named(content: str) -> None:
    file = saved.save(comparison_run())
    file.write_text(content)
    with pytest.raises(OpsError, match=r"last\.json is damaged") as raised:
        saved.load()
    assert raised.value.next_step == "Measure again: ops compare."
