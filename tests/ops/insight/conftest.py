"""One stage for all worlds (see world.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ops.aws import Aws
from ops.target import Target
from tests.fakes.aws import start
from tests.ops.insight.world import Stage


@pytest.fixture(scope="package")
def stage() -> Iterator[Stage]:
    def nothing_set(service: str, operation: str, asked: dict[str, Any]) -> Any:
        raise AssertionError(f"no world is set, but something asks {operation}")

    with start(nothing_set) as fake:
        target = Target(endpoint=fake.endpoint, access_key_id="key", secret_access_key="secret", region="us-east-1")
        yield Stage(fake, Aws(target, max_attempts=1))
