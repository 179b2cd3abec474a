"""How a line of text starts: its level, the request it belongs to, and where its own words start.

A level is a word in the beginning of a line, among times, names and brackets. The same word later in the line is text:
"got ERROR from the server" is no error line.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ops.deadletters.causes.logs import severity
from ops.deadletters.causes.logs.log_shapes import LINE_PREFIXES, SHOUTED, UUID
from ops.deadletters.causes.logs.severity import Severity
from ops.logged_errors.terminal_colors import COLOUR

_BEGINNING = 600
"""Characters in which a level is searched."""
_PIECES = 14
_BLANK = re.compile(r"(?:\s|\x1b\[[\d;]{0,12}m|\||[>*,;-](?=\s|$|\[)|---)+")
_PIECE = re.compile(r"\[(?P<square>[^\[\]\n]{0,120})\]|\([^()\n]{0,80}\)|<\d{1,3}>\d?|(?P<word>[^\s|\[\]()<>]{1,160})")
_TIME = re.compile(r"\d[\d:.,TZ/+-]*(?:ms|s|[AP]M)?$|[AaPp][Mm]$|[A-Z]{3}$|[A-Z][a-z]{2},?$|[+-]\d\d:?\d\d$")
_PRECISE = re.compile(r"\d[.,]\d{3}")
"""Fractions of a second: loggers write them before a name; Go's log.Printf, which has no levels, does not."""
_THROWN = re.compile(r"[\w.$:\\]+(?:Error|Exception|Failure|Fault):$")
"""The type of an error, behind which a reason follows and no level."""
_TYPE = re.compile(r"[\w.$\\]*(?:Error|Exception|Failure|Fault): |[A-Z]\w*(?:::[A-Z]\w*)+: ")
"""What looks like a logger's name and is the error's own."""
_IDENTIFIER = re.compile(rf"{UUID}$", re.IGNORECASE)
_PARTS = re.compile(r"[:/]")
_SURE_OF_ITSELF = frozenset({"ERROR", "FATAL", "INFO", "WARN", "WARNING", "DEBUG", "TRACE"})
_AFTER = (
    re.compile(r"(?:\[[^\]\n]{0,200}\] )?\d{1,7} --- (?:\[[^\]\n]{0,200}\] ){0,3}[^\s:]{1,200} *: "),  # Spring Boot
    re.compile(r"in [\w.]{1,160}: |[\w.]{1,160}\|"),  # Flask, NLog
    re.compile(
        r"\[[\w.$]{1,160}\] \([^()\n]{1,80}\) |(?:\[[\d:. ]{4,40}\] )?\(\d{1,7}[^()\n]{0,80}\): "
    ),  # Quarkus, pino
    re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.,]{5,15}Z? "),
    re.compile(r"(?:\[[^\]\n]{0,120}\] ?)?(?:\([^)\n]{0,120}\) ?)?(?:[\w.$/:<>-]{1,160} ){0,2}- "),  # log4j2, logback
    re.compile(r"(?:[^\n{}:]{0,120}(?:\{[^{}\n]{0,500}\}:? ?){1,4})?(?:[\w-]{1,60}(?:::[\w-]{1,60}){0,8}): "),  # Rust
)
"""What loggers write between the level and a line's own words."""
_REQUEST = re.compile(rf"(?:\[?(?:[rR]equest_?[iI]d|REQUEST_ID)[:=] ?{UUID}\]?|{UUID})[\s:,-]{{1,4}}")


_WARNS = re.compile(r"\(node:\d+\) (?:\[\w+\] )?(?:\w*Warning|NOTE)\b")
"""Node.js logs its own deprecations at the level of errors."""


_PHP = "NOTICE: PHP message: "
"""PHP-FPM's level for any message of PHP."""


class LinePrefix(NamedTuple):
    """``own``: a line's own words. ``word``: the level as it was written."""

    severity: Severity
    word: str = ""
    request_id: str = ""
    own: str = ""


def parse_prefix(text: str) -> LinePrefix:
    """The beginning of ``text``, which has no severity where no level is in it."""
    text = text.removeprefix(_PHP)
    for shape in LINE_PREFIXES:
        found = shape.match(text)
        if found and (stated := severity.of_head(found["level"])) is not Severity.UNSAID:
            request = found.groupdict().get("request") or ""
            own = text[found.end() :]
            return LinePrefix(Severity.FINE if _WARNS.match(own) else stated, found["level"], request, own)
    return _by_pieces(text)


def _by_pieces(text: str) -> LinePrefix:
    """Reads words and bracketed pieces from the left until one is a level, or until the line's own words start.

    ``timed``: a time was read, ``precise``: with fractions of a second; ``name``: the logger's; ``padded``: the word is set
    off, as levels in columns are. Each makes it likelier that a word is a level.
    """
    beginning = text[:_BEGINNING]
    at, timed, precise, name, request = 0, False, False, "", ""
    for number in range(_PIECES):
        gap = _BLANK.match(beginning, at)
        before = gap[0] if gap else ""
        at += len(before)
        piece = _PIECE.match(beginning, at)
        if piece is None or ("\n" in before and number):
            break
        at = piece.end()
        inside = piece["square"]
        if inside is not None:
            if level := _in_brackets(inside):
                return _head(level, text, at, request)
            timed = timed or any(map(_TIME.match, inside.split()[:2]))
            precise = precise or bool(_PRECISE.search(inside))
            continue
        word = piece["word"]
        if word is None:
            continue
        after = beginning[at : at + 2]
        padded = len(before) > 1 or after == "  " or after[:1] in ("[", "|") or word.endswith(":")
        if _is_level(word, number, timed, padded) and (not name or padded or precise):
            return _head(word.rstrip(":"), text, at, request)
        if name or (number == 0 and _THROWN.match(word)):
            break
        precise = precise or bool(_PRECISE.search(word))
        request = word.lower() if _IDENTIFIER.match(word) else request
        if _TIME.match(word) or _IDENTIFIER.match(word) or word.endswith((":", "=")) or "=" in word:
            timed = timed or word[0].isdigit()
        elif beginning[at : at + 3].strip() not in ("-", "|", "--") and not after.startswith("|"):
            if not timed:
                break
            name = "" if any(mark in word for mark in "._/-:#@") else word
    return LinePrefix(Severity.UNSAID, own=text)


def _in_brackets(inside: str) -> str:
    words = inside.split()
    parts = (part for word in words for part in _PARTS.split(word))
    return next((p for p in parts if severity.of_word(p) is not Severity.UNSAID), "") if len(words) <= 3 else ""


def _is_level(word: str, number: int, timed: bool, padded: bool) -> bool:
    bare = COLOUR.sub("", word).rstrip(":")
    if severity.of_word(bare) is Severity.UNSAID or bare == "panic":
        return False  # Go's "panic: " is no logger's level
    if bare.isupper():
        return timed or padded or bare in _SURE_OF_ITSELF or (number > 0 and bare in SHOUTED)
    return padded if timed else word.endswith(":") and bare.islower()


def _head(level: str, text: str, at: int, request: str) -> LinePrefix:
    own = text[at:].lstrip(" \t|:-]>")
    for shape in _AFTER:
        if (found := shape.match(own)) and not _TYPE.match(own):
            own = own[found.end() :]
            break
    if found := _REQUEST.match(own):
        own = own[found.end() :]
    stated = Severity.FINE if _WARNS.match(own) else severity.of_word(level)
    return LinePrefix(stated, level, request, own)
