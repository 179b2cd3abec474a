"""What is in a selection: one pass over the shelf, with the edits tried on every letter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from handler import contract
from ops.deadletters import edits as editing
from ops.deadletters import origins
from ops.deadletters.letter import Kind, Letter, Shelved
from ops.deadletters.origins import Origin
from ops.deadletters.plan import Edit
from ops.errors import UsageError

LARGEST = 1_048_576
"""Bytes of a message, attributes included, and of a batch of them (botocore 1.44.5 model, 2026-11)."""
HANDLERS_OWN = frozenset(
    {
        contract.DLQ_ERROR_TYPE,
        contract.DLQ_ERROR_MESSAGE,
        contract.DLQ_REQUEST_ID,
        contract.DLQ_SOURCE_ARN,
    }
)
"""Attributes that the handler put on and that a redrive takes off again."""
SAMPLES = 5


@dataclass
class Survey:
    """``bytes``: as they will be sent. ``misfits``: sentence → letters that the edits do not fit."""

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
    full: int = 0  # have no room for an attribute with the original id


def survey(letters: Iterable[Shelved], edits: Sequence[Edit], function_arn: str) -> Survey:
    found = Survey()
    for shelved in letters:
        letter = shelved.letter
        found.ids.append(letter.message_id)
        found.kinds[letter.kind] += 1
        found.causes[shelved.cause.fingerprint or "unknown"] += 1
        found.imported += letter.imported
        if letter.sent and (found.oldest is None or letter.sent < found.oldest):
            found.oldest = letter.sent
        origin = origins.of(letter, function_arn)
        if origin:
            found.origins[origin] += 1
        else:
            found.homeless[letter.kind] += 1
        try:
            letter = editing.apply(letter, edits)
        except UsageError as misfit:
            found.misfits[str(misfit)] += 1
        size = weight(letter)
        found.bytes += size
        found.too_large += size > LARGEST
        kept = {*letter.attributes} - HANDLERS_OWN - {contract.DLQ_ORIGINAL_MESSAGE_ID}
        found.full += len(kept) >= contract.ATTRIBUTE_LIMIT
    return found


def weight(letter: Letter) -> int:
    """Bytes of a message as SQS counts them: the body, and each attribute's name, type and value."""
    total = _length(letter.body)
    for name, attribute in letter.attributes.items():
        value = len(attribute.value) * 3 // 4 if attribute.data_type.startswith("Binary") else _length(attribute.value)
        total += _length(name) + _length(attribute.data_type) + value
    return total


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
