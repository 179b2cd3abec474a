"""The emulator's side of the conversation with the Lambda host: plain HTTP on loopback, connections kept open.

``PUT /functions/{name}`` describes a function, ``POST /functions/{name}/invocations`` runs it. The host answers 409
when it does not know the revision named in the call; then it gets the revision and is called again.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import urllib3

from ops.twin import callers

REVISION_FIELDS = (
    "Version", "CodeSha256", "ImageUri", "PackageType", "Handler", "Runtime", "Role", "Timeout", "MemorySize", "Layers",
    "Environment", "Architectures", "ImageConfig", "TracingConfig", "LoggingConfig", "EphemeralStorage", "VpcConfig",
    "FileSystemConfigs",
)  # fmt: skip
"""What makes an execution environment stale when it changes. State, LastModified and the ARN's qualifier do not."""

COLD_START_ALLOWANCE = 60.0
"""Seconds that a call may take beyond the function's timeout: a failed init (10 s), its retry, and a busy machine."""


class HostUnreachable(Exception):
    """The host did not answer; the message says how."""


@dataclass(frozen=True)
class HostResponse:
    payload: bytes
    function_error: str  # "", "Unhandled" or "Handled"
    duration_ms: float | None  # without init
    billed_ms: float | None
    log_tail: bytes = b""
    """The last 4 KB of what the invocation logged."""


def revision(configuration: Mapping[str, Any]) -> str:
    """A short name for everything that the execution environment is built from."""
    fields = {field: configuration.get(field) for field in REVISION_FIELDS}
    return hashlib.sha256(json.dumps(fields, sort_keys=True, default=str).encode()).hexdigest()[:16]


def resource_name(configuration: Mapping[str, Any]) -> str:
    """The function's name at the host: published versions keep their environments apart from $LATEST."""
    version = str(configuration.get("Version") or "$LATEST")
    name = str(configuration["FunctionName"])
    return name if version == "$LATEST" else f"{name}:{version}"


class HostClient:
    """Safe to use from many threads at once."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url = url
        self._key = callers.bearing(token)
        self._pool = urllib3.connection_from_url(url, maxsize=64, block=False, retries=False)

    def invoke(
        self,
        configuration: Mapping[str, Any],
        payload: bytes,
        request_id: str,
        trace_id: str,
        credentials: Callable[[], Mapping[str, str]],
    ) -> HostResponse:
        """Run the function once. Raises HostUnreachable when there is no answer to work with."""
        name = quote(resource_name(configuration), safe=":")
        headers = {
            "Content-Type": "application/json",
            "X-Function-Revision": revision(configuration),
            "X-Amzn-Lambda-Request-Id": request_id,
            "X-Amzn-Lambda-Function-Arn": str(configuration.get("FunctionArn", "")),
        }
        if trace_id:
            headers["X-Amzn-Trace-Id"] = trace_id
        timeout = float(configuration.get("Timeout") or 3) + COLD_START_ALLOWANCE
        path = f"/functions/{name}/invocations"
        response = self._request("POST", path, payload, headers, timeout)
        if response.status == 409:
            self._describe(name, configuration, credentials())
            response = self._request("POST", path, payload, headers, timeout)
        if response.status != 200:
            text = response.data[:300].decode("utf-8", "replace")
            raise HostUnreachable(f"The Lambda host answered {response.status}: {text}")
        return HostResponse(
            payload=response.data,
            function_error=response.headers.get("X-Amz-Function-Error", ""),
            duration_ms=_milliseconds(response.headers.get("X-Duration-Ms")),
            billed_ms=_milliseconds(response.headers.get("X-Billed-Duration-Ms")),
            log_tail=base64.b64decode(response.headers.get("X-Amz-Log-Result", "")),
        )

    def _describe(self, name: str, configuration: Mapping[str, Any], credentials: Mapping[str, str]) -> None:
        body = {
            "revision": revision(configuration),
            "configuration": configuration,
            "credentials": credentials,
        }
        response = self._request(
            "PUT",
            f"/functions/{name}",
            json.dumps(body, default=str).encode(),
            {"Content-Type": "application/json"},
            30.0,
        )
        if response.status != 200:
            text = response.data[:300].decode("utf-8", "replace")
            raise HostUnreachable(f"The Lambda host refused the function ({response.status}): {text}")

    def _request(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], seconds: float
    ) -> urllib3.BaseHTTPResponse:
        timeout = urllib3.Timeout(connect=5.0, read=seconds)
        try:
            return self._pool.urlopen(
                method, path, body=body, headers={**headers, **self._key}, timeout=timeout, retries=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise HostUnreachable(f"The Lambda host at {self._url} did not answer: {error}") from error


def _milliseconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
