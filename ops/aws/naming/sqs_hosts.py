"""Hosts of SQS: AWS's own, of every partition and kind of endpoint, and those of a local cloud.

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
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"sqs(-fips)?\.{_REGION}\.{_SUFFIX}",
        rf"{_REGION}\.queue\.{_SUFFIX}",
        rf"vpce-[0-9a-z-]+\.sqs(-fips)?\.{_REGION}\.vpce\.{_SUFFIX}",
    )
)
_LOCALSTACK = re.compile(rf"(sqs\.)?({_REGION}\.(queue\.)?)?localhost\.localstack\.cloud")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "localhost.localstack.cloud"})


def region_of(host: str) -> str:
    """The region that a host of SQS serves; empty for a host that is not AWS's (or LocalStack's)."""
    if host == "queue.amazonaws.com":
        return "us-east-1"
    found = next(filter(None, (form.fullmatch(host) for form in (*_FORMS, _LOCALSTACK))), None)
    return (found["region"] or "") if found else ""


def same_endpoint(url: SplitResult, endpoint: str) -> bool:
    """Whether ``url`` leads to the endpoint that is asked: the same host and port, names of the loopback being one."""
    asked = urlsplit(endpoint)
    return bool(endpoint) and (_host(url), _port(url)) == (_host(asked), _port(asked))


def _host(url: SplitResult) -> str:
    host = url.hostname or ""
    return "localhost" if host in _LOOPBACK or _LOCALSTACK.fullmatch(host) else host


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)
