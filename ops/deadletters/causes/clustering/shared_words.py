"""Whether shapes have words in common: a cluster that is put together by chance is not a group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

CORE_SHARE = 0.8
"""Share of a group's messages that have a word which the group is alike in."""
OWN_SHARE, SHARED_SHARE = 0.25, 0.5
"""Of a member's words at least so many are the group's; and of the group's words it has at least so many."""
FORMS = frozenset({"text", "markup", "not-json", "large-json", "no-words", "base64"})
"""Words that only describe a body's format."""
MIN_OVERLAP = 0.5
"""Share of the words of two shapes that both have."""
MAX_COMPARED = 200
"""Groups by words that are opened; a message that is like none of them is an outlier."""


def core_words(members: Iterable[str], counts: Mapping[str, int]) -> list[str]:
    """Words that most messages of these shapes have."""
    inside: Counter[str] = Counter()
    total = 0
    for text in members:
        inside.update(dict.fromkeys(text.split(), counts[text]))
        total += counts[text]
    return [word for word, count in inside.items() if count >= CORE_SHARE * total]


def alike_in(members: list[str], counts: Mapping[str, int]) -> list[str]:
    """The members that have what most of them have in common; none where that is nothing, or next to nothing."""
    if len(members) == 1:
        return members
    common = {*core_words(members, counts)} - FORMS
    return [text for text in members if _is_like(set(text.split()) - FORMS, common)]


def _is_like(words: set[str], common: set[str]) -> bool:
    both = len(words & common)
    return both > 0 and both >= OWN_SHARE * len(words) and both >= SHARED_SHARE * len(common)


def by_words(shapes: Iterable[str], counts: Mapping[str, int]) -> list[list[str]]:
    """Shapes put to the first one that they share most words with, the most frequent first."""
    groups: list[tuple[set[str], list[str]]] = []
    for text in sorted(shapes, key=lambda text: (-counts[text], text)):
        words = set(text.split())
        near = (group for group in groups if _likeness(words - FORMS, group[0] - FORMS) >= MIN_OVERLAP)
        if (group := next(near, None)) is not None:
            group[1].append(text)
        elif len(groups) < MAX_COMPARED:
            groups.append((words, [text]))
    return [group for _, group in groups]


def _likeness(some: set[str], others: set[str]) -> float:
    return len(some & others) / len(some | others) if some and others else 0.0
