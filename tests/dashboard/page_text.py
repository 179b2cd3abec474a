"""What a page's HTML says, as a reader reads it."""

from __future__ import annotations

import re
from html import unescape


def plain_text(html: str) -> str:
    """Without tags, entities and characters that have no width."""
    text = unescape(re.sub(r"<[^>]+>", "", html))
    return re.sub(r"[\u200b\u00ad\u2060]", "", text).strip()


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def finding(html: str) -> tuple[str, str]:
    """The level's label, and the sentence with its chips."""
    found = re.search(r'class="so-finding"[^>]*><b>(.*?)</b><span>(.*?)</span></div>', html, re.S)
    assert found, html[:2_000]
    headline, _, chips = found[2].partition("<em>")
    parts = [plain_text(headline).removesuffix("."), *map(plain_text, re.findall(r"<i>(.*?)</i>", chips))]
    return plain_text(found[1]), "; ".join(parts) + "."


def tiles(html: str) -> list[tuple[str, str, str]]:
    """Label, value (with a unit of time) and note of each."""
    pattern = r'<div class="so-label" title="[^"]*">(.*?)</div>\s*<div class="so-value[^"]*">(.*?)</div>\s*<div class="so-note">(.*?)</div>'
    found = []
    for label, value, note in re.findall(pattern, html, re.S):
        value, unit, _ = [*value.split("<small>"), "", ""][:3]
        text = plain_text(value) + (plain_text(unit) if "/" in unit and "min" in unit else "")
        found.append((plain_text(label), text, plain_text(note)))
    return found
