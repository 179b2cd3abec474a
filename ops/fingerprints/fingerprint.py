"""Which errors are the same: error type, message without what changes, and place in the code.

A fingerprint is ten hex digits, the same in every process and on every machine. Line numbers are left out of it, so
that a cause stays the same cause when the function is deployed again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import takewhile
from string import ascii_letters

from ops.fingerprints import masks

WRAPPED = " ← "
"""Separates the root error from each error that wrapped it: ``refused ← TypeError: fetch failed``."""
GAP = "…"
READ_CHARS = 8_000
"""Characters at each end of a message that decide: a reason may stand at either."""
MAX_NORMALIZED, MAX_LABEL = 1_000, 600
"""Characters of a message's normal form at each end, and of a label."""
LABEL_SAMPLE = 200
"""Messages from which a group's label is made: more would not change it."""
MAX_CACHED = 10_000
"""Messages whose fingerprint is not worked out again. Where each message has its own, remembering would not help."""
_DIGITS, _LETTERS = "0123456789", ascii_letters
_BETWEEN = r"""[\s,;:=|()\[\]{}<>&/'"-]*"""
_SEPARATING, _RUN = re.compile(_BETWEEN), re.compile(rf"{GAP}(?:{_BETWEEN}{GAP})+")
_MEANINGLESS = re.compile(r"[0-9.,:+-]+|(?=[a-f-]*\d)[0-9a-f-]{8,}")
_TYPE = re.compile(r"(?:Function<)?(?:[\w$]+(?:\.|::|\\))*([\w$]+)>?")
_CLOSING = {
    "(": ")",
    "[": "]",
    "{": "}",
    "'": "'",
    '"': '"',
    "`": "`",
    "“": "”",
    "«": "»",
    "‘": "’",
    "「": "」",
    "『": "』",
}
_OPENING = {closing: opening for opening, closing in _CLOSING.items()}
_LINE_NUMBER = re.compile(r":\d+(?= |$)")


def clipped(text: str, most: int) -> str:
    """``text``, or both ends of a longer one: at most ``most`` characters."""
    if len(text) <= most:
        return text
    tail = (most - 3) // 2
    return f"{text[: most - 3 - tail]} {GAP} {text[-tail:]}"


@lru_cache(maxsize=MAX_CACHED)
def normalize_message(message: str) -> str:
    """``message`` without what changes from one occurrence to the next (see ``masks``), and in one line."""
    if len(message) > 2 * READ_CHARS:
        return f"{_bare(message[:READ_CHARS])[:MAX_NORMALIZED]} {GAP} {_bare(message[-READ_CHARS:])[-MAX_NORMALIZED:]}"
    bare = _bare(message)
    return bare if len(bare) <= 2 * MAX_NORMALIZED else f"{bare[:MAX_NORMALIZED]} {GAP} {bare[-MAX_NORMALIZED:]}"


def _bare(message: str) -> str:
    message = _unwrapped(message)
    pieces: list[str] = []
    at = 0
    for span in masks.spans(message):
        pieces += (message[at : span.start], GAP)
        at = span.end
    pieces.append(message[at:])
    bare = " ".join("".join(pieces).split())
    return _RUN.sub(GAP, bare) if len(pieces) > 3 else bare


def _unwrapped(message: str) -> str:
    """The message without quotes around all of it, which Python's KeyError adds."""
    inner = message[1:-1]
    wrapped = len(message) > 2 and message[0] == message[-1] and message[0] in "'\""
    return inner if wrapped and " " in inner and message[0] not in inner else message


def fingerprint(error_type: str, error_message: str, location: str = "") -> str:
    """Ten hex digits: the same for errors of one type, one message (but for what changes) and one place, whatever
    wrapped them."""
    root, _, _ = error_message.partition(WRAPPED)
    return _digest(_short(error_type), normalize_message(root), without_line(location))


def without_line(location: str) -> str:
    """``handler/jobs/train.py fit`` of ``handler/jobs/train.py:88 fit``: a deployment moves lines."""
    return _LINE_NUMBER.sub("", location)


def _short(error_type: str) -> str:
    """A type without its package, which traces write and loggers may not; Lambda's Ruby puts it into Function<…>."""
    found = _TYPE.fullmatch(error_type)
    return found[1] if found else error_type


def split_fingerprint(mark: str, values: Sequence[str]) -> str:
    """The fingerprint of those messages of a group that have these values in the parts that tell them apart."""
    return _digest(mark, *values)


def changing_parts(message: str) -> list[tuple[str, str]]:
    """The parts that ``normalize_message`` leaves out, each with its kind: "number" where it may be a code, else "other"."""
    message = _unwrapped(clipped(message.partition(WRAPPED)[0], 2 * READ_CHARS))
    return [
        ("number" if masks.may_be_code(message, span) else "other", message[span.start : span.end])
        for span in masks.spans(message)
    ]


@lru_cache(maxsize=MAX_CACHED)
def _digest(*parts: str) -> str:
    return blake2b("\n".join(parts).encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def common_label(messages: Sequence[str]) -> str:
    """What messages of one fingerprint share, with "…" for what differs: ``s3://b/data/….csv is not there``."""
    some = list(dict.fromkeys(" ".join(_unwrapped(message).split()) for message in messages[:LABEL_SAMPLE]))
    first = some[0]
    if len(some) == 1:
        return clipped(first, MAX_LABEL)
    spans = [masks.spans(message) for message in some]
    label = _merged(some, spans, _shared)
    if label is None:  # lists of different lengths, each of which is a single part of the normal form
        runs = [_runs(message, found) for message, found in zip(some, spans, strict=True)]
        label = _merged(some, runs, lambda values: values[0] if len(set(values)) == 1 else GAP)
    return clipped(_RUN.sub(GAP, label) if label is not None else normalize_message(first), MAX_LABEL)


def _merged(
    messages: Sequence[str], spans: Sequence[Sequence[masks.Span]], share: Callable[[Sequence[str]], str]
) -> str | None:
    """The first message with what all have in each changing part; None where messages differ elsewhere."""
    pairs = [_between(message, parts) for message, parts in zip(messages, spans, strict=True)]
    kept = pairs[0][0]
    if any(other != kept for other, _ in pairs):
        return None
    shared = [share(values) for values in zip(*(changed for _, changed in pairs), strict=True)]
    return kept[0] + "".join(f"{part}{text}" for part, text in zip(shared, kept[1:], strict=True))


def _between(message: str, spans: Sequence[masks.Span]) -> tuple[list[str], list[str]]:
    """What stays of a message, and what changes between it."""
    ends = [0, *(span.end for span in spans)]
    starts = [*(span.start for span in spans), len(message)]
    kept = [message[end:start] for end, start in zip(ends, starts, strict=True)]
    return kept, [message[span.start : span.end] for span in spans]


def _runs(message: str, spans: Sequence[masks.Span]) -> list[masks.Span]:
    """``spans``, those that ``normalize_message`` makes one as one."""
    found: list[masks.Span] = []
    for span in spans:
        if found and _SEPARATING.fullmatch(message, found[-1].end, span.start):
            found[-1] = masks.Span(found[-1].start, span.end, "other")
        else:
            found.append(span)
    return found


def _shared(values: Sequence[str]) -> str:
    """What values in one place begin and end with; numbers and ids share nothing that says anything."""
    if len(set(values)) == 1:
        return values[0]
    if any(_MEANINGLESS.fullmatch(value) for value in values):
        return GAP
    begins = _whole_words(_beginning(values), values)
    turned = [value[len(begins) :][::-1] for value in values]
    begins, ends = _paired(begins, _whole_words(_beginning(turned), turned)[::-1])
    return f"{begins}{GAP}{ends}" if begins or any(character.isalnum() for character in ends) else GAP


def _paired(begins: str, ends: str) -> tuple[str, str]:
    """Both without a bracket or quote whose partner is in the part between them that differs."""
    opened, closed = _unclosed(begins, _CLOSING), _unclosed(ends[::-1], _OPENING)
    partners = zip(opened, closed, strict=False)
    pairs = sum(1 for _ in takewhile(lambda pair: _CLOSING[begins[pair[0]]] == ends[-1 - pair[1]], partners))
    begins = begins[: opened[pairs]] if pairs < len(opened) else begins
    return begins, ends[len(ends) - closed[pairs] :] if pairs < len(closed) else ends


def _unclosed(text: str, partners: Mapping[str, str]) -> list[int]:
    """Positions of brackets and quotes that are not closed, outermost first. An apostrophe within a word is neither."""
    opened: list[int] = []
    for at, character in enumerate(text):
        if character == "'" and text[at - 1 : at].isalnum() and text[at + 1 : at + 2].isalnum():
            continue
        if opened and character == partners[text[opened[-1]]]:
            opened.pop()
        elif character in partners:
            opened.append(at)
    return opened


def _whole_words(shared: str, values: Sequence[str]) -> str:
    """``shared``, which ``values`` begin with, without the part of a number or word that continues differently."""
    shared = shared.rstrip(_DIGITS + GAP)
    goes_on = any(value[len(shared) : len(shared) + 1].isalpha() for value in values)
    return shared.rstrip(_LETTERS) if goes_on else shared


def _beginning(values: Sequence[str]) -> str:
    alike = takewhile(lambda messages: len(set(messages)) == 1, zip(*values, strict=False))
    return "".join(messages[0] for messages in alike)
