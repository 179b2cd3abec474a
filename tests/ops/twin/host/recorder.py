# An extension for the tests: registers, may subscribe, and writes down everything it is told. Plain sockets rather than
# http.client, as dozens of these are started and its import would take most of that time.
import io
import json
import os
import socket
import sys
import threading
import time

NAME = sys.argv[0].rpartition("/")[2]
HOST, PORT = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
RECORD = os.open(os.environ["RECORD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def option(name: str, default: str = "") -> str:
    return os.environ.get("EXT_" + name, default)


def record(what: str, **more: object) -> None:
    line = json.dumps({"what": what, "name": NAME, "at": time.time(), **more}) + "\n"
    os.write(RECORD, line.encode())


def read_message(stream: io.BufferedReader) -> tuple[str, dict[str, str], bytes]:
    """First line, headers (lower case) and body of an HTTP message."""
    first = stream.readline().decode()
    headers = {}
    while row := stream.readline().decode().strip():
        name, _, value = row.partition(":")
        headers[name.lower()] = value.strip()
    return first, headers, stream.read(int(headers.get("content-length", 0)))


def call(method: str, path: str, body: object = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    data = b"" if body is None else json.dumps(body).encode()
    rows = "".join(f"{key.replace('_', '-')}: {value}\r\n" for key, value in headers.items())
    API.sendall(f"{method} {path} HTTP/1.1\r\nContent-Length: {len(data)}\r\n{rows}\r\n".encode() + data)
    first, answered, content = read_message(ANSWERS)
    return int(first.split()[1]), answered, content


def listen_http(server: socket.socket) -> None:
    refusals = int(option("REFUSE", "0"))
    while True:
        connection, _ = server.accept()
        stream = connection.makefile("rb")
        while True:
            try:
                _, headers, body = read_message(stream)
            except (OSError, ValueError):
                break
            if not body:
                break
            status = "200 OK"
            if refusals > 0:
                refusals -= 1
                status = "500 Busy"
            else:
                time.sleep(float(option("SLOW_LISTENER", "0")))
                record("telemetry", events=json.loads(body), host=headers["host"])
            connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())


def listen_tcp(server: socket.socket) -> None:
    with server.accept()[0].makefile("r") as lines:
        for line in lines:
            record("telemetry", events=[json.loads(line)])


if option("EXIT_AT") == "start":
    sys.exit(3)
API = socket.create_connection((HOST, int(PORT)))
ANSWERS = API.makefile("rb")
events = json.loads(option("EVENTS", '["INVOKE", "SHUTDOWN"]'))
answered, body = call(
    "POST",
    "/2020-01-01/extension/register",
    {"events": events},
    Lambda_Extension_Name=NAME,
    Lambda_Extension_Accept_Feature="accountId",
)[1:]
identifier = answered["lambda-extension-identifier"]
record("registered", answer=json.loads(body), environment=dict(os.environ))
if types := option("TYPES"):
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    destination = {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{port}/x"}
    if option("TCP"):
        destination = {"protocol": "TCP", "port": port}
    threading.Thread(target=listen_tcp if option("TCP") else listen_http, args=(server,), daemon=True).start()
    status, _, body = call(
        "PUT",
        "/2022-07-01/telemetry",
        {
            "schemaVersion": "2025-01-29",
            "types": types.split(","),
            "buffering": {"maxItems": 1000, "maxBytes": 262144, "timeoutMs": 25},
            "destination": destination,
        },
        Lambda_Extension_Identifier=identifier,
    )
    record("answer", status=status, body=body.decode())
if option("EXIT_AT") == "init":
    call(
        "POST",
        "/2020-01-01/extension/init/error",
        {"errorMessage": "no"},
        Lambda_Extension_Identifier=identifier,
        Lambda_Extension_Function_Error_Type="Extension.NoConfig",
    )
    sys.exit(1)
while True:
    body = call("GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier=identifier)[2]
    event = json.loads(body)
    record("event", event=event)
    print(f"{NAME} got {event['eventType']}", flush=True)
    if event["eventType"] == "INVOKE":
        if option("EXIT_AT") == "invoke":
            sys.exit(7)
        time.sleep(float(option("AFTER_INVOKE", "0")))
    else:
        time.sleep(float(option("AFTER_SHUTDOWN", "0.05")))
        record("end")
        break
