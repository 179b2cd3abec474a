"""A web page cannot control the dashboard, and other machines cannot reach it unless that is allowed."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dashboard.guard import Guard, refusal
from ops.cli.app import run
from tests.browser.server import REPOSITORY, serving

OWN = "127.0.0.1:8501"
PAGES = "http://127.0.0.1:8501"


def scope(host: str | None, origin: str | None = None, kind: str = "http") -> dict[str, Any]:
    headers = [(b"host", host.encode("latin-1"))] if host is not None else []
    named = [(b"origin", origin.encode("latin-1"))] if origin is not None else []
    return {"type": kind, "headers": [*headers, *named]}


@pytest.mark.parametrize(
    ("host", "origin", "admitted"),
    [
        (OWN, None, True),
        (OWN, PAGES, True),
        ("localhost:8501", "http://localhost:8501", True),
        ("LocalHost.:8501", None, True),
        ("[::1]:8501", "http://[::1]:8501", True),
        ("127.0.0.1", None, True),
        ("ops.example.com", "https://ops.example.com", True),
        ("evil.example", None, False),
        ("evil.example:8501", "http://evil.example:8501", False),
        ("127.0.0.1.evil.example:8501", None, False),
        ("localhost.evil.example", None, False),
        ("evil.example@127.0.0.1:8501", None, False),
        ("127.0.0.1:8501/evil.example", None, False),
        ("127.0.0.1:port", None, False),
        ("127.1:8501", None, False),
        ("0.0.0.0:8501", None, False),
        ("", None, False),
        (None, None, False),
        (OWN, "http://127.0.0.1:9999", False),
        (OWN, "http://localhost:8501", False),
        (OWN, "http://evil.example", False),
        (OWN, "null", False),
        (OWN, "file://", False),
        (OWN, "https://127.0.0.1:8501", True),  # behind a proxy that speaks TLS
        (OWN, "chrome-extension://127.0.0.1:8501", False),
        ("localhost", "capacitor://localhost", False),
        (OWN, "//127.0.0.1:8501", False),
        (OWN, "http://127.0.0.1:8501/path", False),
        (OWN, "http://127.0.0.1:8501?x", False),
        (OWN, "http://evil.example@127.0.0.1:8501", False),
        (OWN, "http://[", False),
        (OWN, "", False),
        ("@127.0.0.1:8501", None, False),
        ("127.0.0.1:8501?", None, False),
        ("127.0.0.1:8501#", None, False),
        ("127.0.0.1\t:8501", None, False),
        ("127.0.0.1:", None, False),
        ("[::1", None, False),
    ],
)
def test_a_request_is_for_an_own_host_and_from_a_page_of_it(
    host: str | None, origin: str | None, admitted: bool
) -> None:
    guard = Guard(None, hosts=["ops.example.com"])
    for kind in ("http", "websocket"):
        assert guard.admits(scope(host, origin, kind)) is admitted


def test_two_hosts_in_one_request_are_refused() -> None:
    twice = scope(OWN)
    twice["headers"].append((b"host", b"evil.example"))
    assert not Guard(None).admits(twice)


READ_ONLY = {"OPS_ALLOW_REMOTE": "1", "OPS_READ_ONLY": "1"}


@pytest.mark.parametrize(
    ("address", "hosts", "environ", "says"),
    [
        ("127.0.0.1", [], {}, ""),
        ("localhost", [], {}, ""),
        ("::1", [], {}, ""),
        ("127.0.0.2", [], {}, ""),
        ("0.0.0.0", [], {}, "SSH tunnel"),
        ("::", [], {}, "SSH tunnel"),
        (None, [], {}, "every address"),
        ("", [], {}, "every address"),
        ("192.0.2.2", [], {}, "192.0.2.2"),
        ("ops.example.com", ["ops.example.com"], {}, "no authentication"),
        ("0.0.0.0", ["ops.example.com"], {"OPS_ALLOW_REMOTE": "1"}, "set OPS_READ_ONLY=1"),
        ("0.0.0.0", ["ops.example.com"], {"OPS_READ_ONLY": "1"}, "SSH tunnel"),
        ("0.0.0.0", ["127.0.0.1", "localhost"], READ_ONLY, "Specify its host names"),
        ("0.0.0.0", ["*"], READ_ONLY, "Specify its host names"),
        ("0.0.0.0", ["ops.example.com", "*"], READ_ONLY, "Specify its host names"),
        ("0.0.0.0", ["ops.example.com"], READ_ONLY, ""),
    ],
)
def test_beyond_loopback_it_listens_only_read_only_and_for_named_hosts(
    address: str | None, hosts: list[str], environ: dict[str, str], says: str
) -> None:
    found = refusal(address, hosts, environ)
    assert says in found and bool(found) == bool(says)


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def status(address: str, path: str, **headers: str) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.putrequest("GET", path, skip_host=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}
    connection.close()
    return found


@pytest.mark.slow
def test_the_dashboard_as_it_is_started_refuses_foreign_hosts_and_origins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving("dashboard", {"OPS_TWIN_DIR": str(tmp_path / "none")}, tmp_path / "log") as address:
        own = urlsplit(address).netloc
        code, headers = status(address, "/", Host=own)
        assert code == 200
        assert headers["x-frame-options"] == "DENY"
        assert headers["content-security-policy"] == "frame-ancestors 'none'"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        for path in ("/", "/_stcore/health", "/_stcore/host-config", "/static/index.html"):
            assert status(address, path, Host="evil.example")[0] == 403, path
        assert status(address, "/_stcore/stream", Host=own, Origin=address, **UPGRADE)[0] == 101
        for host, origin in (
            (own, "http://127.0.0.1:1"),
            (own, "http://evil.example"),
            ("evil.example", "http://evil.example"),
        ):
            assert status(address, "/_stcore/stream", Host=host, Origin=origin, **UPGRADE)[0] == 403, origin
        for query in ("", "?range=6h&stack=a%20b"):
            code, headers = status(address, f"/overview{query}", Host=own)
            assert (code, headers["location"]) == (307, f"./{query}"), "the first page is at the root only"
        assert run(["open", "cost", "--port", own.rpartition(":")[2]]) == 0
        assert capsys.readouterr().out == f"http://{own}/cost\n", "by its refusal of other hosts ops open knows it"


STREAM = "/_stcore/stream"
PATHS = (
    STREAM,
    f"{STREAM}/",
    f"/{STREAM}",
    STREAM.upper(),
    f"{STREAM}?streamlit_script_hash=1",
    "/_stcore%2Fstream",
    "/%5Fstcore/stream",
    "/_stcore/./stream",
    "/_stcore/health",
    "/dead-letters/_stcore/stream",
    "/runbooks/dead-letters.md",
    "/",
)


def upgraded(address: str, path: str, host: str, origin: str | None) -> int:
    """Opens a WebSocket as a client whose headers are forged; the handshake's status, 101 where it opened."""
    headers = {"Host": host, "Sec_WebSocket_Protocol": "streamlit", **UPGRADE}
    if origin is not None:
        headers["Origin"] = origin
    return status(address, path, **headers)[0]


@pytest.mark.slow
def test_no_websocket_opens_for_a_foreign_page_on_any_path(tmp_path: Path) -> None:
    with serving("dashboard", {"OPS_TWIN_DIR": str(tmp_path / "none")}, tmp_path / "log") as address:
        own, port = urlsplit(address).netloc, urlsplit(address).port
        for host, origin in ((own, address), (f"localhost:{port}", f"http://localhost:{port}"), (own, None)):
            assert upgraded(address, STREAM, host, origin) == 101, (host, origin)
        rebound = f"evil.example:{port}"
        for path in PATHS:
            for host, origin in (
                (rebound, f"http://{rebound}"),  # DNS rebinding
                (rebound, address),
                (rebound, None),
                (own, "http://evil.example"),
                (own, f"http://localhost:{port}"),
                (own, "null"),
                (own, f"chrome-extension://{own}"),
                (own, f"http://{own}.evil.example"),
                (own, "http://["),
            ):
                assert upgraded(address, path, host, origin) == 403, (path, host, origin)
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.slow
def test_the_dashboard_does_not_start_beyond_loopback() -> None:
    environ = {name: value for name, value in os.environ.items() if name not in READ_ONLY}
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "dashboard",
        "--server.headless=true",
        "--server.address=0.0.0.0",
    ]
    ended = subprocess.run(
        command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, timeout=180, check=False
    )
    assert ended.returncode == 1
    assert "no authentication" in ended.stderr and "Traceback" not in ended.stderr
