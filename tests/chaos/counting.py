"""The messages of a round, and where each is in the end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ops.deadletters.plan_model import Action
from tests.chaos.rounds import Round
from tests.fakes.sqs.client import FakeQueue

MARK = "mark"
"""The field of a body that identifies a message, whatever IDs it is given."""


@dataclass
class RoundResult:
    """The counts of one round. ``lost`` and ``unlisted`` are marks of messages."""

    kills: int = 0
    early: int = 0  # of these, before the run had started
    lost: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)  # more than once in the job queue, and not listed
    doubled: int = 0
    listed: int = 0
    problems: list[str] = field(default_factory=list)

    def summary(self) -> str:
        parts = [f"{self.kills} killed ({self.early} early), {self.doubled} twice, {self.listed} listed"]
        parts += [f"LOST {self.lost}"] if self.lost else []
        parts += [f"UNLISTED {self.unlisted}"] if self.unlisted else []
        return "; ".join((*parts, *self.problems))


def message_bodies(round_: Round) -> Iterator[dict[str, Any]]:
    for number in range(round_.messages):
        body = json.dumps({MARK: str(number), "fill": "x" * round_.body_bytes})
        attributes: dict[str, Any] = {"Tenant": {"DataType": "String", "StringValue": "t1"}}
        if number % 3 == 0:
            attributes["Raw"] = {"DataType": "Binary", "BinaryValue": "AP8="}
        if number % 7 == 0:
            attributes |= {f"A{n}": {"DataType": "Number", "StringValue": str(n)} for n in range(8)}
        system = {"DeadLetterQueueSourceArn": f"arn:aws:sqs:eu-west-1:000000000000:jobs-{round_.seed}"}
        if round_.fifo:
            system["DeadLetterQueueSourceArn"] += ".fifo"
            system |= {
                "MessageGroupId": f"g{number % 5}",
                "SequenceNumber": f"{number:020d}",
                "MessageDeduplicationId": f"{round_.seed}-{number}",
            }
        yield {"body": body, "attributes": attributes, "system": system, "receives": 3}


def count_messages(
    round_: Round,
    result: RoundResult,
    marks: Mapping[str, str],
    wanted: Sequence[str],
    dead: FakeQueue,
    jobs: FakeQueue,
    last: Mapping[str, Any],
) -> None:
    """Counts every message by the mark in its body."""
    arrived = [(json.loads(message["Body"]), message) for message in jobs.messages()]
    sent = Counter(body[MARK] for body, _ in arrived)
    kept = {json.loads(message["Body"])[MARK] for message in dead.messages()}
    listed = set(last.get("twice", ()))
    result.listed = len(listed)
    in_queue = not round_.imported  # whether messages are in the dead-letter queue until they are sent
    planned = {marks[name] for name in wanted}
    for name, mark in marks.items():
        if not sent[mark] and mark not in kept and in_queue:
            result.lost.append(mark)
        if sent[mark] > 1:
            result.doubled += 1
            if name not in listed:
                result.unlisted.append(mark)
        if mark not in planned and (sent[mark] or (in_queue and mark not in kept)):
            result.problems.append(f"message {mark} was not planned and was moved")
    if last["state"] != "done":
        return
    for mark in planned:
        if round_.action is Action.REDRIVE and sent[mark] and mark in kept:
            result.problems.append(f"message {mark} was sent and is still in the dead-letter queue")
        if round_.action is Action.COPY and in_queue and mark not in kept:
            result.problems.append(f"message {mark} was copied and is gone")
        if not sent[mark]:
            result.problems.append(f"message {mark} was never sent, and the run is done")
    for body, message in arrived:
        attributes = message.get("MessageAttributes", {})
        name = next(name for name, mark in marks.items() if mark == body[MARK])
        original = attributes.get("OriginalMessageId", {}).get("StringValue")
        if len(attributes) < 10 and original != name:
            result.problems.append(f"message {body[MARK]} carries {original} as its original ID, not {name}")
        if attributes.get("Tenant") != {"DataType": "String", "StringValue": "t1"}:
            result.problems.append(f"message {body[MARK]} lost an attribute")
        if int(body[MARK]) % 3 == 0 and attributes.get("Raw") != {"DataType": "Binary", "BinaryValue": "AP8="}:
            result.problems.append(f"message {body[MARK]} lost a binary attribute")
        if round_.edits and body.get("edited") != round_.seed:
            result.problems.append(f"message {body[MARK]} was not edited")
    if round_.fifo:
        _in_order(result, [(message["Attributes"]["MessageGroupId"], int(body[MARK])) for body, message in arrived])


def _in_order(result: RoundResult, arrived: Sequence[tuple[str, int]]) -> None:
    """First arrivals of each group must rise."""
    seen: dict[str, list[int]] = {}
    for group, number in arrived:
        if number not in seen.setdefault(group, []):
            if seen[group] and number < seen[group][-1]:
                result.problems.append(f"group {group}: {number} came after {seen[group][-1]}")
            seen[group].append(number)
