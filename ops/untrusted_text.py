"""Untrusted text on a terminal and in Markdown: shown, not interpreted.

Message bodies and error messages may hold escape sequences that move the cursor, rewrite the screen or set the window's
title, and marks that Markdown makes links, images, HTML or mentions of people of.
"""

from __future__ import annotations

import re
import unicodedata

_SHOWN = {"\n": "↵", "\r": "␍", "\t": " ", "\x1b": "␛", "\x7f": "␡"}
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of invisible characters: controls, marks of direction (which reorder the text around them), zero-width
characters (which make different IDs look alike), lone surrogates, line and paragraph separators."""
_JOINERS = "\u200c\u200d"
"""Invisible too, but emoji and whole languages need them."""
_MARKUP = re.compile(r"([\\`*_\[\]<>|~$])")
_FIRST = re.compile(r"^(?:(?=[-+#=>])|(\d+)(?=[.)]))")
"""What makes a list, a heading or a quotation at the beginning of a line."""
_LINKED = re.compile(r"://|\bwww\.|[@#]\w", re.IGNORECASE)
"""What GitHub makes a link or a mention of, though its marks are escaped (GFM specification 0.29, autolinks)."""


def safe(text: str, limit: int = 0) -> str:
    """``text`` on one line with control characters made visible; cut to ``limit`` characters when that is not 0."""
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    return "".join(_visible(character) for character in text)


def escaped(words: str, in_table: bool = False) -> str:
    """Markdown that shows ``words`` literally. A word that would become a link or a mention is a code span."""
    shown = " ".join(
        code(word, in_table) if _LINKED.search(word) else _escaped_word(word) for word in safe(words).split(" ")
    )
    return _FIRST.sub(lambda found: f"{found[1] or ''}\\", shown)


def code(words: str, in_table: bool = False) -> str:
    """A code span, whose fence is longer than any run of backticks in it. ``|`` would end a table's cell."""
    shown = safe(words).replace("|", "\\|") if in_table else safe(words)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{fence} {shown} {fence}" if len(fence) > 1 else f"`{shown}`"


def _escaped_word(word: str) -> str:
    return _MARKUP.sub(r"\\\1", word.replace("&", "&amp;"))


def _visible(character: str) -> str:
    if character in _SHOWN:
        return _SHOWN[character]
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)  # the control pictures: ␀ … ␟
    if unicodedata.category(character) in _UNSEEN and character not in _JOINERS:
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return character
