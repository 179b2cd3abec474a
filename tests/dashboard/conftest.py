"""A visitor for each kind of workload."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pytest
from streamlit import config
from streamlit.components.v2 import manifest_scanner

from tests.dashboard.app import REAL_APP, SAMPLE_APP, App


@pytest.fixture(scope="session", autouse=True)
def _as_configured() -> None:
    """AppTest reads no config.toml beside the entry point; the first of these makes the tests twice as fast."""
    config.set_option("runner.postScriptGC", False)
    config.set_option("runner.magicEnabled", False)


@pytest.fixture(scope="session", autouse=True)
def _components_looked_for_once() -> Iterator[None]:
    """AppTest looks for Streamlit components in every installed package, for each visitor again; there are none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


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
