"""Signature Version 4 for requests whose body is in hand: the one signer of this project, used by ``ops`` too.

The algorithm is AWS's documented one (IAM user guide, "Create a signed AWS API request", read 2026-11-23); tests compare
it with botocore's signer, which takes any request apart and costs several times as much.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from time import gmtime, strftime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"


class Credentials:
    """``expires`` is in seconds since the epoch; 0 means unknown, or never."""

    __slots__ = ("access_key_id", "expires", "secret_access_key", "session_token")

    def __init__(self, access_key_id: str, secret_access_key: str, session_token: str = "", expires: float = 0) -> None:
        self.access_key_id = access_key_id
        self.secret_access_key = secret_access_key
        self.session_token = session_token
        self.expires = expires


def encode_path(*parts: str) -> str:
    """An absolute, percent-encoded path. S3 signs it encoded once, just as it is sent."""
    return "/" + "/".join(quote(part, safe="/-_.~") for part in parts)


class Signer:
    """Signs requests to one service in one region, and keeps the signing key for its day. Threads may share it."""

    def __init__(self, service: str, region: str) -> None:
        self._service, self._region = service, region
        self._key: tuple[str, str, bytes] = "", "", b""  # day, secret, key: replaced as a whole, for threads' sake

    def sign(
        self,
        method: str,
        host: str,
        target: str,
        headers: dict[str, str],
        body: bytes,
        credentials: Credentials,
        now: float | None = None,
    ) -> dict[str, str]:
        """The headers to send, all signed. ``target``: a path from ``encode_path()`` without a query. ``headers``:
        lower-case names. ``now``: seconds since the epoch; None is the present time."""
        timestamp = strftime("%Y%m%dT%H%M%SZ", gmtime(now))
        day = timestamp[:8]
        digest = sha256(body).hexdigest()
        signed = {**headers, "host": host, "x-amz-date": timestamp}
        if self._service == "s3":
            signed["x-amz-content-sha256"] = digest
        if credentials.session_token:
            signed["x-amz-security-token"] = credentials.session_token
        names = sorted(signed)
        lines = "\n".join([f"{name}:{' '.join(signed[name].split())}" for name in names])
        listed = ";".join(names)
        canonical = f"{method}\n{target}\n\n{lines}\n\n{listed}\n{digest}"
        scope = f"{day}/{self._region}/{self._service}/aws4_request"
        to_sign = f"{ALGORITHM}\n{timestamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._signing_key(credentials.secret_access_key, day), to_sign.encode(), "sha256").hex()
        signed["authorization"] = (
            f"{ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={listed}, Signature={signature}"
        )
        return signed

    def _signing_key(self, secret: str, day: str) -> bytes:
        known_day, known_secret, key = self._key
        if (known_day, known_secret) == (day, secret):
            return key
        key = f"AWS4{secret}".encode()
        for part in (day, self._region, self._service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        self._key = day, secret, key
        return key
