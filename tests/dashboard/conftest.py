"""A visitor for each kind of workload."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dashboard.app import REAL_APP, SAMPLE_APP, App


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], App]:
    """The app on hand-made reports: ``sample("trouble")``; names are in sample_app.py."""

    def visit(name: str) -> App:
        monkeypatch.setenv("SAMPLE", name)
        monkeypatch.setenv("OPS_STACK", "scilearn")
        monkeypatch.setenv("OPS_TARGET", "aws")
        return App(SAMPLE_APP)

    return visit


@pytest.fixture
def real() -> App:
    """The app as it ships."""
    return App(REAL_APP)
