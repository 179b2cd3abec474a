"""Setting, adding and removing values in a JSON text, written as the text around them is.

Of a key that an object has twice, parsers take the last one. That one is set; all of them are removed, since the one
before would take its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.deadletters.edits import json_roundtrip
from ops.deadletters.edits.json_roundtrip import Change, JsonValue

_UNSENDABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
"""A lone surrogate cannot be encoded, and SQS refuses U+FFFE and U+FFFF (botocore 1.44.5 model, 2026-11)."""
_STYLE_LEVELS = 8
"""Levels that are searched for the style of a text."""
_INDENTATION = re.compile(r"[ \t]*+")


@dataclass(frozen=True)
class Style:
    """How a text is written. ``comma``, ``colon``: with the spaces around them; ``unit``: what a level is indented by,
    None when items are not on lines of their own; ``newline``: how lines end."""

    comma: str
    colon: str
    unit: str | None
    newline: str


class Document:
    """A JSON text to be changed. Raises ValueError as ``parse_document`` does."""

    def __init__(self, text: str, style: Style | None = None) -> None:
        self.text = text
        self.root = json_roundtrip.parse_document(text)
        self._style = style

    @property
    def style(self) -> Style:
        if self._style is None:
            self._style = _style(self.text, self.root)
        return self._style

    def parts(self, holder: JsonValue) -> list[JsonValue]:
        return json_roundtrip.parse_members(self.text, holder)

    def set(self, part: JsonValue, value: Any) -> Change:
        return Change(part.start, part.end, self._written(value, part.begin))

    def add(self, holder: JsonValue, members: Sequence[JsonValue], new: Mapping[str, Any]) -> Change:
        """New members at the end of an object."""
        if not members:
            return self._fill(holder, new)
        lead, last = self._lead(holder, members), members[-1]
        written = (f"{lead}{self._named(key)}{self._written(value, last.begin)}" for key, value in new.items())
        return Change(last.end, last.end, "".join(written))

    def _fill(self, holder: JsonValue, new: Mapping[str, Any]) -> Change:
        unit = self.style.unit
        if unit is None:
            written = (f"{self._named(key)}{self._written(value, holder.begin)}" for key, value in new.items())
            return Change(holder.start, holder.end, f"{{{self.style.comma.join(written)}}}")
        end = self.style.newline + self._indentation(holder.begin)
        written = (
            f"{end}{unit}{self._named(key)}{self._written(value, holder.begin, unit)}" for key, value in new.items()
        )
        return Change(holder.start, holder.end, f"{{{','.join(written)}{end}}}")

    def _lead(self, holder: JsonValue, members: Sequence[JsonValue]) -> str:
        """What stands before a further member: what stands between the last two, or before the only one."""
        if len(members) > 1:
            return self.text[members[-2].end : members[-1].begin]
        first = self.text[holder.start + 1 : members[0].begin]
        return f",{first}" if "\n" in first else self.style.comma

    def _named(self, key: str) -> str:
        return f"{self._dumped(key)}{self.style.colon}"

    def _written(self, value: Any, at: int, deeper: str = "") -> str:
        """``value`` as it is written in the line of ``at``, or in one that is indented ``deeper``."""
        if not value or not isinstance(value, dict | list):
            return self._dumped(value)
        style = self.style
        if style.unit is None:
            return self._dumped(value, separators=(style.comma, style.colon))
        lines = self._dumped(value, indent=style.unit, separators=(",", style.colon))
        return lines.replace("\n", f"{style.newline}{self._indentation(at)}{deeper}")

    def _dumped(self, value: Any, **how: Any) -> str:
        """The value as JSON; non-ASCII characters are escaped if the original text is ASCII throughout."""
        escaped = json.dumps(value, **how)
        if "\\u" not in escaped or self.text.isascii():
            return escaped
        plain = json.dumps(value, ensure_ascii=False, **how)
        return escaped if _UNSENDABLE.search(plain) else plain

    def _indentation(self, at: int) -> str:
        line = self.text.rfind("\n", 0, at) + 1
        return _INDENTATION.match(self.text, line)[0]  # type: ignore[index]  # it matches everywhere


def merge_patch(text: str, patch: Any) -> str:
    """``text`` after a JSON merge patch (RFC 7396): objects are merged, null takes a key away, anything else replaces.
    Raises ValueError as ``parse_document`` does."""
    document = Document(text)
    style = document.style
    text = json_roundtrip.apply_changes(text, _replacements(document, document.root, patch))
    document = Document(text, style)
    return json_roundtrip.apply_changes(text, _additions(document, document.root, patch))


def _replacements(document: Document, target: JsonValue, patch: Any) -> Iterator[Change]:
    if not isinstance(patch, Mapping) or not isinstance(target.value, dict):
        yield document.set(target, _without_nulls(patch))
        return
    members = document.parts(target)
    gone = {key for key, value in patch.items() if value is None}
    yield from _removals(target, members, gone)
    for part in _last(members):
        if part.key in patch and part.key not in gone:
            yield from _replacements(document, part, patch[part.key])


def _additions(document: Document, target: JsonValue, patch: Any) -> Iterator[Change]:
    if not isinstance(patch, Mapping) or not isinstance(target.value, dict):
        return
    members = document.parts(target)
    new = {key: _without_nulls(value) for key, value in patch.items() if key not in target.value and value is not None}
    if new:
        yield document.add(target, members, new)
    for part in _last(members):
        if part.key in patch:
            yield from _additions(document, part, patch[part.key])


def _last(members: Iterable[JsonValue]) -> Iterable[JsonValue]:
    return {part.key: part for part in members}.values()


def _removals(holder: JsonValue, members: Sequence[JsonValue], gone: set[str]) -> Iterator[Change]:
    """Each member with one comma: the one before it, or after it where no other stays before it."""
    if members and all(part.key in gone for part in members):
        yield Change(holder.start + 1, holder.end - 1, "")
        return
    stays = False
    for number, part in enumerate(members):
        if part.key not in gone:
            stays = True
        elif stays:
            yield Change(members[number - 1].end, part.end, "")
        else:
            yield Change(part.begin, members[number + 1].begin, "")


def _without_nulls(patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return patch
    return {key: _without_nulls(value) for key, value in patch.items() if value is not None}


def _style(text: str, root: JsonValue) -> Style:
    """The style of the text, judged by the first items on the way down from the root."""
    comma = colon = newline = ""
    unit: str | None = None
    holder, above = root, ""
    for _ in range(_STYLE_LEVELS):
        items = json_roundtrip.parse_members(text, holder) if isinstance(holder.value, dict | list) else []
        if not items:
            break
        first = text[holder.start + 1 : items[0].begin]
        if "\n" in first and unit is None:
            newline = "\r\n" if "\r\n" in first else "\n"
            unit = first.rpartition("\n")[2].removeprefix(above)
        if not colon and isinstance(holder.value, dict):
            colon = _between(text, json_roundtrip.after_string(text, items[0].begin), items[0].start)
        if not comma and len(items) > 1:
            comma = _between(text, items[0].end, items[1].begin)
        if comma and colon:
            break
        holder = items[0]
    spaced = comma.endswith(" ") or colon.endswith(" ") or not (comma or colon)
    comma = comma or (", " if spaced else ",")
    return Style(comma, colon or (": " if spaced else ":"), unit, newline or "\n")


def _between(text: str, start: int, end: int) -> str:
    """A comma or colon with the spaces around it, in one line."""
    return "".join(sign for sign in text[start:end] if sign not in "\r\n\t")
