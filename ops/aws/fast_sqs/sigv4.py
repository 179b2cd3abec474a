"""Signature Version 4 of one kind of request: a POST to an endpoint's root with a body in hand.

botocore's signer takes any request apart and costs as much as the rest of a lean call; here the headers are known and
the signing key is kept for its day. A test holds it to botocore's (IAM user guide, "Create a signed AWS API request").
"""

from __future__ import annotations

import hmac
import time
from hashlib import sha256
from typing import Protocol

_ALGORITHM = "AWS4-HMAC-SHA256"


class Keys(Protocol):
    """botocore's frozen credentials."""

    access_key: str
    secret_key: str
    token: str | None


class Signer:
    """Safe to share between threads."""

    def __init__(self, service: str, region: str, host: str, headers: dict[str, str]) -> None:
        """``headers`` go with each request; lower-case names."""
        self._service, self._region = service, region
        self._headers = {**headers, "host": host}
        self._key: tuple[str, str, bytes] = "", "", b""  # day, secret, key

    def signed(self, keys: Keys, target: str, body: bytes, now: float | None = None) -> dict[str, str]:
        """The headers to send; ``target`` is that of X-Amz-Target."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        headers = {**self._headers, "x-amz-date": stamp, "x-amz-target": target}
        if keys.token:
            headers["x-amz-security-token"] = keys.token
        names = sorted(headers)
        listed = ";".join(names)
        lines = "\n".join(f"{name}:{headers[name]}" for name in names)
        canonical = f"POST\n/\n\n{lines}\n\n{listed}\n{sha256(body).hexdigest()}"
        scope = f"{stamp[:8]}/{self._region}/{self._service}/aws4_request"
        text = f"{_ALGORITHM}\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._of_day(keys.secret_key, stamp[:8]), text.encode(), "sha256").hex()
        headers["authorization"] = (
            f"{_ALGORITHM} Credential={keys.access_key}/{scope}, SignedHeaders={listed}, Signature={signature}"
        )
        return headers

    def _of_day(self, secret: str, day: str) -> bytes:
        known = self._key
        if known[:2] == (day, secret):
            return known[2]
        key = f"AWS4{secret}".encode()
        for part in (day, self._region, self._service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        self._key = day, secret, key
        return key
