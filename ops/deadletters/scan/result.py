"""What a scan read and what it did to the queue, in numbers and in sentences."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ops import formatting

if TYPE_CHECKING:
    from ops.aws.sqs import Queue

OUT_OF_AGE_METRIC = 3
"""Receives after which a standard queue's message goes to the back and leaves the age metric (SQS developer guide,
sqs-available-cloudwatch-metrics)."""


@dataclass(frozen=True)
class ScanResult:
    """What a scan read, and what it did to the queue; ``notes`` say it in sentences."""

    look: int
    letters: int  # read
    new: int  # of them: not in the snapshot before
    gone: int  # in the snapshot, and not found in the queue any more
    receives: int  # ReceiveMessage calls
    reported: int  # messages that the queue said it shows when the scan began
    in_flight: int  # messages that another process held then
    complete: bool  # every message of the queue was read
    not_given_back: int  # they come back when their lease ends
    notes: tuple[str, ...]
    looked_at: datetime
    seconds: float


@dataclass(frozen=True)
class ScanConditions:
    """Why a scan read no more, and what else is worth saying of it. Texts are empty where there is nothing to say."""

    limit: int  # messages asked for
    allowed: int  # messages that may be held at once, fewer when the limit in flight is near
    stopped: str = ""
    refused: str = ""  # why messages were not given back
    lease_s: int = 0
    resumed: int = 0  # messages that the scan held from before it was killed


def stored_counts(done: ScanResult) -> dict[str, Any]:
    """As the snapshot keeps it, beside the moment of the scan."""
    return {name: value for name, value in asdict(done).items() if name not in ("look", "looked_at")}


def scan_notes(done: ScanResult, queue: Queue, about: ScanConditions) -> tuple[str, ...]:
    """The sentences, most important first."""
    said = []
    if about.stopped:
        said.append(f"The look ended early: {about.stopped}")
    if done.letters:
        kept = "and gave all of them back" if not done.not_given_back else "and gave back what it could"
        said.append(
            f"The look took {formatting.count(done.receives, 'receive')}, raised the receive count of "
            f"{formatting.count(done.letters, 'letter')} by one {kept}."
        )
    if about.resumed:
        said.append(f"It went on with an earlier one that was killed: {about.resumed:,} letters were read by that.")
    if done.not_given_back:
        why = f" ({about.refused})" if about.refused else ""
        said.append(
            f"{formatting.count(done.not_given_back, 'letter')} could not be given back at once{why}; they are visible "
            f"again within {formatting.duration(about.lease_s)}, or after the next look."
        )
    said += _missed(done, about)
    if done.gone:
        was = "letter is" if done.gone == 1 else "letters are"
        said.append(f"{formatting.count(done.gone)} {was} gone from the queue since the look before.")
    if queue.fifo:
        said.append("In a FIFO queue one look sees only the first letters of each message group.")
    elif done.letters:
        said.append(
            f"From {OUT_OF_AGE_METRIC} receives on, a letter no longer counts in the queue's age-of-oldest metric."
        )
    return tuple(said)


def _missed(done: ScanResult, about: ScanConditions) -> list[str]:
    """What was not read, and why."""
    said = []
    if done.letters >= about.limit and done.reported > about.limit:
        said.append(
            f"Stopped at the limit of {formatting.count(about.limit)}; the queue holds about {formatting.count(done.reported)}."
        )
    elif about.allowed < about.limit and done.letters >= about.allowed:
        said.append(
            f"Stopped at {formatting.count(done.letters, 'letter')}: SQS allows about 120,000 messages of a queue in flight "
            "at once, and others need some. Look again once these are moved or purged."
        )
    elif done.letters < done.reported and not about.stopped:
        said.append(f"The queue reported {formatting.count(done.reported)} letters; it counts approximately.")
    if done.in_flight:
        said.append(
            f"{formatting.count(done.in_flight, 'letter is', 'letters are')} held by somebody else and were not read."
        )
    return said
