"""Bad requests to the three APIs of an environment, made from inside one, get the documented refusals."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ops.twin.host.lab import Host, wait_until

PROBE = """
import http.client, json, os, threading

def ask(method, path, body="", headers={}):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"], timeout=5)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return [answer.status, answer.read().decode(), dict(answer.getheaders())]

def raw(data):
    import socket
    host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(data)
        return connection.recv(65536).decode()

REGISTER, NEXT = "/2020-01-01/extension/register", "/2020-01-01/extension/event/next"
TELEMETRY = "/2022-07-01/telemetry"
"""

AT_INIT = """
name = {"Lambda-Extension-Name": "inner"}
invoke = json.dumps({"events": ["INVOKE"]})
seen = {
    "no name": ask("POST", REGISTER, invoke),
    "not json": ask("POST", REGISTER, "{", name),
    "a list": ask("POST", REGISTER, "[]", name),
    "odd event": ask("POST", REGISTER, json.dumps({"events": ["NAP"]}), name),
    "shutdown": ask("POST", REGISTER, json.dumps({"events": ["SHUTDOWN"]}), name),
    "registered": ask("POST", REGISTER, invoke, {**name, "Lambda-Extension-Accept-Feature": "accountId"}),
    "twice": ask("POST", REGISTER, invoke, name),
    "next without id": ask("GET", NEXT),
    "next of nobody": ask("GET", NEXT, "", {"Lambda-Extension-Identifier": "nobody"}),
}
me = {"Lambda-Extension-Identifier": seen["registered"][2]["Lambda-Extension-Identifier"]}
seen["error without type"] = ask("POST", "/2020-01-01/extension/exit/error", "{}", me)
good = {"schemaVersion": "2025-01-29", "types": ["platform"],
        "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4321"}}
def subscribe(**changes):
    return ask("PUT", TELEMETRY, json.dumps({**good, **changes}), me)[:2]
seen["telemetry"] = [
    ask("PUT", TELEMETRY, "{", me)[:2],
    ask("PUT", TELEMETRY, "[]", me)[:2],
    subscribe(schemaVersion="1999-01-01"),
    subscribe(types=[]),
    subscribe(types=["gossip"]),
    subscribe(buffering={"maxItems": 999}),
    subscribe(buffering={"maxBytes": 1}),
    subscribe(buffering={"timeoutMs": "soon"}),
    subscribe(buffering=[]),
    subscribe(destination="here"),
    subscribe(destination={"protocol": "UDP"}),
    subscribe(destination={"protocol": "HTTP", "URI": "https://sandbox.localdomain:4321"}),
    subscribe(destination={"protocol": "HTTP", "URI": "http://example.com:4321"}),
    subscribe(destination={"protocol": "HTTP", "URI": "http://sandbox.localdomain:9001"}),
    subscribe(destination={"protocol": "HTTP", "URI": "http://sandbox.localdomain"}),
    subscribe(destination={"protocol": "HTTP", "URI": "http://sandbox.localdomain:port"}),
    subscribe(destination={"protocol": "TCP", "port": "x"}),
]
seen["subscribed"] = subscribe()
seen["nobody subscribes"] = ask("PUT", TELEMETRY, json.dumps(good))[:2]
threading.Thread(target=lambda: ask("GET", NEXT, "", me), daemon=True).start()
def handler(event, context):
    threading.Thread(target=lambda: ask("GET", NEXT, "", me), daemon=True).start()
    return seen
"""


@pytest.fixture(scope="module")
def at_init(host: Host) -> Any:
    return host.function(PROBE + AT_INIT).invoke().payload


@pytest.mark.parametrize(
    ("request_", "status", "error_type"),
    [
        ("no name", 403, "Extension.InvalidExtensionName"),
        ("not json", 400, "InvalidRequestFormat"),
        ("a list", 400, "InvalidRequestFormat"),
        ("odd event", 400, "Extension.InvalidEventType"),
        ("shutdown", 400, "Extension.InvalidEventType"),
        ("twice", 403, "Extension.AlreadyRegistered"),
        ("next without id", 403, "Extension.MissingHeader"),
        ("next of nobody", 403, "Extension.UnknownExtensionIdentifier"),
        ("error without type", 403, "Extension.MissingHeader"),
    ],
)
def test_extensions_api_refuses(at_init: Any, request_: str, status: int, error_type: str) -> None:
    answer = at_init[request_]
    assert answer[0] == status
    assert f'"errorType":"{error_type}"' in answer[1]


def test_register_answers_with_the_function(at_init: Any) -> None:
    status, body, headers = at_init["registered"]
    assert status == 200
    assert '"functionVersion":"$LATEST","handler":"fn.handler","accountId":"123456789012"' in body
    assert len(headers["Lambda-Extension-Identifier"]) == 36


def test_telemetry_api_validates(at_init: Any) -> None:
    for status, body in at_init["telemetry"]:
        assert status == 400, body
        assert '"errorType":"ValidationError"' in body
    assert at_init["subscribed"] == [200, '"OK"']
    assert at_init["nobody subscribes"][0] == 403


def test_after_init_it_is_too_late_to_register(host: Host) -> None:
    function = host.function(
        PROBE + "def handler(event, context):\n"
        "    return ask('POST', REGISTER, '{\"events\": []}', {'Lambda-Extension-Name': 'late'})\n"
    )
    status, body, _ = function.invoke().payload
    assert (status, "Extension.RegistrationClosed" in body) == (403, True)


def test_runtime_api_refuses(host: Host) -> None:
    function = host.function(
        PROBE
        + "def handler(event, context):\n"
        + "    return [ask(method, '/2018-06-01/runtime' + path, '{}')[:2] for method, path in event]\n"
    )
    calls = [
        ("POST", "/invocation/other/response"),
        ("POST", "/invocation/other/error"),
        ("GET", "/invocation/next"),
        ("POST", "/init/error"),
        ("POST", "/invocation/next"),
        ("GET", "/init/error"),
        ("POST", "/nothing"),
        ("GET", "/nothing"),
    ]
    answers = function.invoke(calls).payload
    assert [status for status, _ in answers] == [400, 400, 403, 403, 405, 405, 404, 404]
    assert ["InvalidRequestID" in body for _, body in answers[:2]] == [True, True]
    assert ["InvalidStateTransition" in body for _, body in answers[2:4]] == [True, True]


def test_an_invocation_is_answered_once(host: Host) -> None:
    function = host.function(
        PROBE
        + "def handler(event, context):\n"
        + "    path = f'/2018-06-01/runtime/invocation/{context.aws_request_id}/response'\n"
        + "    statuses = [ask('POST', path, text)[0] for text in '12']\n"
        + "    print('statuses', statuses, flush=True)\n"
        + "    os._exit(0)\n"
    )
    function.invoke()
    wait_until(lambda: "statuses [202, 403]" in function.lines())


def test_what_is_not_http_is_refused(host: Host) -> None:
    function = host.function(
        PROBE + "def handler(event, context):\n    return [raw(data.encode())[:12] for data in event]\n"
    )
    sent = [
        "HELLO\r\n\r\n",
        "GET / SPDY/3\r\n\r\n",
        "GET / HTTP/1.1\r\nbroken\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ]
    statuses = [answer.removeprefix("HTTP/1.1 ") for answer in function.invoke(sent).payload]
    assert statuses == ["400", "400", "400", "400", "413", "400", "404"]
