"""Host names of SQS: AWS's, of every partition and type of endpoint, and those of a local emulator.

Forms (SQS developer guide "Amazon SQS endpoints", AWS general reference "Service endpoints", botocore 1.44.5
partitions; 2026-11): ``sqs.REGION``, ``sqs-fips.REGION`` and the legacy ``REGION.queue`` and ``queue`` (us-east-1)
under a partition's suffix; the same under its dual-stack suffix; ``vpce-….sqs.REGION.vpce`` for interface endpoints.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

_SUFFIX = (
    r"(amazonaws\.com(\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn|amazonaws\.eu|api\.amazonwebservices\.eu"
    r"|c2s\.ic\.gov|api\.aws\.ic\.gov|sc2s\.sgov\.gov|api\.aws\.scloud|cloud\.adc-e\.uk|api\.cloud-aws\.adc-e\.uk"
    r"|csp\.hci\.ic\.gov|api\.aws\.hci\.ic\.gov)"
)
_REGION = r"(?P<region>[a-z]{2,4}(-[a-z]+)+-\d+)"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"sqs(-fips)?\.{_REGION}\.{_SUFFIX}",
        rf"{_REGION}\.queue\.{_SUFFIX}",
        rf"vpce-[0-9a-z-]+\.sqs(-fips)?\.{_REGION}\.vpce\.{_SUFFIX}",
    )
)
_LOCALSTACK = re.compile(rf"(sqs\.)?({_REGION}\.(queue\.)?)?localhost\.localstack\.cloud")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "localhost.localstack.cloud"})


def region_of(host: str) -> str:
    """The region of an SQS host; empty for a host that is not AWS's (or LocalStack's)."""
    if host == "queue.amazonaws.com":
        return "us-east-1"
    match = next(filter(None, (pattern.fullmatch(host) for pattern in (*_PATTERNS, _LOCALSTACK))), None)
    return (match["region"] or "") if match else ""


def is_endpoint(url: SplitResult, endpoint: str) -> bool:
    """Whether ``url`` is on the host and port of ``endpoint``; all names of the loopback interface are the same host."""
    parts = urlsplit(endpoint)
    return bool(endpoint) and (_host(url), _port(url)) == (_host(parts), _port(parts))


def _host(url: SplitResult) -> str:
    host = url.hostname or ""
    return "localhost" if host in _LOOPBACK or _LOCALSTACK.fullmatch(host) else host


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)
