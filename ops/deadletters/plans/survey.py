"""What is in a selection: one pass over the shelf, with the edits tried on every letter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from handler import contract
from ops.deadletters import origins
from ops.deadletters.letter import Kind, Shelved
from ops.deadletters.origins import Origin
from ops.deadletters.plan import Edit
from ops.deadletters.transfer import outgoing
from ops.errors import UsageError

SAMPLES = 5


@dataclass
class Survey:
    """``bytes``: as they will be sent. ``oldest``: of those in the queue. ``causes``: by fingerprint, "" where none is
    known. ``misfits``: sentence → letters that the edits do not fit."""

    ids: list[str] = field(default_factory=list)
    bytes: int = 0
    oldest: datetime | None = None
    kinds: Counter[Kind] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    origins: Counter[Origin] = field(default_factory=Counter)
    homeless: Counter[Kind] = field(default_factory=Counter)
    imported: int = 0
    misfits: Counter[str] = field(default_factory=Counter)
    too_large: int = 0
    full: int = 0  # of those that can be sent: have no room for an attribute with the original id


def survey(letters: Iterable[Shelved], edits: Sequence[Edit], function_arn: str) -> Survey:
    found = Survey()
    for shelved in letters:
        letter = shelved.letter
        found.ids.append(letter.message_id)
        found.kinds[letter.kind] += 1
        found.causes[shelved.cause.fingerprint] += 1
        found.imported += letter.imported
        if letter.sent and not letter.imported and (found.oldest is None or letter.sent < found.oldest):
            found.oldest = letter.sent
        origin = origins.of(letter, function_arn)
        if origin:
            found.origins[origin] += 1
        else:
            found.homeless[letter.kind] += 1
        try:
            letter = outgoing.edited(letter, edits)
        except UsageError as misfit:
            found.misfits[str(misfit)] += 1
        attributes = outgoing.attributes(letter)
        size = outgoing.size(letter.body, attributes)
        found.bytes += size
        if size > outgoing.MOST_BYTES:
            found.too_large += 1
        else:
            found.full += contract.DLQ_ORIGINAL_MESSAGE_ID not in attributes
    return found
