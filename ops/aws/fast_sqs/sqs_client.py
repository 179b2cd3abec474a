"""SQS's calls as boto3's client takes them, each made once, at a quarter of the CPU.

Moving ten letters takes three calls, and boto3 spends 1.5 ms of CPU on each: with it one process cannot move much more
than a thousand letters a second, however many threads it has. Here a call is JSON (the SQS AWS JSON protocol, botocore
1.43 model), signed by the handler's signer, over a kept-alive connection. Errors are botocore's, so that ``aws.asking`` and
``fate`` know them. What is not in ``CALLS`` goes to the boto3 client, and so does everything behind a proxy.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import threading
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError, NoCredentialsError
from botocore.httpsession import get_cert_path
from botocore.parsers import ResponseParserError
from botocore.utils import get_environ_proxies

from handler.aws.sigv4 import Credentials, Signer
from ops.aws.fast_sqs.http_connection import Connection, HttpResponse

if TYPE_CHECKING:
    import boto3

CALLS = {
    "receive_message": "ReceiveMessage",
    "send_message_batch": "SendMessageBatch",
    "delete_message_batch": "DeleteMessageBatch",
    "change_message_visibility_batch": "ChangeMessageVisibilityBatch",
}


class FastSqsClient:
    """Safe to share between threads."""

    def __init__(self, session: boto3.Session, client: Any, connect_timeout_s: float, read_timeout_s: float) -> None:
        self._client = client
        self._url = f"{client.meta.endpoint_url.rstrip('/')}/"
        self._credentials: Any = session.get_credentials()
        self._signer = Signer("sqs", client.meta.region_name)
        self._host = _host(self._url)
        self._timeouts = connect_timeout_s, read_timeout_s
        bundle = session._session.get_config_variable("ca_bundle")  # as botocore's client finds it
        self._tls = _tls(bundle) if self._url.startswith("https:") else None
        self._idle: list[Connection] = []
        weakref.finalize(self, _close, self._idle)
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        operation = CALLS.get(name)
        return partial(self._call, operation) if operation else getattr(self._client, name)

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        body = json.dumps(parameters, default=_base64).encode()
        if self._credentials is None:
            raise NoCredentialsError
        keys = self._credentials.get_frozen_credentials()  # renews them when they are about to end
        credentials = Credentials(keys.access_key, keys.secret_key, keys.token or "")
        named = {**_HEADERS, "x-amz-target": f"AmazonSQS.{operation}"}
        headers = self._signer.sign("POST", self._host, "/", named, body, credentials)
        connection = self._connection()
        try:
            told = connection.post(headers, body)
        except BaseException:
            connection.close()
            raise
        self._keep(connection, told)
        answer = _parsed(told)
        if told.status >= 300:
            raise ClientError(answer, operation)  # type: ignore[arg-type]
        if operation == "ReceiveMessage":
            _decode(answer)
        return answer

    def _connection(self) -> Connection:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if connection.usable():
                    return connection
                connection.close()
        return Connection(self._url, self._timeouts, self._tls)

    def _keep(self, connection: Connection, told: HttpResponse) -> None:
        if not told.kept:
            connection.close()
            return
        with self._lock:
            self._idle.append(connection)

    def close(self) -> None:
        """Close the connections that are idle; the next call opens one anew."""
        with self._lock:
            _close(self._idle)
        self._client.close()


_HEADERS = {
    "content-type": "application/x-amz-json-1.0",
    "user-agent": "scilearn-ops",
    "x-amzn-query-mode": "true",  # errors keep the codes that they had in the older protocol
}


def _close(connections: list[Connection]) -> None:
    while connections:
        connections.pop().close()


def _host(url: str) -> str:
    """As it stands in the request: without the scheme's own port."""
    parts = urlsplit(url)
    usual = {"https": ":443", "http": ":80"}[parts.scheme]
    return parts.netloc.removesuffix(usual)


def reachable_directly(url: str) -> bool:
    return not get_environ_proxies(url)


def _tls(bundle: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=bundle or get_cert_path(True))


def _parsed(told: HttpResponse) -> dict[str, Any]:
    status, headers = told.status, told.headers
    metadata = {
        "HTTPStatusCode": status,
        "RequestId": headers.get("x-amzn-requestid", ""),
        "HTTPHeaders": headers,
        "RetryAttempts": 0,
    }
    try:
        answer = json.loads(told.body) if told.body else {}
        if not isinstance(answer, dict):
            raise ValueError("no object")
    except ValueError as error:
        if status < 300:
            raise ResponseParserError(f"Unable to parse the answer of SQS: {error}") from error
        answer = {}
    answer["ResponseMetadata"] = metadata
    if status >= 300:
        code = headers.get("x-amzn-query-error", "").partition(";")[0] or str(answer.get("__type", status))
        message = answer.get("message") or answer.get("Message") or http.client.responses.get(status, "")
        answer["Error"] = {"Code": code.rpartition("#")[2], "Message": message}
    return answer


def _decode(answer: dict[str, Any]) -> None:
    """Binary attributes as boto3 gives them."""
    for message in answer.get("Messages", ()):
        for attribute in message.get("MessageAttributes", {}).values():
            if "BinaryValue" in attribute:
                attribute["BinaryValue"] = base64.b64decode(attribute["BinaryValue"])


def _base64(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} cannot be sent to SQS")
