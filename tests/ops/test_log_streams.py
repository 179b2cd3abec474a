"""Names of log streams, as Lambda writes them in each kind of log group."""

from __future__ import annotations

import pytest

from ops.log_streams import LambdaStream, parse

GUID = "0a1b" * 8


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        (f"2026/11/28/[$LATEST]{GUID}", LambdaStream("", "$LATEST")),
        (f"2026/11/28/[7]{GUID}", LambdaStream("", "7")),
        (f"2026/11/28/shop_worker-2[7]{GUID}", LambdaStream("shop_worker-2", "7")),
        (f"2026/11/28/shop-worker[$LATEST][{GUID}]", LambdaStream("shop-worker", "$LATEST")),  # as the guide writes it
        ("", None),
        ("ecs/web[7]/0a1b", None),
        (f"x 2026/11/28/shop-worker[7]{GUID}", None),
        (f"2026/11/28/shop/worker[7]{GUID}", None),
        (f"2026/11/28/shop-worker[]{GUID}", None),
        (f"2026/11/28/{GUID}", None),
    ],
)
def test_a_stream_names_its_function_and_version(name: str, stream: LambdaStream | None) -> None:
    assert parse(name) == stream
