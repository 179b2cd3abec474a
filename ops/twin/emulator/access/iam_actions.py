"""Patch: the IAM action of a request, where MiniStack names one that IAM does not have.

Stands for: SQS authorises its batch calls by the permission for the single call ("to grant … SendMessageBatch, use
sqs:SendMessage", SQS developer guide, API permissions reference, 2026-11). MiniStack asks for
``sqs:SendMessageBatch``, so that a role with exact actions is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from ops.twin.emulator.patch import Patch

Extract = Callable[..., str | None]


def patches() -> list[Patch]:
    return [Patch("core.iam_actions", "extract_iam_action", singular, "batch calls of SQS need the single permission")]


def singular(extract: Extract) -> Extract:
    def action(*request: object) -> str | None:
        found = extract(*request)
        return found.removesuffix("Batch") if found and found.startswith("sqs:") else found

    return action
