"""Messages that are hard to write into a file, and a line of an export."""

from __future__ import annotations

import base64
import json
from typing import Any

from ops.deadletters.messages.model import Attribute, Place
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot
from tests.factories import a_dead_letter
from tests.fakes.dlq_world import World

ALL = Selection()
STRANGE = {
    "binary": "\x00\x01\x7f\x80\xff",
    "surrogate": "a\ud800b",
    "lines": "one\r\ntwo\u2028three\x85four\n",
    "formula": "=1+1",
    "escapes": "\x1b]0;x\x07\u202e",
    "deep": "[" * 5_000,
    "html": "<script>alert(1)</script>",
    "json": '{"a": 1.10, "a": 2, "ü": "\\ud83c"}',
    "empty": "",
    "large": "x" * 1_048_576,
}


def store_messages(world: World, *letters: Any, place: Place = Place.QUEUE) -> None:
    with Snapshot.open(world.source) as snapshot:
        snapshot.add(letters, place)


def strange_messages() -> list[Any]:
    attributes = {
        "Key": Attribute("Binary.png", base64.b64encode(bytes(range(256))).decode()),
        "Tries": Attribute("Number.int", "007"),
        "Name": Attribute("String", "=cmd|' /C calc'!A0\ud800"),
    }
    system = {
        "DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:000000000000:jobs",
        "MessageGroupId": "g",
        "MessageDeduplicationId": "d",
        "AWSTraceHeader": "Root=1-2-3",
    }
    source = system["DeadLetterQueueSourceArn"]
    return [
        a_dead_letter(body, f"m-{name}", attributes=attributes, system=system, source_arn=source)
        for name, body in STRANGE.items()
    ]


def export_line(**changes: Any) -> str:
    entry: dict[str, Any] = {"schema": 1, "message_id": "m", "body": "b", "attributes": {}, "system": {}, **changes}
    return json.dumps(entry)
