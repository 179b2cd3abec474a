"""How many requests SQS and API Gateway bill for what is sent: by its size."""

from __future__ import annotations

import math

SQS_CHUNK_BYTES = 65_536
"""SQS bills each 64 KB of a request as one request (third-party price tables, 2026)."""
API_CHUNK_BYTES = 524_288
"""HTTP APIs are metered by 512 KB (AWS white paper on private APIs, undated; a third-party table of 2026)."""


def sqs_chunks(size: float) -> int:
    """Requests that SQS bills for one request with bodies of ``size`` bytes."""
    return max(1, math.ceil(size / SQS_CHUNK_BYTES))


def api_requests(api: str, size: float) -> int:
    """Requests that API Gateway bills for one request of ``size`` bytes; ``api``: rest or http."""
    return max(1, math.ceil(size / API_CHUNK_BYTES)) if api == "http" else 1
