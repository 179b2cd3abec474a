"""The letters of a round, and where each is in the end."""

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
"""Field of a body that tells letters apart, whatever ids they are given."""


@dataclass
class Verdict:
    """Of one round. Marks name letters; what is said is for the person who repeats the round by its seed."""

    kills: int = 0
    early: int = 0  # of them, before the run had begun
    lost: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)  # twice in the job queue, and not listed
    doubled: int = 0
    listed: int = 0
    problems: list[str] = field(default_factory=list)

    def told(self) -> str:
        parts = [f"{self.kills} killed ({self.early} early), {self.doubled} twice, {self.listed} listed"]
        parts += [f"LOST {self.lost}"] if self.lost else []
        parts += [f"UNLISTED {self.unlisted}"] if self.unlisted else []
        return "; ".join((*parts, *self.problems))


def letters(round_: Round) -> Iterator[dict[str, Any]]:
    for number in range(round_.letters):
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


def judge(
    round_: Round,
    verdict: Verdict,
    marks: Mapping[str, str],
    wanted: Sequence[str],
    dead: FakeQueue,
    jobs: FakeQueue,
    last: Mapping[str, Any],
) -> None:
    """Count every letter, by what is in its body."""
    arrived = [(json.loads(message["Body"]), message) for message in jobs.messages()]
    sent = Counter(body[MARK] for body, _ in arrived)
    kept = {json.loads(message["Body"])[MARK] for message in dead.messages()}
    twice = set(last.get("twice", ()))
    verdict.listed = len(twice)
    at_home = not round_.imported  # whether letters lie in the dead-letter queue until they are sent
    planned = {marks[name] for name in wanted}
    for name, mark in marks.items():
        if not sent[mark] and mark not in kept and at_home:
            verdict.lost.append(mark)
        if sent[mark] > 1:
            verdict.doubled += 1
            if name not in twice:
                verdict.unlisted.append(mark)
        if mark not in planned and (sent[mark] or (at_home and mark not in kept)):
            verdict.problems.append(f"letter {mark} was not planned and was moved")
    if last["state"] != "done":
        return
    for mark in planned:
        if round_.action is Action.REDRIVE and sent[mark] and mark in kept:
            verdict.problems.append(f"letter {mark} was sent and lies in the dead-letter queue still")
        if round_.action is Action.COPY and at_home and mark not in kept:
            verdict.problems.append(f"letter {mark} was copied and is gone")
        if not sent[mark]:
            verdict.problems.append(f"letter {mark} was never sent, and the run says it is done")
    for body, message in arrived:
        attributes = message.get("MessageAttributes", {})
        name = next(name for name, mark in marks.items() if mark == body[MARK])
        original = attributes.get("OriginalMessageId", {}).get("StringValue")
        if len(attributes) < 10 and original != name:
            verdict.problems.append(f"letter {body[MARK]} carries {original} as its first id, not {name}")
        if attributes.get("Tenant") != {"DataType": "String", "StringValue": "t1"}:
            verdict.problems.append(f"letter {body[MARK]} lost an attribute")
        if int(body[MARK]) % 3 == 0 and attributes.get("Raw") != {"DataType": "Binary", "BinaryValue": "AP8="}:
            verdict.problems.append(f"letter {body[MARK]} lost a binary attribute")
        if round_.edits and body.get("edited") != round_.seed:
            verdict.problems.append(f"letter {body[MARK]} was not edited")
    if round_.fifo:
        _in_order(verdict, [(message["Attributes"]["MessageGroupId"], int(body[MARK])) for body, message in arrived])


def _in_order(verdict: Verdict, arrived: Sequence[tuple[str, int]]) -> None:
    """First arrivals of each group must rise."""
    seen: dict[str, list[int]] = {}
    for group, number in arrived:
        if number not in seen.setdefault(group, []):
            if seen[group] and number < seen[group][-1]:
                verdict.problems.append(f"group {group}: {number} came after {seen[group][-1]}")
            seen[group].append(number)
