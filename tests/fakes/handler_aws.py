"""A small AWS on loopback: the S3, DynamoDB, EventBridge and SQS calls that the handler makes, over real HTTP.

State is plain attributes for tests to read and prepare. ``fail`` makes an operation answer with an error a number of
times. It checks that requests are signed, but not the signature (``test_sign`` does, against botocore).
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote

from tests.fakes.quiet_server import QuietServer

MAX_MESSAGE = 1_048_576
MAX_EVENTS = 262_144  # bytes of all entries of a PutEvents request together
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class FakeAws:
    """A context manager; ``url`` is what AWS_ENDPOINT_URL must say."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.denied: set[str] = set()  # buckets
        self.documents: dict[str, bytes] = {}  # by path: metadata, as of a role, without a signature
        self.items: dict[str, dict[str, Any]] = {}  # by idempotency key
        self.events: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []  # SendMessage requests
        self.deleted: list[str] = []  # receipt handles
        self.calls: Counter[str] = Counter()
        self.refused_events: set[str] = set()  # job ids whose entry fails
        self.refused_types: set[str] = set()  # detail types that make the whole request fail
        self.unanswered: set[str] = set()  # operations that are done, but their next answer is lost
        self.forgetful = False  # whether an idempotency record vanishes while its job stores its result
        self.hanging: set[str] = set()  # operations that are never answered
        self.connections = 0  # open at this moment
        self._over = threading.Event()
        self._counting = threading.Lock()
        self._failures: dict[str, list[tuple[int, str]]] = {}
        self._server = _Server(("127.0.0.1", 0), _Requests)
        self._server.fake = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def fail(self, operation: str, status: int, code: str, times: int = 1_000) -> None:
        self._failures[operation] = [(status, code)] * times

    def result(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.objects["results", f"results/{job_id}.json"])
        return found

    def __enter__(self) -> FakeAws:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def count(self, change: int) -> None:
        with self._counting:
            self.connections += change

    def failure(self, operation: str) -> tuple[int, str] | None:
        self.calls[operation] += 1
        if operation in self.hanging:
            self._over.wait()
        left = self._failures.get(operation)
        return left.pop() if left else None

    # --- the services: a method per operation, request in, (status, document) out -----------------------------------
    def put_item(self, request: dict[str, Any]) -> tuple[int, Any]:
        key = request["Item"]["id"]["S"]
        values = request["ExpressionAttributeValues"]
        old = self.items.get(key)
        if old:
            expired = int(old["expiration"]["N"]) < int(values[":now"]["N"])
            until = old.get("in_progress_expiration")
            killed = old["status"]["S"] == "INPROGRESS" and until and int(until["N"]) < int(values[":now_ms"]["N"])
            if not expired and not killed:
                code = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"
                return 400, {"__type": code, "message": "The conditional request failed", "Item": old}
        self.items[key] = request["Item"]
        return 200, {}

    def get_item(self, request: dict[str, Any]) -> tuple[int, Any]:
        item = self.items.get(request["Key"]["id"]["S"])
        return 200, {"Item": item} if item else {}

    def update_item(self, request: dict[str, Any]) -> tuple[int, Any]:
        item = self.items.setdefault(request["Key"]["id"]["S"], dict(request["Key"]))
        for assignment in request["UpdateExpression"].removeprefix("SET ").split(", "):
            name, _, value = assignment.partition(" = ")
            item[request["ExpressionAttributeNames"][name]] = request["ExpressionAttributeValues"][value]
        return 200, {}

    def delete_item(self, request: dict[str, Any]) -> tuple[int, Any]:
        self.items.pop(request["Key"]["id"]["S"], None)
        return 200, {}

    def put_events(self, request: dict[str, Any]) -> tuple[int, Any]:
        size = sum(len(entry["Detail"].encode()) for entry in request["Entries"])
        if size > MAX_EVENTS or self.refused_types & {entry["DetailType"] for entry in request["Entries"]}:
            return 400, {"__type": "ValidationException", "message": "Total size of the entries is over the limit."}
        answers = []
        for entry in request["Entries"]:
            if json.loads(entry["Detail"]).get("job_id") in self.refused_events:
                answers.append({"ErrorCode": "InternalFailure", "ErrorMessage": "try again"})
            else:
                self.events.append(entry)
                answers.append({"EventId": str(len(self.events))})
        return 200, {"FailedEntryCount": sum("ErrorCode" in answer for answer in answers), "Entries": answers}

    def send_message(self, request: dict[str, Any]) -> tuple[int, Any]:
        attributes = request.get("MessageAttributes", {})
        size = len(request["MessageBody"].encode()) + sum(
            len(name) + len(value["DataType"]) + len(value.get("StringValue", "").encode())
            for name, value in attributes.items()
        )
        texts = [value.get("StringValue", "x") for value in attributes.values()]
        if size > MAX_MESSAGE or len(attributes) > 10 or not all(text and not ILLEGAL.search(text) for text in texts):
            return 400, {"__type": "com.amazonaws.sqs#InvalidParameterValue", "message": "as SendMessage documents"}
        self.sent.append(request)
        return 200, {"MessageId": str(len(self.sent)), "MD5OfMessageBody": _md5(request["MessageBody"])}

    def delete_message_batch(self, request: dict[str, Any]) -> tuple[int, Any]:
        self.deleted += [entry["ReceiptHandle"] for entry in request["Entries"]]
        return 200, {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]], "Failed": []}


class _Server(QuietServer):
    fake: FakeAws


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.fake.count(1)

    def finish(self) -> None:
        self.server.fake.count(-1)
        super().finish()

    def do_POST(self) -> None:
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        request = json.loads(self._body())
        if failure := self._refusal(operation):
            status, code = failure
            self._answer(status, json.dumps({"__type": code, "message": "as the test wants"}).encode())
            return
        name = "".join("_" + sign.lower() if sign.isupper() else sign for sign in operation).strip("_")
        status, document = getattr(self.server.fake, name)(request)
        if operation in self.server.fake.unanswered:
            self.server.fake.unanswered.discard(operation)
            self.close_connection = True
            return
        self._answer(status, json.dumps(document).encode())

    def do_PUT(self) -> None:
        if self._metadata():
            return
        bucket, key = self._name()
        body = self._body()
        if failure := self._refusal("PutObject", bucket):
            self._s3_error(*failure)
            return
        self.server.fake.objects[bucket, key] = body
        if self.server.fake.forgetful:
            self.server.fake.items.clear()
        self._answer(200, b"")

    def do_GET(self) -> None:
        if self._metadata():
            return
        bucket, key = self._name()
        if failure := self._refusal("GetObject", bucket):
            self._s3_error(*failure)
        elif (bucket, key) not in self.server.fake.objects:
            self._s3_error(404, "NoSuchKey")
        else:
            self._answer(200, self.server.fake.objects[bucket, key])

    def _metadata(self) -> bool:
        found = self.server.fake.documents.get(self.path)
        if found is not None:
            self.server.fake.calls[self.path] += 1
            self._answer(200, found)
        return found is not None

    def _refusal(self, operation: str, bucket: str = "") -> tuple[int, str] | None:
        if "AWS4-HMAC-SHA256 Credential=" not in self.headers.get("Authorization", ""):
            return 403, "MissingAuthenticationToken"
        if failure := self.server.fake.failure(operation):
            return failure
        return (403, "AccessDenied") if bucket in self.server.fake.denied else None

    def _name(self) -> tuple[str, str]:
        bucket, _, key = unquote(self.path).removeprefix("/").partition("/")
        return bucket, key

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _s3_error(self, status: int, code: str) -> None:
        self._answer(status, f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: tests read the state instead."""


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
