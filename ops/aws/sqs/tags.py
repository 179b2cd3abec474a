"""Tags of a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.aws.clients import Aws
    from ops.aws.sqs.queues import Queue


def list_tags(aws: Aws, queue: Queue) -> dict[str, str]:
    """Needs sqs:ListQueueTags. Raises what ``ops.aws`` raises, as all of these do."""
    with aws.translate_errors("sqs", f"queue {queue.name}"):
        return dict(aws.sqs.list_queue_tags(QueueUrl=queue.url).get("Tags", {}))


def set_tag(aws: Aws, queue: Queue, name: str, value: str) -> None:
    """Adds the tag, or changes it; there is no condition, the last one wins. Needs sqs:TagQueue."""
    with aws.translate_errors("sqs", f"queue {queue.name}"):
        aws.sqs.tag_queue(QueueUrl=queue.url, Tags={name: value})


def remove_tag(aws: Aws, queue: Queue, name: str) -> None:
    """Needs sqs:UntagQueue."""
    with aws.translate_errors("sqs", f"queue {queue.name}"):
        aws.sqs.untag_queue(QueueUrl=queue.url, TagKeys=[name])
