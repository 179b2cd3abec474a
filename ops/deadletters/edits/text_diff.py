"""A unified diff that takes time in proportion to the texts; ``difflib``'s takes their square when all lines differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

CONTEXT_LINES = 3
MAX_MATCHED_LINES = 2_000
"""Lines, of both texts together, that are matched with each other; of more, those in the same place are compared."""
_Change = tuple[Literal["replace", "delete", "insert", "equal"], int, int, int, int]


def unified_diff(old: Sequence[str], new: Sequence[str], old_name: str, new_name: str) -> Iterator[str]:
    """Lines without line ends; none where the texts are the same."""
    if old == new:
        return
    yield f"--- {old_name}"
    yield f"+++ {new_name}"
    for hunk in _Matcher(old, new).get_grouped_opcodes(CONTEXT_LINES):
        first, last = hunk[0], hunk[-1]
        yield f"@@ -{_span(first[1], last[2])} +{_span(first[3], last[4])} @@"
        for what, i, j, k, m in hunk:
            if what == "equal":
                yield from (f" {line}" for line in old[i:j])
            else:
                yield from (f"-{line}" for line in old[i:j])
                yield from (f"+{line}" for line in new[k:m])


def _span(start: int, end: int) -> str:
    """The range as ``diff -u`` writes it: an empty one names the line before it."""
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


class _Matcher(SequenceMatcher[str]):
    """Compares what stands between the first and the last difference only, and of much the lines of the same place."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__(None, "", "")
        self._old, self._new = old, new

    def get_opcodes(self) -> list[_Change]:
        begin = _common(self._old, self._new)
        end = _common(self._old[begin:][::-1], self._new[begin:][::-1])
        old, new = self._old[begin : len(self._old) - end], self._new[begin : len(self._new) - end]
        if len(old) == len(new):
            inner = _by_place(old, new)
        elif len(old) + len(new) <= MAX_MATCHED_LINES:
            inner = list(SequenceMatcher(None, old, new).get_opcodes())
        else:
            inner = [("replace" if old and new else "delete" if old else "insert", 0, len(old), 0, len(new))]
        shifted = [(what, i + begin, j + begin, k + begin, m + begin) for what, i, j, k, m in inner]
        head: list[_Change] = [("equal", 0, begin, 0, begin)] if begin else []
        sizes = (len(self._old), len(self._new))
        tail: list[_Change] = [("equal", sizes[0] - end, sizes[0], sizes[1] - end, sizes[1])] if end else []
        return [*head, *shifted, *tail]


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines both begin with."""
    return next(
        (at for at, (mine, other) in enumerate(zip(old, new, strict=False)) if mine != other), min(len(old), len(new))
    )


def _by_place(old: Sequence[str], new: Sequence[str]) -> list[_Change]:
    found: list[_Change] = []
    for at, (mine, other) in enumerate(zip(old, new, strict=True)):
        same = mine == other
        begin = found.pop()[1] if found and (found[-1][0] == "equal") == same else at
        found.append(("equal" if same else "replace", begin, at + 1, begin, at + 1))
    return found
