"""The headers with which the daemon posts a message. Attribute values are untrusted text: what cannot be a header is left
out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

PREFIX = "X-Aws-Sqsd-"
USER_AGENT = "aws-sqsd/1.1"
PERIODIC_BODY = "elasticbeanstalk scheduled job"
"""Seen in the daemon's own messages, like the names of the attributes for path and time. The attribute for the task's
name is inferred."""
PATH_ATTRIBUTE, TIME_ATTRIBUTE = "beanstalk.sqsd.path", "beanstalk.sqsd.scheduled_time"
TASK_ATTRIBUTE = "beanstalk.sqsd.task_name"
_OWN = (PATH_ATTRIBUTE, TIME_ATTRIBUTE, TASK_ATTRIBUTE)


def headers(message: Mapping[str, Any], queue: str, mime_type: str) -> dict[str, str]:
    """Headers for a message from ReceiveMessage, with all its attributes. ``queue``: its name."""
    system = message.get("Attributes", {})
    found = {
        "User-Agent": USER_AGENT,
        "Content-Type": mime_type,
        f"{PREFIX}Msgid": message["MessageId"],
        f"{PREFIX}Queue": queue,
        f"{PREFIX}First-Received-At": _iso(system.get("ApproximateFirstReceiveTimestamp", "0")),
        f"{PREFIX}Receive-Count": system.get("ApproximateReceiveCount", "1"),
    }
    texts = {
        name: str(attribute.get("StringValue", ""))
        for name, attribute in message.get("MessageAttributes", {}).items()
        # Binary attributes are left out.
        if str(attribute.get("DataType", "")).startswith(("String", "Number"))
    }
    if TASK_ATTRIBUTE in texts:
        found[f"{PREFIX}Taskname"] = texts[TASK_ATTRIBUTE]
        found[f"{PREFIX}Scheduled-At"] = texts.get(TIME_ATTRIBUTE, "")
        found[f"{PREFIX}Sender-Id"] = system.get("SenderId", "")
    found |= {f"{PREFIX}Attr-{name}": value for name, value in texts.items() if name not in _OWN}
    return {name: value for name, value in found.items() if _is_header(value)}


def path(message: Mapping[str, Any], otherwise: str) -> str:
    """The path to post it to: a periodic task has its own."""
    attribute = message.get("MessageAttributes", {}).get(PATH_ATTRIBUTE, {})
    given = str(attribute.get("StringValue", ""))
    return (
        given if given.startswith("/") and given.isascii() and given.isprintable() and " " not in given else otherwise
    )


def periodic_attributes(task: str, url: str, due: datetime) -> dict[str, dict[str, str]]:
    """Message attributes of a periodic task's message."""
    values = {TASK_ATTRIBUTE: task, PATH_ATTRIBUTE: url, TIME_ATTRIBUTE: due.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}


def _iso(milliseconds: str) -> str:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_header(value: str) -> bool:
    return value.isascii() and value.isprintable()
