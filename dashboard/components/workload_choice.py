"""The chosen workload as text: a stack's name or ARN, ``queue:NAME`` (or a queue's ARN or URL), or both.

``stack:NAME`` is a stack, too, for a name that is a part of another workload's.
"""

from __future__ import annotations

from dataclasses import dataclass

SEPARATOR = " · "
"""Between the parts of a label. No name of AWS contains it."""
MARKS = "◆?"
"""A label whose workload has a level starts with one of these: ``◆ Critical · shop · 54 dead letters``."""
_STACK, _QUEUE = "stack:", "queue:"


@dataclass(frozen=True)
class WorkloadChoice:
    stack: str | None = None
    queue: str | None = None

    @property
    def text(self) -> str:
        queue = self.queue and (self.queue if _is_queue(self.queue) else f"{_QUEUE}{self.queue}")
        return " ".join(part for part in (self.stack, queue) if part)


def parse_choice(text: str) -> WorkloadChoice:
    """The workload that a text or a label names."""
    stack, queue = "", ""
    parts = text.strip().split(SEPARATOR)
    for word in parts[1 if len(parts) > 1 and parts[0][0] in MARKS else 0].split():
        if _is_queue(word):
            queue = word.removeprefix(_QUEUE)
        else:
            stack = word.removeprefix(_STACK)
    return WorkloadChoice(stack or None, queue or None)


def is_exact(text: str) -> bool:
    """Whether the text cannot be the beginning or a part of another name."""
    return any(_is_queue(word) or word.startswith((_STACK, "arn:")) for word in text.split())


def _is_queue(word: str) -> bool:
    return word.startswith((_QUEUE, "https://", "http://")) or (word.startswith("arn:") and ":sqs:" in word)
