"""SQS: queues and their messages."""

from ops.aws.sqs.messages import (
    MAX_BATCH,
    MISSING_ENTRY,
    Attribute,
    BatchEntryError,
    Message,
    change_visibility_batch,
    delete_batch,
    receive_messages,
    received_message,
)
from ops.aws.sqs.queues import (
    Depth,
    Queue,
    dead_letter_sources,
    find_queue,
    find_queue_and_depth,
    name_of,
    queue_depth,
    queue_names,
    redrive_sources,
)

__all__ = [
    "MAX_BATCH",
    "MISSING_ENTRY",
    "Attribute",
    "BatchEntryError",
    "Depth",
    "Message",
    "Queue",
    "change_visibility_batch",
    "dead_letter_sources",
    "delete_batch",
    "find_queue",
    "find_queue_and_depth",
    "name_of",
    "queue_depth",
    "queue_names",
    "receive_messages",
    "received_message",
    "redrive_sources",
]
