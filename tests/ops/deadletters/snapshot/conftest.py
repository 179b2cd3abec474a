"""An empty snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.deadletters.snapshot import Snapshot


@pytest.fixture
def snapshot(tmp_path: Path) -> Iterator[Snapshot]:
    with Snapshot.open(tmp_path / "shelf.db") as snapshot:
        yield snapshot
