"""For every test: no AWS account, no network beyond loopback, no twin but the test's own."""

from __future__ import annotations

import gc
import inspect
import logging
import os
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from botocore import compat, hooks, loaders, useragent
from hypothesis import HealthCheck, settings

from tests.signals import heed_signals
from tests.twins import Twin, start

# The same examples in every run, and no judgement of how fast the machine is.
settings.register_profile(
    "suite", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """A test that would leave the machine fails at once, and says where it wanted to go."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not address[0].startswith(LOOPBACK):
            raise OSError(f"tests stay on this machine, but something connects to {address}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No credentials, profile, region or workload of the person who runs the tests."""
    nowhere = tmp_path_factory.mktemp("nobody")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("AWS_", "OPS_")):
                patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", str(nowhere / "config"))
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere / "credentials"))
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("OPS_TWIN_DIR", str(nowhere / "twin"))
        patch.setenv(
            "XDG_STATE_HOME", str(nowhere / "state")
        )  # prices that were refreshed on this machine are not the test's
        yield


@pytest.fixture(scope="session", autouse=True)
def _botocore_works_things_out_once() -> Iterator[None]:
    """Each botocore session reads megabytes of service models and works out the same names and signatures again. The
    tests make hundreds of sessions, where a process makes one; here all share what the first one found."""
    loader = loaders.create_loader()
    names: dict[str, str] = {}
    alias = hooks.EventAliaser._alias_event_name  # type: ignore[attr-defined]  # private: the stubs leave it out

    def shared(search_path: str | None = None) -> loaders.Loader:
        return loaders.create_loader(search_path) if search_path else loader

    def aliased(emitter: hooks.EventAliaser, event: str) -> str:
        if event not in names:
            names[event] = alias(emitter, event)
        return names[event]

    def accepts_kwargs(function: Any) -> bool:
        if code := getattr(function, "__code__", None):
            return bool(code.co_flags & inspect.CO_VARKEYWORDS)
        return bool(compat.accepts_kwargs(function))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", shared)
        patch.setattr(hooks.EventAliaser, "_alias_event_name", aliased)
        patch.setattr(hooks, "accepts_kwargs", accepts_kwargs)
        clean = useragent.sanitize_user_agent_string_component
        patch.setattr(useragent, "sanitize_user_agent_string_component", cache(clean))
        yield


@pytest.fixture(scope="session", autouse=True)
def _commands_made_once() -> Iterator[None]:
    """Typer makes all commands again at each call, though a process makes one call; they hold nothing of a call."""
    make, made = typer.main.get_command, {}

    def once(app: typer.Typer) -> Any:
        registered = (app, len(app.registered_commands))  # a test may add a command
        if registered not in made:
            made[registered] = make(app)
        return made[registered]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.main.get_command", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _streamlit_logs_through_the_root() -> None:
    """pytest hangs its handlers on each logger that does not propagate, six times a test; Streamlit has 67 of them."""
    for name, logger in logging.root.manager.loggerDict.items():
        if name.startswith("streamlit") and isinstance(logger, logging.Logger):
            logger.propagate = True


def pytest_configure() -> None:
    """A job in the background of a script ignores signals, and so would all that the tests start and then interrupt."""
    heed_signals()


SERVERS = {"emulator", "host"}
"""Fixtures that start parts of the twin."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A twin takes much CPU: what asks for one is marked, so that the tests that need none never start one. Tests of
    its parts are marked here, by what they ask for."""
    for item in items:
        asked = set(getattr(item, "fixturenames", ()))
        if "twin" in asked and not item.get_closest_marker("twin"):
            raise pytest.UsageError(f"{item.nodeid} asks for the twin, but is not marked as such.")
        if asked & SERVERS:
            item.add_marker(pytest.mark.servers)
        if "CI" in os.environ:
            # A failed test is run up to twice more, and the summary lists it (RERUN): of some 8,000 tests that use clocks,
            # processes and browsers, one now and then waits too little on a loaded machine. A fault that stays still fails.
            item.add_marker(pytest.mark.flaky(reruns=2))


def pytest_collection_finish() -> None:
    """Modules and collected tests stay to the end: no garbage collection needs to walk through them."""
    gc.freeze()


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """The real twin, started once on free ports; its parameters are tests.twins.PARAMETERS."""
    with start(tmp_path_factory.mktemp("twin")) as running:
        yield running


@pytest.fixture(autouse=True)
def _which_twin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that asks for the twin finds it as a user's shell would (OPS_TWIN_DIR); any other test finds none."""
    if "twin" in request.fixturenames:
        running: Twin = request.getfixturevalue("twin")
        monkeypatch.setenv("OPS_TWIN_DIR", str(running.folder))


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).resolve().parents[1]
