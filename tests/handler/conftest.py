from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.fakes.handler_aws import FakeAws
from tests.handler.worlds import VARIABLES


@pytest.fixture(scope="session")
def app(_no_account: None) -> ModuleType:
    """The real handler module, imported once under the function's environment, as Lambda does.

    The environment lasts for the import only: other rooms' tests must not find this function's credentials.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in VARIABLES.items():
            patch.setenv(name, value)
        return importlib.import_module("handler.app")


@pytest.fixture
def aws(app: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """A fresh AWS, and an environment that points to it."""
    with FakeAws() as fake:
        for name, value in VARIABLES.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", fake.url)
        yield fake
        app.client.close()
