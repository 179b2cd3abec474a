"""Which errors are the same: error type, message without what changes, and place in the code.

A fingerprint is ten hex digits, the same in every process and on every machine. Line numbers are left out of it, so
that a cause stays the same cause when the function is deployed anew.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import takewhile
from string import ascii_letters

from ops.deadletters.letter import WRAPPED

GAP = "…"
LONGEST_READ, LONGEST = 2_000, 300
"""Characters of a message that are looked at, and of what is kept of it."""
ENOUGH = 200
"""Messages from which a group's label is made: more would not change it."""
REMEMBERED = 10_000
"""Messages whose fingerprint is not worked out anew. Where each letter has its own, remembering more would not help."""
_DIGITS, _LETTERS = "0123456789", ascii_letters
_CHANGING = re.compile(
    r"""
      …
    | (?:Expecting\ [^\n]{1,60}?|Unterminated\ string\ starting\ at|Invalid\ [^:\n]{1,40}|Extra\ data)
        :\ line\ \d+\ column\ \d+\ \(char\ \d+\)                                    # where JSON broke off: Python,
    | Unexpected\ (?:token\ [^\n]{1,40}\ at\ position\ \d+|end\ of\ JSON\ input)       # Node.js
    | (?<!\w)'[^'\n]*'(?!\w) | "[^"\n]*" | `[^`\n]*`                               # quoted values
    | \b[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>|]+ | \barn:[\w-]+:[^\s"'<>|]+             # addresses
    | (?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+                                    # e-mail addresses
    | \d{4}-\d\d-\d\d(?:[T\ ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?  # timestamps
    | (?<![\w/.])~?(?:/[\w.@%+=:-]+){2,}/? | \b[A-Z]:\\[^\s"'<>|]+                    # paths
    | \b[A-Za-z0-9+/]{32,}={0,2}                                                   # base64
    | (?<![\w-])[\w-]*\d(?:[.,:]?[\w-])*                                           # numbers, ids, hex
    """,
    re.VERBOSE,
)
"""What differs between two occurrences of one error."""
_RUN = re.compile(rf"{GAP}(?:[\s,;:=|()\[\]{{}}<>&/-]*{GAP})+")
_MEANINGLESS = re.compile(r"[0-9.,:+-]+|(?=[a-f-]*\d)[0-9a-f-]{8,}")
_LINE_NUMBER = re.compile(r":\d+(?= |$)")


@lru_cache(maxsize=REMEMBERED)
def normalised(message: str) -> str:
    """``message`` without what changes from one occurrence to the next: numbers, ids, quoted values, paths, times."""
    bare = " ".join(_CHANGING.sub(GAP, message[:LONGEST_READ]).split())
    return _RUN.sub(GAP, bare)[:LONGEST]


def fingerprint(error_type: str, error_message: str, location: str = "") -> str:
    """Ten hex digits: the same for errors of one type, one message (but for what changes) and one place, whatever
    wrapped them."""
    root, _, _ = error_message.partition(WRAPPED)
    return _digest(error_type, normalised(root), _LINE_NUMBER.sub("", location))


@lru_cache(maxsize=REMEMBERED)
def _digest(*parts: str) -> str:
    return blake2b("\n".join(parts).encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def common(messages: Sequence[str]) -> str:
    """What messages of one fingerprint share, with "…" for what differs: ``s3://b/data/….csv is not there``."""
    some = [" ".join(message[:LONGEST_READ].split())[: LONGEST * 2] for message in messages[:ENOUGH]]
    first = some[0]
    if all(message == first for message in some):
        return first
    slots = [_CHANGING.findall(message) for message in some]
    if len({len(found) for found in slots}) > 1:
        return normalised(first)
    shared = iter([_shared(values) for values in zip(*slots, strict=True)])
    return _RUN.sub(GAP, _CHANGING.sub(lambda _: next(shared), first))[: LONGEST * 2]


def _shared(values: Sequence[str]) -> str:
    """What values in one place begin and end with; numbers and ids share nothing that says anything."""
    if len(set(values)) == 1:
        return values[0]
    if any(_MEANINGLESS.fullmatch(value) for value in values):
        return GAP
    begins = _whole_words(_beginning(values), values)
    turned = [value[len(begins) :][::-1] for value in values]
    ends = _whole_words(_beginning(turned), turned)[::-1]
    return f"{begins}{GAP}{ends}" if begins or any(character.isalnum() for character in ends) else GAP


def _whole_words(shared: str, values: Sequence[str]) -> str:
    """``shared``, which ``values`` begin with, without the part of a number or word that goes on differently."""
    shared = shared.rstrip(_DIGITS + GAP)
    goes_on = any(value[len(shared) : len(shared) + 1].isalpha() for value in values)
    return shared.rstrip(_LETTERS) if goes_on else shared


def _beginning(values: Sequence[str]) -> str:
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*values, strict=False))
    return "".join(letters[0] for letters in alike)
