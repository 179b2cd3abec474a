"""Letters of one cause, put together: the same error type, and a message that differs in ids and numbers only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

import pandas as pd

from ops.deadletters.letters import UNKNOWN
from ops.insight import words
from ops.insight.findings import Claim, conclude
from ops.insight.reports import Finding, Letter, Level

COLUMNS = ("error_type", "error_message", "letters", "share", "first_seen", "last_seen", "source")
_CHANGING = re.compile(
    r"""'[^']*' | "[^"]*" | s3://\S+ | /\S+/\S+ | \b[0-9a-f]{8}-[0-9a-f-]{27}\b | \b[0-9a-f]{12,}\b | \d[\d.,]*""",
    re.VERBOSE | re.IGNORECASE,
)
"""What differs between two occurrences of one error: quoted values, paths, ids, numbers."""
_DIGITS = "0123456789"
LONGEST = 160
"""Characters of an error message in a sentence."""


def fingerprint(error_message: str) -> str:
    """``error_message`` without what changes from one occurrence to the next."""
    return " ".join(_CHANGING.sub("…", error_message).split())[:500]


def common(error_messages: Sequence[str]) -> str:
    """What messages of one fingerprint share, with "…" for what differs: ``s3://b/data/….csv is not there``."""
    first = error_messages[0]
    slots = [_CHANGING.findall(message) for message in error_messages]
    if all(message == first for message in error_messages) or len({len(found) for found in slots}) > 1:
        return first
    shared = iter([_shared(values) for values in zip(*slots, strict=True)])
    return _CHANGING.sub(lambda _: next(shared), first)


def _shared(values: Sequence[str]) -> str:
    """What values in one place begin and end with; numbers and ids share nothing that says anything."""
    if len(set(values)) == 1:
        return values[0]
    if values[0][0].isalnum() and not values[0].startswith("s3:"):
        return "…"
    begins = _beginning(values)
    ends = _beginning([value[len(begins) :][::-1] for value in values])[::-1]
    return f"{begins.rstrip(_DIGITS)}…{ends.lstrip(_DIGITS)}"


def _beginning(values: Sequence[str]) -> str:
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*values, strict=False))
    return "".join(letters[0] for letters in alike)


def group(letters: Sequence[Letter]) -> pd.DataFrame:
    """One row a cause (``COLUMNS``), most letters first. Its message is what its letters' messages share."""
    together: dict[tuple[str, str], list[Letter]] = {}
    for letter in letters:
        together.setdefault((letter.error_type, fingerprint(letter.error_message)), []).append(letter)
    rows = []
    for (error_type, _), some in together.items():
        sent = [letter.sent for letter in some if letter.sent is not None]
        text = common([letter.error_message for letter in some])
        source = Counter(letter.cause_from for letter in some).most_common(1)[0][0]
        share = len(some) / len(letters)
        rows.append((error_type, text, len(some), share, min(sent, default=None), max(sent, default=None), source))
    rows.sort(key=lambda row: -row[2])
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for column in ("first_seen", "last_seen"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    return frame


def finding(causes: pd.DataFrame, read: int, there: int) -> Finding:
    """``Act: 54 dead letters, 51 of one cause: …``."""
    if not read:
        if there:
            return conclude(
                [Claim(Level.WATCH, f"none of {words.count(there)} letters could be read: look again later")]
            )
        return conclude([Claim(Level.OK, "no dead letters")])
    total = f"{words.count(read)} of {words.count(there)}" if there > read else words.count(read)
    top = causes.iloc[0]
    kind = (
        "no known cause" if top["error_type"] == UNKNOWN else _one_line(f"{top['error_type']}: {top['error_message']}")
    )
    if len(causes) == 1:
        text = f"{total} dead letters, all of one cause: {kind}" if read > 1 else f"1 dead letter: {kind}"
    else:
        others = words.count(len(causes) - 1, "other cause")
        text = f"{total} dead letters, {top['letters']} of one cause: {kind} ({others})"
    return conclude([Claim(Level.ACT, text.rstrip("."), "dead_letters")])


def _one_line(text: str) -> str:
    text = " ".join(text.split()).rstrip(":. ")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
