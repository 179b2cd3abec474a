"""Signature Version 4 for requests whose body is in hand.

The algorithm is AWS's documented one (IAM user guide, "Create a signed AWS API request", read 2026-11-23); a test holds
it to botocore's signer on the requests that this package makes.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from time import gmtime, strftime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"


class Credentials:
    """``expires`` is in seconds since the epoch; 0 means not known, or never."""

    __slots__ = ("access_key_id", "expires", "secret_access_key", "session_token")

    def __init__(self, access_key_id: str, secret_access_key: str, session_token: str = "", expires: float = 0) -> None:
        self.access_key_id = access_key_id
        self.secret_access_key = secret_access_key
        self.session_token = session_token
        self.expires = expires


def path(*parts: str) -> str:
    """An absolute, percent-encoded path. S3 signs it encoded once, just as it is sent."""
    return "/" + "/".join(quote(part, safe="/-_.~") for part in parts)


def signed(
    method: str,
    host: str,
    target: str,
    headers: dict[str, str],
    body: bytes,
    service: str,
    region: str,
    credentials: Credentials,
    now: float | None = None,
) -> dict[str, str]:
    """The headers to send, all signed. ``target`` is a path from ``path()`` without a query; names are lower case."""
    stamp = strftime("%Y%m%dT%H%M%SZ", gmtime(now))
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    digest = sha256(body).hexdigest()
    sent = {**headers, "host": host, "x-amz-date": stamp}
    if service == "s3":
        sent["x-amz-content-sha256"] = digest
    if credentials.session_token:
        sent["x-amz-security-token"] = credentials.session_token
    names = sorted(sent)
    canonical = "\n".join(
        [method, target, "", *(f"{name}:{sent[name].strip()}" for name in names), "", ";".join(names), digest]
    )
    to_sign = "\n".join([ALGORITHM, stamp, scope, sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in (*scope.split("/"), to_sign):
        key = hmac.digest(key, part.encode(), "sha256")
    sent["authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key_id}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={key.hex()}"
    )
    return sent
