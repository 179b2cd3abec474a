"""What the line about a batch says of each message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from handler.seen_messages import seen_message

EVENT = json.loads((Path(__file__).parents[1] / "events" / "sqs.json").read_text())


def a_record(body: str = "{}", **attributes: str) -> dict[str, Any]:
    return {"messageId": "m1", "body": body, "attributes": attributes}


def test_a_message_as_sqs_delivers_it() -> None:
    record = EVENT["Records"][0]
    assert seen_message(record) == {
        "id": record["messageId"],
        "sent_ms": 1795460000123,
        "receives": 1,
        "sender": "AROA3EXAMPLEROLEID:api",
        "trace": "1-6a02f3c1-4f1b2c3d4e5f60718293a4b5",
    }
    assert seen_message(a_record(MessageGroupId="north", ApproximateReceiveCount="2")) == {
        "id": "m1",
        "receives": 2,
        "group": "north",
    }


@pytest.mark.parametrize(
    ("body", "tenant"),
    [
        ('{"params": {"tenant": "north"}}', "north"),
        ('{"params": {"tenant": 7}}', "7"),
        ('{"params": {"tenant": {"name": "north"}}}', None),
        ('{"params": ["tenant"]}', None),
        ('{"params": null}', None),
        ("not JSON", None),
        ("[" * 100_000, None),
        (json.dumps({"params": {"tenant": "n" * 1_000}}), "n" * 128),
        (json.dumps({"params": {"tenant": "north"}, "more": "x" * 300_000}), None),
    ],
)
def test_the_tenant_that_a_field_of_the_body_names(body: str, tenant: str | None) -> None:
    assert seen_message(a_record(body), "params.tenant").get("tenant") == tenant


def test_what_is_not_known_is_left_out() -> None:
    assert seen_message({"messageId": "m1", "body": ""}) == {"id": "m1"}
    assert seen_message(a_record(AWSTraceHeader="Root=1-a;Sampled=0", SentTimestamp="now")) == {"id": "m1"}
