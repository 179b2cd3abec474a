"""What is known of a call that failed: was it carried out, and is it worth trying again?"""

from __future__ import annotations

from enum import Enum
from typing import Any

from ops.errors import AwsError, CredentialsError, Throttled


class CallEffect(Enum):
    NOT_APPLIED = "not done"  # surely not carried out, and may be asked again: throttled, or never connected
    UNKNOWN = "unknown"  # it went out and nothing certain came back: cut, timed out, a server's error
    REJECTED = "refused"  # surely not carried out, and asking again will not help


_NEVER_CONNECTED = {"ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError"}
_ON_THE_WAY = {
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
    """The fate of the one call that ``error`` (raised by ``Aws.translate_errors``) stands for.

    A 5xx counts as unknown: the service may have failed after it did the work.
    """
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
    return CallEffect.UNKNOWN if kinds & _ON_THE_WAY else CallEffect.REJECTED
