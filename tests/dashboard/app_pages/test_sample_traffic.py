"""Where nothing was sent yet, a page offers the next act: traffic on the twin, a command on AWS."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.pages import PAGES
from ops.errors import UsageError
from ops.twin import processes, sample_traffic, state_file
from ops.twin_state import TwinState
from tests.dashboard.app import App

Visit = Callable[[str], App]
SENT_FROM = pytest.mark.parametrize("key", ["overview", "queue", "concurrency", "cold_starts", "failures", "cost"])
PAST = {"range": "custom", "from": "2026-11-20T11:00", "to": "2026-11-20T12:00"}


@pytest.fixture
def twin_record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A twin that is said to run; its addresses take a connection and never answer, so that what sends does not end."""
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path))
    waiting = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        pids = {"emulator": waiting.pid, "host": waiting.pid}
        state_file.write(TwinState(address, address, "us-east-1", "0" * 12, "a", "b", "scilearn", 10, "now", pids))
        yield
        processes.stop_role(sample_traffic.ROLE)
    waiting.kill()
    waiting.communicate()


def on_twin(sample: Visit, monkeypatch: pytest.MonkeyPatch, name: str) -> App:
    app = sample(name)
    monkeypatch.setenv("OPS_TARGET", "twin")
    return app


def offered(app: App) -> bool:
    assert not app.at.exception
    return any(button.key == "send-sample" for button in app.at.button)


@SENT_FROM
def test_an_unused_twin_is_sent_sample_traffic(
    sample: Visit, monkeypatch: pytest.MonkeyPatch, twin_record: None, key: str
) -> None:
    app = on_twin(sample, monkeypatch, "empty").open(PAGES[key])
    assert offered(app)
    app.at.button(key="send-sample").click().run()
    assert not offered(app), "it is being sent"
    assert "Jobs are being sent for about a minute." in app.text


def test_where_messages_came_nothing_is_offered(
    sample: Visit, monkeypatch: pytest.MonkeyPatch, twin_record: None
) -> None:
    assert not offered(on_twin(sample, monkeypatch, "fine").open())


def test_nothing_is_offered_in_a_past_range(sample: Visit, monkeypatch: pytest.MonkeyPatch, twin_record: None) -> None:
    assert not offered(on_twin(sample, monkeypatch, "empty").open(PAGES["overview"], **PAST))


def test_nothing_is_offered_in_read_only_mode(
    sample: Visit, monkeypatch: pytest.MonkeyPatch, twin_record: None
) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    assert not offered(on_twin(sample, monkeypatch, "empty").open())
    app = sample("empty").open()
    assert "send-message" not in app.text


@SENT_FROM
def test_on_aws_the_command_is_shown(sample: Visit, key: str) -> None:
    app = sample("empty").open(PAGES[key])
    assert not offered(app)
    assert "aws sqs send-message --queue-url https://sqs/1/jobs --message-body MESSAGE" in app.text
    assert "send-message" not in sample("fine").open(PAGES[key]).text


def test_without_a_twin_nothing_is_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path))
    with pytest.raises(UsageError, match="not running"):
        sample_traffic.start_sample()


def test_read_only_mode_refuses_it(monkeypatch: pytest.MonkeyPatch, twin_record: None) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    with pytest.raises(UsageError, match="OPS_READ_ONLY"):
        sample_traffic.start_sample()
