# An extension for the tests: registers, may subscribe, and writes down everything it is told. Standard library only.
import http.client
import http.server
import json
import os
import socket
import sys
import threading
import time

NAME = sys.argv[0].rpartition("/")[2]
API = os.environ["AWS_LAMBDA_RUNTIME_API"]
RECORD = os.open(os.environ["RECORD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
CONNECTION = http.client.HTTPConnection(API)


def option(name, default=""):
    return os.environ.get("EXT_" + name, default)


def record(what, **more):
    line = json.dumps({"what": what, "name": NAME, **more}) + "\n"
    os.write(RECORD, line.encode())


def call(method, path, body=None, **headers):
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    CONNECTION.request(method, path, None if body is None else json.dumps(body), named)
    answer = CONNECTION.getresponse()
    return answer, answer.read()


class Listener(http.server.BaseHTTPRequestHandler):
    refusals = int(option("REFUSE", "0"))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = 200
        if Listener.refusals > 0:
            Listener.refusals -= 1
            status = 500
        else:
            time.sleep(float(option("SLOW_LISTENER", "0")))
            record("telemetry", events=json.loads(body), host=self.headers["Host"])
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def read_lines(server):
    with server.accept()[0].makefile("r") as lines:
        for line in lines:
            record("telemetry", events=[json.loads(line)])


if option("EXIT_AT") == "start":
    sys.exit(3)
events = json.loads(option("EVENTS", '["INVOKE", "SHUTDOWN"]'))
answer, body = call(
    "POST",
    "/2020-01-01/extension/register",
    {"events": events},
    Lambda_Extension_Name=NAME,
    Lambda_Extension_Accept_Feature="accountId",
)
identifier = answer.headers["Lambda-Extension-Identifier"]
record("registered", answer=json.loads(body), environment=dict(os.environ))
if types := option("TYPES"):
    if option("TCP"):
        server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=read_lines, args=(server,), daemon=True).start()
        destination = {"protocol": "TCP", "port": server.getsockname()[1]}
    else:
        server = http.server.HTTPServer(("127.0.0.1", 0), Listener)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        destination = {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{server.server_port}/x"}
    answer, body = call(
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
    record("answer", status=answer.status, body=body.decode())
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
    answer, body = call("GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier=identifier)
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
