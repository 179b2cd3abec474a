"""Request ids of asynchronous invocations whose messages are in the snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ops.deadletters.messages.model import Kind, Place
from ops.deadletters.snapshot import rows, schema

if TYPE_CHECKING:
    from ops.deadletters.snapshot.snapshot import Snapshot


def invocation_request_ids(snapshot: Snapshot, places: Sequence[Place]) -> dict[str, datetime | None]:
    """When each message was sent, by request ID. Only messages whose function has to be found in a log."""
    with schema.translate_sqlite_errors(snapshot.path):
        found = snapshot.connection.execute(
            "SELECT request_id, sent FROM letters WHERE kind = ? AND request_id <> '' "
            "AND place IN (SELECT value FROM json_each(?))",
            [Kind.LAMBDA.value, schema.dumps([place.value for place in places])],
        )
        return {request_id: rows.from_milliseconds(sent) for request_id, sent in found}
