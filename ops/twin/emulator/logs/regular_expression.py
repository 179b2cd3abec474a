"""The regular expressions of CloudWatch Logs' filter patterns, searched in time that grows with the message alone.

Stands for: "Supported regular expressions syntax" (CloudWatch Logs user guide, regex-expressions, read 2026-11):
``^ $ ? [] {m,n} | * + .``, ``\\d \\D \\s \\S \\w \\W \\xHH`` and escaped signs; no brackets ``()``, and ASCII
only. Leaves out: AWS's refusal of ``!`` and some more signs, which match themselves here.

Python's ``re`` tries one way after the other, and ``%a*a*a*b%`` on a long line would keep the emulator busy for hours.
Here all ways are followed at once: a set of places in the expression, and for each character the set that comes next.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

MAX_POSITIONS = 1024
"""Characters that an expression may stand for with its counts written out; the number is ours."""
_KEPT_SETS = 2000
_PART = re.compile(
    r"(?P<atom>\[\^?\]?(?:\\.|[^\]\\])*\]|\\x[0-9A-Fa-f]{2}|\\[dDsSwW]|\\[^A-Za-z0-9]|\.|[^\[\\^$?{}*+|().])"
    r"(?:(?P<sign>[?*+])|\{(?P<least>\d{1,4})(?P<comma>,(?P<most>\d{0,4}))?\})?",
    re.DOTALL,
)


class ExpressionError(ValueError):
    """The expression is not one that CloudWatch Logs takes."""


@dataclass(frozen=True)
class PatternPosition:
    """One character of the expression: which ones fit, whether it may be left out, and whether it may be repeated."""

    fits: Callable[[str], object]
    optional: bool = False
    repeated: bool = False


class Expression:
    def __init__(self, text: str) -> None:
        """Raises ExpressionError."""
        if not text.isascii():
            raise ExpressionError("characters beyond ASCII are not supported")
        self._places: list[PatternPosition | None] = []  # None: the end of an alternative
        self._anywhere: set[int] = set()  # where alternatives begin
        self._at_start: set[int] = set()
        self._at_end: set[int] = set()  # ends that count at the end of the message only
        for alternative in _alternatives(text):
            self._add(alternative)
        self._one_at_a_time = threading.Lock()  # the sets that are kept are shared
        self._forget()

    def search(self, message: str) -> bool:
        """Whether it matches anywhere in the message."""
        with self._one_at_a_time:
            return self._search(message)

    def _search(self, message: str) -> bool:
        current = self._first
        if self._found[current]:
            return True
        for character in message:
            following = self._next[current].get(character)
            current = self._step(current, character) if following is None else following
            if self._found[current]:
                return True
        return any(self._places[place] is None for place in self._sets[current])

    def _add(self, text: str) -> None:
        begin = len(self._places)
        (self._at_start if text.startswith("^") else self._anywhere).add(begin)
        ends = text.endswith("$") and (len(text) - len(text[:-1].rstrip("\\"))) % 2 == 1
        body = text.removeprefix("^")[: -1 if ends else None]
        position = 0
        while position < len(body):
            part = _PART.match(body, position)
            if part is None:
                raise ExpressionError(f"what is meant by {body[position : position + 20]}")
            self._places += _places(part)
            position = part.end()
            if len(self._places) > MAX_POSITIONS:
                raise ExpressionError(f"it stands for more than {MAX_POSITIONS} characters")
        if ends:
            self._at_end.add(len(self._places))
        self._places.append(None)

    def _step(self, current: int, character: str) -> int:
        reached = set(self._anywhere)
        for number in self._sets[current]:
            place = self._places[number]
            if place is not None and place.fits(character):
                reached.add(number if place.repeated else number + 1)
        if len(self._sets) > _KEPT_SETS:
            self._forget()
            return self._number(reached)
        following = self._number(reached)
        self._next[current][character] = following
        return following

    def _forget(self) -> None:
        self._sets: list[frozenset[int]] = []
        self._numbers: dict[frozenset[int], int] = {}
        self._next: list[dict[str, int]] = []
        self._found: list[bool] = []
        self._first = self._number(self._anywhere | self._at_start)

    def _number(self, reached: Iterable[int]) -> int:
        """The number of a set of places, with those that follow what may be left out."""
        whole = set(reached)
        for number in sorted(whole):
            while (place := self._places[number]) is not None and place.optional:
                number += 1
                whole.add(number)
        known = frozenset(whole)
        if known not in self._numbers:
            self._numbers[known] = len(self._sets)
            self._sets.append(known)
            self._next.append({})
            ends = (number for number in known if self._places[number] is None)
            self._found.append(any(number not in self._at_end for number in ends))
        return self._numbers[known]


def _alternatives(text: str) -> list[str]:
    """Cut at each ``|`` that is not part of a class or an escape."""
    return re.findall(r"((?:\[\^?\]?(?:\\.|[^\]\\])*\]|\\.|[^|\[\\]|[\[\\])*)(?:\||$)", text)[: text.count("|") + 1]


def _places(part: re.Match[str]) -> list[PatternPosition]:
    try:
        fits = re.compile(part["atom"]).fullmatch
    except re.error as error:
        raise ExpressionError(str(error)) from error
    least, most = _counts(part)
    if most is not None and most < least:
        raise ExpressionError(f"{part[0]} counts backwards")
    if max(least, most or 0) > MAX_POSITIONS:
        raise ExpressionError(f"it stands for more than {MAX_POSITIONS} characters")
    wanted = [PatternPosition(fits)] * least
    if most is None:
        return [*wanted, PatternPosition(fits, optional=True, repeated=True)]
    return [*wanted, *[PatternPosition(fits, optional=True)] * (most - least)]


def _counts(part: re.Match[str]) -> tuple[int, int | None]:
    if part["sign"]:
        return {"?": (0, 1), "*": (0, None), "+": (1, None)}[part["sign"]]
    if part["least"] is None:
        return 1, 1
    least = int(part["least"])
    if part["comma"] is None:
        return least, least
    return least, int(part["most"]) if part["most"] else None
