"""A folder for a twin of a test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.twin import lifecycle, processes


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A twin's folder that is empty, and stopped afterwards whatever the test did."""
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path))
    yield tmp_path
    lifecycle.down()
    processes.stop_role("dashboard")
