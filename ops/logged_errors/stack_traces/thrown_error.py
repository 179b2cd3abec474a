"""One error with the errors around it, whichever language threw it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ops.fingerprints.fingerprint import WRAPPED

MAX_LINE_CHARS, MAX_LABEL_CHARS = 2_000, 200
"""Characters of a line in which a type is searched, and of what is kept of an error in a chain."""
MAX_CHAIN = 20
"""Errors of a chain that are kept, the innermost ones."""
MAX_WRAPPERS = 3
"""Errors around the root that a cause names, the innermost ones."""

_NAME = r"[A-Za-z_$][\w$.\\]*"
_CODE = r"(?: ?\[[\w-]{1,60}\]| \((?:0x)?[0-9A-Fa-f]{1,10}\))?"
"""Node.js' codes, and .NET's numbers."""
_ERROR = re.compile(
    rf"(?:^|[\s:(\[])((?:{_NAME})?(?:Error|Exception|Throwable|Failure|Fault)){_CODE}(?::[ \t]?(.*))?$",
)
_MARKED = re.compile(rf"({_NAME}(?:<[\w<>]+>)?){_CODE}(?:: ?(.*))?$")
_DOTTED = re.compile(r"([a-zA-Z_$][\w$]*(?:\.[\w$]+)+)(?:: (.*))?$")
_STARTS = re.compile(
    rf"((?:{_NAME})?(?:Error|Exception|Failure|Fault)){_CODE}: ?(.*)$|((?:{_NAME})?(?:Error|Exception))$"
    r"|([A-Z]\w*(?:::[A-Z]\w*)+): (.*)$",
    re.S,
)


@dataclass(frozen=True)
class ThrownError:
    """``location``: the innermost own frame, ``handler/jobs/train.py:88 fit``; empty where all are others'. ``chain``:
    the errors that wrapped this one, outermost first, as ``Type: message``. ``several``: it is the first of different
    ones that were thrown side by side, as by the messages of a batch."""

    error_type: str
    error_message: str
    location: str = ""
    chain: tuple[str, ...] = ()
    several: bool = False

    @property
    def label(self) -> str:
        return f"{self.error_type}: {self.error_message}".strip(": ")[:MAX_LABEL_CHARS]


def chain_errors(links: Sequence[ThrownError], others: Sequence[ThrownError] = ()) -> ThrownError:
    """The root of ``links``, which go from the outermost inwards. ``others``: errors that were thrown beside it."""
    if len(links) == 1 and not others:
        return links[0]
    links = links[-MAX_CHAIN:]
    root = links[-1]
    place = next((error.location for error in reversed(links) if error.location), "")
    different = {error.label for error in others} | {root.label}
    several = len(different) > 1
    beside = (f"first of {len(different)} different errors",) if several else ()
    wrapped = tuple(
        label for error in links[:-1] for label in (*error.chain, error.label) if label and label != root.label
    )
    chain = (*wrapped, *beside, *root.chain)[-MAX_CHAIN:]
    return replace(root, location=place, chain=chain, several=several)


def with_wrappers(message: str, chain: Sequence[str]) -> str:
    """A root's message and what wrapped it, as a cause has them: ``refused ← TypeError: fetch failed``."""
    return WRAPPED.join((message, *reversed(chain[-MAX_WRAPPERS:])))


def split_type(text: str) -> tuple[str, str] | None:
    """Type and message of a text that starts with an error's type."""
    found = _STARTS.match(text[:MAX_LINE_CHARS].strip())
    return (found[1] or found[3] or found[4], " ".join((found[2] or found[5] or "").split())) if found else None


def error_in_lines(lines: Sequence[str], marked: bool = False) -> tuple[str, str]:
    """Type and message by the lines before the first frame: the last one that names an error, and what follows it.

    ``marked``: the first line starts with a type for certain, as after "Caused by:".
    """
    some = [line[:MAX_LINE_CHARS].rstrip() for line in lines]
    if marked and some and (found := _MARKED.match(some[0].strip())):
        return found[1], _joined(found[2], some[1:])
    for shape in (_ERROR.search, _DOTTED.match):
        for at in range(len(some) - 1, -1, -1):
            if found := shape(some[at].strip()):
                return found[1], _joined(found[2], some[at + 1 :])
    return "", next((line.strip() for line in reversed(some) if line.strip()), "")


def _joined(first: str | None, more: Sequence[str]) -> str:
    return " ".join(" ".join([first or "", *more[:5]]).split())
