"""The calls that the handler makes, signed, retried and with errors that say whether another try may help."""

from __future__ import annotations

import json
import math
import os
import random
import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from handler.aws.http_connection import Connection, Response, WireError
from handler.aws.sigv4 import Credentials, Signer, encode_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

ATTEMPTS = 4
MAX_CONNECTIONS = 8  # kept: three services, the results, and a few buckets of the jobs' own
BACKOFF = 0.05  # seconds before the second attempt at most, doubled for each further one, with full jitter
THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
# Service: SigV4 name, endpoint variable, JSON target prefix, JSON version. Prefixes and versions as in botocore 1.43.
JSON_SERVICES = {
    "dynamodb": ("DYNAMODB", "DynamoDB_20120810", "1.0"),
    "events": ("EVENTBRIDGE", "AWSEvents", "1.1"),
    "sqs": ("SQS", "AmazonSQS", "1.0"),
}


class AwsError(Exception):
    """AWS refused the request, or could not be reached in any attempt. ``status`` is 0 when there was no answer."""

    def __init__(self, operation: str, status: int, code: str, message: str, document: dict[str, Any]) -> None:
        super().__init__(f"{operation}: {code or status} {message}".strip())
        self.status = status
        self.code = code
        self.document = document


class Request(NamedTuple):
    """One call. ``base``: scheme and host of the endpoint; ``target``: the encoded path; ``headers``: lower-case names;
    ``limit``: bytes that the answer may have, 0 for any."""

    service: str
    operation: str
    method: str
    base: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    limit: int = 0


class Client:
    """One for the whole environment; connections are kept. Not for several threads at once: give each its own.

    ``observe(service, operation)`` opens a context around each call, as a trace does. ``sleep`` is for tests.
    ``deadline`` (``time.monotonic`` seconds) is when all calls must have ended: later ones fail, and none waits longer.
    """

    def __init__(
        self,
        observe: Callable[[str, str], AbstractContextManager[object]] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        self._observe = observe
        self._sleep = sleep
        self._connections: dict[str, Connection] = {}
        self._signers: dict[str, Signer] = {}
        self._fetched: Credentials | None = None
        self.deadline = math.inf

    def call(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """One operation of DynamoDB, EventBridge or SQS: its request and response as in AWS's API reference."""
        variable, prefix, version = JSON_SERVICES[service]
        base = self._override(variable) or f"https://{service}.{self.region}.{self._suffix()}"
        headers = {"content-type": f"application/x-amz-json-{version}", "x-amz-target": f"{prefix}.{operation}"}
        body = json.dumps(request, separators=(",", ":")).encode()
        answer = self._send(Request(service, operation, "POST", base, "/", headers, body))
        document: dict[str, Any] = json.loads(answer.body or b"{}")
        return document

    def get_object(self, bucket: str, key: str, limit: int) -> bytes:
        """An object of at most ``limit`` bytes; a longer one is an OverflowError before it is read."""
        base, prefix = self._bucket(bucket)
        request = Request("s3", "GetObject", "GET", base, encode_path(*prefix, key), {}, limit=limit)
        return self._send(request).body

    def put_object(self, bucket: str, key: str, body: bytes, content_type: str) -> None:
        base, prefix = self._bucket(bucket)
        headers = {"content-type": content_type}
        self._send(Request("s3", "PutObject", "PUT", base, encode_path(*prefix, key), headers, body))

    def close(self) -> None:
        """Close the kept connections; they are opened again when needed."""
        for connection in self._connections.values():
            connection.close()

    def queue_url(self, arn: str) -> str:
        """The address of a queue, from ``arn:aws:sqs:region:account:name``."""
        _, _, _, region, account, name = arn.split(":", 5)
        base = self._override("SQS") or f"https://sqs.{region}.{self._suffix()}"
        return f"{base}/{account}/{name}"

    def _bucket(self, bucket: str) -> tuple[str, list[str]]:
        """Base address and path prefix. A dot in the name breaks the wildcard certificate: then the path style."""
        if override := self._override("S3"):
            return override, [bucket]
        host = f"s3.{self.region}.{self._suffix()}"
        return (f"https://{host}", [bucket]) if "." in bucket else (f"https://{bucket}.{host}", [])

    def _suffix(self) -> str:
        return "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"

    @staticmethod
    def _override(variable: str) -> str:
        found = os.environ.get(f"AWS_ENDPOINT_URL_{variable}") or os.environ.get("AWS_ENDPOINT_URL") or ""
        return found.rstrip("/")

    def _credentials(self) -> Credentials:
        env = os.environ
        if "AWS_ACCESS_KEY_ID" in env:
            return Credentials(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN", ""))
        if self._fetched is None or self._fetched.expires < time.time() + 300:
            from handler.aws import credentials

            self._fetched = credentials.fetch()
        return self._fetched

    def _send(self, request: Request) -> Response:
        if self._observe is None:
            return self._retry(request)
        with self._observe(request.service, request.operation):
            return self._retry(request)

    def _retry(self, request: Request) -> Response:
        host = urlsplit(request.base).netloc
        connection = self._connection(request.base)
        failure = AwsError(request.operation, 0, "", "no time is left for it", {})
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(random.uniform(0, BACKOFF * 2**attempt))  # noqa: S311 - jitter, not a secret
            # Signed again for each attempt: a signature is valid for minutes only.
            headers = self._signer(request.service).sign(
                request.method, host, request.target, request.headers, request.body, self._credentials()
            )
            timeout = self.deadline - time.monotonic()
            if timeout <= 0:
                break
            try:
                answer = connection.request(
                    request.method, request.target, headers, request.body, request.limit, timeout
                )
            except WireError as error:
                failure = AwsError(request.operation, 0, "", str(error), {})
                failure.__cause__ = error
                continue
            if answer.status < 300:
                return answer
            failure = _failure(request.operation, answer)
            if answer.status < 500 and answer.status != 429 and failure.code not in THROTTLED:
                break
        raise failure

    def _connection(self, base: str) -> Connection:
        """The kept connection to ``base``, or a new one; the one unused for longest is closed for it."""
        connection = self._connections.pop(base, None)
        if connection is None:
            parts = urlsplit(base)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            connection = Connection(parts.scheme, parts.hostname or "", port)
            if len(self._connections) >= MAX_CONNECTIONS:
                self._connections.pop(next(iter(self._connections))).close()
        self._connections[base] = connection  # the last one used is the last to be closed
        return connection

    def _signer(self, service: str) -> Signer:
        signer = self._signers.get(service)
        if signer is None:
            signer = self._signers[service] = Signer(service, self.region)
        return signer


def _failure(operation: str, answer: Response) -> AwsError:
    """The error of a JSON service, or of S3, whose errors are XML."""
    text = answer.body.decode(errors="replace")
    try:
        document = json.loads(text)
    except ValueError:
        return AwsError(operation, answer.status, _tag("Code", text), _tag("Message", text), {})
    code = str(document.get("__type", "")).rpartition("#")[2]
    message = str(document.get("message") or document.get("Message") or "")
    return AwsError(operation, answer.status, code, message, document)


def _tag(name: str, text: str) -> str:
    found = re.search(f"<{name}>([^<]*)", text)
    return found[1] if found else ""
