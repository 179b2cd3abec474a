"""A collector for each test; what it was sent must have been OTLP/JSON."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.otlp_collector import Collector, collecting


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as started:
        yield started
