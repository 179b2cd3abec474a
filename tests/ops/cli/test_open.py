"""``ops open``: the address of the dashboard that runs, or how to start one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dashboard import guard, time_range
from dashboard.app_pages.dead_letters.filters import CAUSE_KEY
from dashboard.pages import PAGES
from ops import target
from ops.cli import open_
from ops.cli.app import run


@contextmanager
def answering(foreign: bytes, place: str = "") -> Iterator[int]:
    """A server on loopback that answers ``foreign`` to a request for another host; its port. ``place``: which it is of."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = b"<html>" if self.headers["Host"].startswith("127.0.0.1") else foreign
            self.send_response(200 if text == b"<html>" else 403)
            self.send_header("Content-Length", str(len(text)))
            if place and self.headers["Host"] == open_.ASKING_HOST:
                self.send_header(open_.PLACE_HEADER, place)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser is asked to open; there is no desktop."""
    addresses: list[str] = []
    monkeypatch.setattr("webbrowser.open", addresses.append)
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    return addresses


def test_its_pages_and_its_sentence_are_the_dashboards() -> None:
    assert tuple(entry.address for entry in PAGES.values()) == open_.PAGES
    assert guard.REJECTED.startswith(open_.DASHBOARD_SENTENCE)
    assert (guard.ASKING_HOST, guard.PLACE_HEADER.decode()) == (open_.ASKING_HOST, open_.PLACE_HEADER)
    assert CAUSE_KEY == "cause" and time_range.CUSTOM == "custom"


def test_the_address_is_printed_and_opened_where_there_is_a_desktop(
    opened: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(guard.REJECTED) as port:
        assert run(["open", "--port", str(port)]) == 0
        assert capsys.readouterr().out == f"http://127.0.0.1:{port}/\n"
        assert opened == []
        monkeypatch.setenv("DISPLAY", ":0")
        assert run(["open", "cold_starts", "--port", str(port)]) == 0
    assert capsys.readouterr().out == f"http://127.0.0.1:{port}/cold-starts\n"
    assert opened == [f"http://127.0.0.1:{port}/cold-starts"]


def test_filters_are_in_the_address(opened: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with answering(guard.REJECTED) as port:
        options = ["--cause", "ab12", "--since", "2026-11-28T01:10", "--until", "2026-11-28T03:20"]
        assert (
            run(["open", "dead-letters", "--port", str(port), "--stack", "a&b", "--region", "eu-west-1", *options]) == 0
        )
    address = urlsplit(capsys.readouterr().out.strip())
    assert address.path == "/dead-letters"
    assert {key: value for key, (value,) in parse_qs(address.query).items()} == {
        "stack": "a&b",
        "region": "eu-west-1",
        "cause": "ab12",
        "range": "custom",
        "from": "2026-11-28T01:10",
        "to": "2026-11-28T03:20",
    }
    assert time_range.written("2026-11-28T01:10") is not None, "the dashboard reads times of this form"


def test_another_app_is_not_the_dashboard(
    opened: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(b"<html>Another Streamlit app") as other, answering(guard.REJECTED) as port:
        assert run(["open", "--port", str(other)]) == 1
        assert f"No dashboard is running on port {other} of this machine." in capsys.readouterr().err
        monkeypatch.setattr(open_, "FIRST_PORT", port)
        monkeypatch.setattr(open_, "FURTHER_PORTS", 0)
        assert run(["open"]) == 0
        assert capsys.readouterr().out == f"http://127.0.0.1:{port}/\n"


@contextmanager
def two_dashboards(patch: pytest.MonkeyPatch, *places: str) -> Iterator[list[int]]:
    """On ports that are looked at; their ports."""
    with answering(guard.REJECTED, places[0]) as first, answering(guard.REJECTED, places[1]) as second:
        ports = [first, second]
        patch.setattr(open_, "_ports", lambda port: [port] if port else ports)
        yield ports


def test_of_several_dashboards_it_opens_the_one_of_this_twin(
    opened: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path))
    with two_dashboards(monkeypatch, "another", target.place_digest()) as (first, second):
        assert run(["open"]) == 0
        captured = capsys.readouterr()
        assert captured.out == f"http://127.0.0.1:{second}/\n"
        assert f"Other dashboards run on {first}: choose one by --port." in captured.err
        assert "started for another" not in captured.err
        assert run(["open", "--port", str(first)]) == 0
        assert capsys.readouterr().out == f"http://127.0.0.1:{first}/\n"


def test_a_dashboard_of_another_twin_is_said_to_be_one(
    opened: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with two_dashboards(monkeypatch, "another", "a third") as (first, _):
        assert run(["open"]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"http://127.0.0.1:{first}/\n"
    assert "was started for another twin or AWS profile than this shell has." in " ".join(captured.err.split())


def test_places_differ_by_twin_and_by_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    places = {target.place_digest({"AWS_PROFILE": name}) for name in ("", "work", "home")}
    assert len(places) == 3
    for folder in ("a", "b"):
        monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path / folder))
        places.add(target.place_digest({"OPS_TARGET": "twin"}))
    assert len(places) == 5


def test_the_dashboard_tells_its_place_to_ops_open_only() -> None:
    def headers(host: str) -> dict[bytes, bytes]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "headers": [(b"host", host.encode())]}
        asyncio.run(guard.Guard(None)(scope, None, send))
        return dict(sent[0]["headers"])

    assert headers("ops-open")[guard.PLACE_HEADER] == target.place_digest().encode()
    assert guard.PLACE_HEADER not in headers("evil.example")


def test_no_dashboard_says_how_to_start_one(
    opened: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(b"") as free:
        pass
    monkeypatch.setattr(open_, "FIRST_PORT", free)
    monkeypatch.setattr(open_, "FURTHER_PORTS", 0)
    assert run(["open"]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and opened == []
    sentence, step = captured.err.splitlines()
    assert sentence == f"No dashboard is running on ports {free} to {free} of this machine."
    assert step == "→ Start it: streamlit run dashboard; or with the twin and traffic: make demo."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere"], "The dashboard has no page 'nowhere'."),
        (["queue", "--cause", "ab"], "The page queue does not filter by cause."),
        (["--until", "1h"], "--until needs --since."),
        (["--since", "1h", "--until", "2h"], "The time range ends before it starts."),
        (["--since", "soon"], "'soon' is not a valid time."),
    ],
)
def test_bad_options(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["open", *arguments]) == 2
    assert capsys.readouterr().err.splitlines()[0] == sentence
