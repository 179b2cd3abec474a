"""The effect of a call that failed: was it applied, and is a retry worthwhile?"""

from __future__ import annotations

from enum import Enum
from typing import Any

from ops.errors import AwsError, CredentialsError, Throttled


class CallEffect(Enum):
    NOT_APPLIED = "not applied"  # can be retried: throttled, or never connected
    UNKNOWN = "unknown"  # sent, but the connection was cut, the call timed out, or the server failed
    REJECTED = "rejected"  # not applied, and a retry will not help


_NEVER_CONNECTED = {"ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError"}
_AFTER_SENDING = {
    "ConnectionClosedError",
    "ConnectionError",
    "HTTPClientError",
    "IncompleteReadError",
    "ReadTimeoutError",
    "ResponseParserError",
    "ResponseStreamingError",
    "SSLError",
}


def classify(error: AwsError) -> CallEffect:
    """The effect of the call that raised ``error`` (through ``Aws.translate_errors``). A 5xx counts as unknown: the
    service may have failed after it did the work."""
    if isinstance(error, Throttled):
        return CallEffect.NOT_APPLIED
    if isinstance(error, CredentialsError):
        return CallEffect.REJECTED
    cause = error.__cause__
    response: Any = getattr(cause, "response", None)
    if isinstance(response, dict) and "Error" in response:
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return CallEffect.UNKNOWN if status >= 500 or status < 400 else CallEffect.REJECTED
    kinds = {cls.__name__ for cls in type(cause).__mro__}
    if kinds & _NEVER_CONNECTED:
        return CallEffect.NOT_APPLIED
    return CallEffect.UNKNOWN if kinds & _AFTER_SENDING else CallEffect.REJECTED
