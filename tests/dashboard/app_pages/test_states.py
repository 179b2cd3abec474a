"""The app as it ships, where there is nothing to show yet: no workload, no credentials, a stack that is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.pages import PAGES, Entry
from ops.twin import lifecycle, state_file
from ops.twin_state import TwinState
from tests.dashboard.app import App

pages = pytest.mark.parametrize("entry", PAGES.values(), ids=list(PAGES))


@pytest.mark.parametrize("entry", [PAGES["overview"], PAGES["cost"]], ids=["overview", "cost"])
def test_with_nothing_configured_it_offers_the_twin(real: App, entry: Entry) -> None:
    real.open(entry)
    assert not real.at.exception
    assert "Choose a workload" in real.text
    assert real.at.button(key="start-twin").label == "Start the twin"


def test_without_credentials_it_says_so(real: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_STACK", "orders")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    real.open()
    assert not real.at.exception
    assert "No valid AWS credentials" in real.text
    assert "Next step" in real.text


def test_a_named_stack_wins_over_nothing(real: App) -> None:
    real.open(PAGES["overview"], stack="orders", region="eu-west-1")
    assert "AWS, eu-west-1" in real.text


def record(folder: Path, monkeypatch: pytest.MonkeyPatch, **pids: int) -> TwinState:
    """A twin that is said to run in these processes; nothing answers on its addresses."""
    monkeypatch.setenv("OPS_TWIN_DIR", str(folder))
    nobody = "http://127.0.0.1:9"
    twin = TwinState(nobody, nobody, "us-east-1", "0" * 12, "a", "b", "scilearn", 10, "now", pids)
    state_file.write(twin)
    return twin


def test_a_twin_that_does_not_answer_is_not_called_aws(
    real: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, monkeypatch, emulator=os.getpid())
    real.open()
    assert not real.at.exception
    assert "The twin does not respond" in real.text
    assert "`" not in real.text


def test_a_twin_that_lost_its_host_says_so(real: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    record(tmp_path, monkeypatch, emulator=os.getpid(), host=ended.pid)
    real.open()
    assert not real.at.exception
    assert "The twin is not healthy" in real.text
    assert f"its host (process {ended.pid}) is gone" in real.text


def test_a_profile_beside_a_running_twin_is_not_answered_by_the_start_page(
    real: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, monkeypatch, emulator=os.getpid())
    monkeypatch.setenv("AWS_PROFILE", "work")
    real.open()
    assert "AWS_PROFILE=work selects AWS" in real.text


def test_a_region_that_is_not_the_twins_is_not_passed_over(
    real: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, monkeypatch, emulator=os.getpid())
    real.open(region="eu-west-1")
    assert "in region us-east-1, not eu-west-1" in real.text


@pytest.mark.twin
@pages
def test_every_page_on_the_twin(real: App, twin: object, entry: Entry) -> None:
    real.open(entry)
    assert not real.at.exception
    assert "so-finding" in real.html
    assert "Local twin, us-east-1" in real.text
    assert not entry.ranged or "Free on the twin" in real.text


@pytest.mark.twin
def test_a_stack_that_is_not_there(real: App, twin: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_TARGET", "twin")
    real.open(PAGES["queue"], stack="nowhere")
    assert not real.at.exception
    assert "nowhere" in real.text
    assert "Next step" in real.text


@pytest.mark.twin
def test_the_start_page_starts_a_twin(real: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path))
    real.at.default_timeout = 120
    real.open()
    try:
        real.at.button(key="start-twin").click().run()
        assert not real.at.exception
        assert "so-finding" in real.html, "it leads to the overview"
        assert "Local twin" in real.text
    finally:
        lifecycle.down()


@pytest.mark.parametrize("beside", ["dashboard", "tests/dashboard"])
def test_no_folder_is_taken_for_streamlits_own_pages(repository: Path, beside: str) -> None:
    """A folder ``pages`` beside an entry point makes the first visit to any address a "Page not found"."""
    assert not (repository / beside / "pages").exists()


def test_no_module_of_the_dashboard_hides_one_of_python(repository: Path) -> None:
    """Streamlit puts the folder of its script first on the import path."""
    names = {path.stem for path in (repository / "dashboard").iterdir()}
    assert not names & sys.stdlib_module_names
