"""The first chart of a visit is on the screen before the others are sent, and nothing waits where it cannot be reported."""

from __future__ import annotations

import asyncio
import threading
import time
from http import HTTPStatus
from typing import Any

import pytest
import streamlit as st
from starlette.applications import Starlette

from dashboard.server import first_chart


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Of a visitor whose server has started."""
    session: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", session)
    monkeypatch.setattr(first_chart, "_served", threading.Event())
    first_chart.serve()
    return session


def _answer(method: str, path: str) -> int:
    """The status of the server's answer."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    asyncio.run(Starlette(routes=first_chart.ROUTES)(scope, receive, send))
    return int(sent[0]["status"])


def _reported_path(what: str = "chart") -> str:
    """What the browser asks for, as the script has it."""
    return first_chart.script().split("fetch(`.", 1)[1].split("`")[0].replace("${what}", what)


def _wait_at_most(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(first_chart, "MAX_WAIT_S", seconds)


def test_the_second_chart_waits_for_the_report_of_the_first(
    session: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _wait_at_most(monkeypatch, 60)
    assert not first_chart.is_awaited(), "nobody would replace a preview"
    path = _reported_path()
    assert first_chart.is_awaited()
    first_chart.before_chart()  # the first waits for nothing
    assert first_chart.is_awaited()
    second_sent = threading.Event()

    def send_second() -> None:
        first_chart.before_chart()
        second_sent.set()

    script = threading.Thread(target=send_second)
    script.start()
    assert not second_sent.wait(0.05)
    assert _answer("POST", path) == HTTPStatus.NO_CONTENT
    script.join()
    assert second_sent.is_set()
    assert not first_chart.is_awaited()
    first_chart.before_chart()  # nor do those of a refresh


def test_the_first_waits_for_the_report_of_its_preview(
    session: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_chart, "MAX_PREVIEW_WAIT_S", 60)
    path = _reported_path("preview")
    first_sent = threading.Event()

    def send_first() -> None:
        first_chart.before_chart(has_preview=True)
        first_sent.set()

    script = threading.Thread(target=send_first)
    script.start()
    assert not first_sent.wait(0.05)
    assert _answer("POST", path) == HTTPStatus.NO_CONTENT
    script.join()
    assert first_chart.is_awaited(), "a preview is not the chart"


def test_without_a_report_the_others_are_sent_all_the_same(
    session: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _wait_at_most(monkeypatch, 0.05)
    assert first_chart.script()
    first_chart.wait()  # for nothing: there is none yet
    began = time.monotonic()
    first_chart.before_chart()
    first_chart.before_chart()
    assert time.monotonic() - began >= 0.05


@pytest.mark.parametrize("token", ["0" * 32, "%00", "a" * 4_000])
def test_a_report_that_nothing_waits_for_is_ignored(token: str) -> None:
    assert _answer("POST", f"/first-chart/{token}/chart") == HTTPStatus.NO_CONTENT
    assert _answer("GET", f"/first-chart/{token}/chart") == HTTPStatus.METHOD_NOT_ALLOWED


def test_nothing_waits_where_the_server_has_no_route(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_chart, "_served", threading.Event())
    monkeypatch.setattr(st, "session_state", {})
    _wait_at_most(monkeypatch, 60)
    assert first_chart.script() == ""
    for _ in range(2):
        first_chart.before_chart()
