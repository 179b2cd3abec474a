"""SQS calls with the parameters of boto3's client, each made once, at a quarter of the CPU time.

Moving ten messages takes three calls, and boto3 spends 1.5 ms of CPU on each: with it one process moves hardly more than
a thousand messages per second, however many threads it has. Here a call is JSON (the SQS AWS JSON protocol, botocore
1.43 model), signed by the handler's signer, over a keep-alive connection. Errors are botocore's, so that
``Aws.translate_errors`` and ``call_effect`` understand them. Calls that are not in ``CALLS``, and all calls through a
proxy, go to the boto3 client.
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
    from botocore.session import Session

CALLS = {
    "receive_message": "ReceiveMessage",
    "send_message_batch": "SendMessageBatch",
    "delete_message_batch": "DeleteMessageBatch",
    "change_message_visibility_batch": "ChangeMessageVisibilityBatch",
}


class FastSqsClient:
    """Safe to share between threads."""

    def __init__(self, session: Session, client: Any, connect_timeout_s: float, read_timeout_s: float) -> None:
        self._client = client
        self._url = f"{client.meta.endpoint_url.rstrip('/')}/"
        self._credentials: Any = session.get_credentials()
        self._signer = Signer("sqs", client.meta.region_name)
        self._host = _host(self._url)
        self._timeouts = connect_timeout_s, read_timeout_s
        bundle = session.get_config_variable("ca_bundle")  # as botocore's client finds it
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
        keys = self._credentials.get_frozen_credentials()  # refreshes them when they are about to expire
        credentials = Credentials(keys.access_key, keys.secret_key, keys.token or "")
        named = {**_HEADERS, "x-amz-target": f"AmazonSQS.{operation}"}
        headers = self._signer.sign("POST", self._host, "/", named, body, credentials)
        connection = self._connection()
        try:
            response = connection.post(headers, body)
        except BaseException:  # interrupted too: what is left of the answer must not be read as the next one
            connection.close()
            raise
        self._keep(connection, response)
        result = _parse(response)
        if response.status >= 300:
            raise ClientError(result, operation)  # type: ignore[arg-type]  # parsed JSON, of the shape that botocore has
        if operation == "ReceiveMessage":
            _decode_binary(result)
        return result

    def _connection(self) -> Connection:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if connection.usable():
                    return connection
                connection.close()
        return Connection(self._url, self._timeouts, self._tls)

    def _keep(self, connection: Connection, response: HttpResponse) -> None:
        if not response.kept:
            connection.close()
            return
        with self._lock:
            self._idle.append(connection)

    def close(self) -> None:
        """Close the idle connections; the next call opens one again."""
        with self._lock:
            _close(self._idle)
        self._client.close()


_HEADERS = {
    "content-type": "application/x-amz-json-1.0",
    "user-agent": "scilearn-ops",
    "x-amzn-query-mode": "true",  # errors keep the codes of the older query protocol
}


def _close(connections: list[Connection]) -> None:
    while connections:
        connections.pop().close()


def _host(url: str) -> str:
    """The value of the Host header: without the default port."""
    parts = urlsplit(url)
    default_port = {"https": ":443", "http": ":80"}[parts.scheme]
    return parts.netloc.removesuffix(default_port)


def is_direct(url: str) -> bool:
    """Whether no proxy is configured for ``url``."""
    return not get_environ_proxies(url)


def _tls(bundle: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=bundle or get_cert_path(True))


def _parse(response: HttpResponse) -> dict[str, Any]:
    status, headers = response.status, response.headers
    metadata = {
        "HTTPStatusCode": status,
        "RequestId": headers.get("x-amzn-requestid", ""),
        "HTTPHeaders": headers,
        "RetryAttempts": 0,
    }
    try:
        result = json.loads(response.body) if response.body else {}
        if not isinstance(result, dict):
            raise ValueError("not a JSON object")
    except ValueError as error:
        if status < 300:
            raise ResponseParserError(f"Unable to parse the response of SQS: {error}") from error
        result = {}
    result["ResponseMetadata"] = metadata
    if status >= 300:
        code = headers.get("x-amzn-query-error", "").partition(";")[0] or str(result.get("__type", status))
        message = result.get("message") or result.get("Message") or http.client.responses.get(status, "")
        result["Error"] = {"Code": code.rpartition("#")[2], "Message": message}
    return result


def _decode_binary(result: dict[str, Any]) -> None:
    """Binary attributes become bytes, as with boto3."""
    for message in result.get("Messages", ()):
        for attribute in message.get("MessageAttributes", {}).values():
            if "BinaryValue" in attribute:
                attribute["BinaryValue"] = base64.b64decode(attribute["BinaryValue"])


def _base64(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} cannot be sent to SQS")
