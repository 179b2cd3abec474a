"""Who may call the twin's servers: programs of its owner, with its token; no other user, and no web page."""

from __future__ import annotations

import base64
import http.client
import os
import socket
from pathlib import Path

import pytest

from ops.errors import TwinError
from ops.twin import callers
from ops.twin.host.http import loopback_peers
from tests.ops.twin.emulator.conftest import TOKEN, Emulator
from tests.ops.twin.host.lab import TOKEN as HOST_TOKEN
from tests.ops.twin.host.lab import Host, running

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
ASKS_ITS_API = "import os\ndef handler(event, context):\n    return os.environ['AWS_LAMBDA_RUNTIME_API']\n"
SECRETS = ("/_ministack/sqs/messages", "/_ministack/config", "/_ministack/reset", "/_ministack/ses/messages")


def exchange(port: int, head: str) -> str:
    """Send a request head as it is; the first line of the answer, or empty when the connection is closed."""
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(head.encode() + b"\r\n\r\n")
            return connection.recv(4096).split(b"\r\n")[0].decode()
    except OSError:
        return ""


def as_another_user(port: int, head: str) -> str:
    """The same, from a process of the user ``nobody``."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.write(writer, exchange(port, head).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as said:
        return said.read().decode()


def ask(port: int, path: str, method: str = "GET", **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.putrequest(method, path, skip_host=True)
        given = {"Host": f"127.0.0.1:{port}", "Content-Length": "0"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in given.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


def port_of(emulator: Emulator) -> int:
    return int(emulator.url.rpartition(":")[2])


# --- the rules, without a server -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:4566", "localhost", "LOCALHOST:80", "[::1]:4566", "bucket.localhost:4566", "127.9.9.9",
     "a1b2.execute-api.localhost:4566", "localhost.:4566"],
)  # fmt: skip
def test_loopback_names_are_let_in(host: str) -> None:
    assert callers.on_loopback([host])


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:4566", "localhost.evil.example", "127.0.0.1.evil.example", "notlocalhost", "",
     "0.0.0.0:4566", "192.168.1.4", "[::]:4566", "localhost:80@evil.example", "evil.example#.localhost", "[::1",
     "2130706433", "0x7f.1"],
)  # fmt: skip
def test_other_names_are_not(host: str) -> None:
    assert not callers.on_loopback([host])
    assert not callers.on_loopback(["127.0.0.1", host])


def test_no_name_is_no_loopback_name() -> None:
    assert not callers.on_loopback([])


@pytest.mark.parametrize(
    ("secret", "header", "right"),
    [
        ("abc", "Bearer abc", True),
        ("abc", "Bearer abcd", False),
        ("abc", "Bearer ", False),
        ("abc", "", False),
        ("abc", "Bearer ä\udc80", False),
        ("", "Bearer ", False),
        ("", "", False),
    ],
)
def test_the_token_is_compared_and_an_empty_one_opens_nothing(secret: str, header: str, right: bool) -> None:
    assert callers.bears(secret, header) is right


def test_a_server_does_not_start_without_a_token() -> None:
    with pytest.raises(TwinError, match="OPS_TWIN_TOKEN is not set") as refused:
        callers.token({})
    assert "ops twin up" in refused.value.next_step


def test_a_connection_that_no_one_holds_any_more_is_no_ones() -> None:
    """The kernel gives it to user 0, which would be us when the twin is root's."""
    loopback_peers.ensure_known()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        caller = socket.create_connection(listener.getsockname())
        accepted, address = listener.accept()
        with accepted:
            assert loopback_peers.is_ours(accepted.getsockname(), address)
            caller.close()
            assert not loopback_peers.is_ours(accepted.getsockname(), address)


# --- the Lambda host and its environments ----------------------------------------------------------------------------
@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Bearer", HOST_TOKEN[:-1]])
@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/functions/f"), ("POST", "/functions/f/invocations"), ("GET", "/health")]
)
def test_the_host_takes_nothing_without_the_token(
    host: Host, method: str, path: str, authorization: str | None
) -> None:
    given = {} if authorization is None else {"Authorization": authorization}
    assert ask(host.port, path, method, **given) == 401


@as_root
def test_another_user_is_refused_with_the_token_too(host: Host) -> None:
    head = f"GET /health HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {HOST_TOKEN}"
    assert exchange(host.port, head) == "HTTP/1.1 200 OK"
    assert as_another_user(host.port, head) == "HTTP/1.1 403 Forbidden"


@as_root
@pytest.mark.parametrize(
    "head",
    [
        "GET /2018-06-01/runtime/invocation/next HTTP/1.1",
        "POST /2018-06-01/runtime/invocation/x/response HTTP/1.1\r\nContent-Length: 0",
        "POST /2020-01-01/extension/register HTTP/1.1\r\nLambda-Extension-Name: spy\r\nContent-Length: 0",
        "PUT /2022-07-01/telemetry HTTP/1.1\r\nContent-Length: 0",
    ],
)
def test_another_user_gets_nothing_of_an_environment(host: Host, head: str) -> None:
    function = host.function(ASKS_ITS_API)
    port = int(function.invoke().payload.rpartition(":")[2])
    assert as_another_user(port, head) == "HTTP/1.1 403 Forbidden"
    assert function.invoke().payload.endswith(f":{port}"), "the environment still works"


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "http://localhost"}, {"Sec_Fetch_Site": "same-origin"}]
)
def test_web_pages_get_nothing_of_host_and_environments(host: Host, headers: dict[str, str]) -> None:
    port = int(host.function(ASKS_ITS_API).invoke().payload.rpartition(":")[2])
    assert ask(port, "/2018-06-01/runtime/invocation/next", **headers) == 403
    assert ask(host.port, "/health", Authorization=f"Bearer {HOST_TOKEN}", **headers) == 403


def test_a_host_writes_for_its_owner_only(tmp_path: Path) -> None:
    with running(tmp_path, OPS_TWIN_DIR=str(tmp_path / "twin")) as host:
        function = host.function(
            "import os, pathlib\ndef handler(event, context):\n"
            "    pathlib.Path(os.environ['DATA_MOUNT'], 'rows.csv').write_text('1')\n"
        )
        assert not function.invoke().error
        modes = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "twin").rglob("*")}
    assert modes.keys() >= {"lock", "traces.jsonl", "data", "rows.csv"}
    assert not any(modes.values()), modes


# --- the emulator ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", [*SECRETS, "/_ministack/lambda-code/f", "/_localstack/state", "/_ministack/"])
def test_administrative_paths_take_the_token(emulator: Emulator, path: str) -> None:
    for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}):
        for method in ("GET", "POST", "PUT"):
            assert ask(port_of(emulator), path, method, **given) == 403, (method, given)


def test_with_the_token_they_answer(emulator: Emulator) -> None:
    assert ask(port_of(emulator), "/_ministack/sqs/messages", Authorization=f"Bearer {TOKEN}") == 200
    assert ask(port_of(emulator), "/_ministack/health") == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/_ministack/health"), ("GET", "/"), ("POST", "/"), ("PUT", "/b")]
)
def test_a_rebound_name_is_refused_for_every_method(emulator: Emulator, host: str, method: str, path: str) -> None:
    assert ask(port_of(emulator), path, method, Host=host) == 403
    assert ask(port_of(emulator), path, method, Host=host, Authorization=f"Bearer {TOKEN}") == 403


def test_names_below_localhost_reach_the_services(emulator: Emulator) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(emulator), timeout=60)
    connection.request("GET", "/key", headers={"Host": f"bucket.localhost:{port_of(emulator)}"})
    answer = connection.getresponse().read()
    connection.close()
    assert b"<Error>" in answer, "S3 answers, not the guard"


@pytest.mark.parametrize(
    ("host", "origin", "opened"),
    [
        ("x.iot.us-east-1.localhost:{port}", "", True),
        ("x.iot.us-east-1.localhost:{port}", "http://x.iot.us-east-1.localhost:{port}", True),
        ("x.iot.us-east-1.localhost:{port}", "http://evil.example", False),
        ("x.iot.us-east-1.localhost:{port}", "http://localhost:8501", False),
        ("x.iot.us-east-1.localhost:{port}", "null", False),
        ("x.iot.us-east-1.localhost:{port}", "app://x.iot.us-east-1.localhost:{port}", False),
        ("evil.example:{port}", "http://evil.example:{port}", False),
        ("x.iot.us-east-1.evil.example:{port}", "", False),
    ],
)
def test_a_websocket_of_a_foreign_page_is_refused(emulator: Emulator, host: str, origin: str, opened: bool) -> None:
    port = port_of(emulator)
    key = base64.b64encode(os.urandom(16)).decode()
    head = (
        f"GET /mqtt HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt"
        + (f"\r\nOrigin: {origin}" if origin else "")
    ).format(port=port)
    assert exchange(port, head).startswith("HTTP/1.1 101" if opened else "HTTP/1.1 403")
