"""The Markdown files of the repository, and what they name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^ *```[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_NOT_OURS = ("egg-info", "node_modules", "__pycache__")


@cache
def paths() -> frozenset[str]:
    """Every file and folder, from the root, without what is hidden or made by tools."""
    found = set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".") and not name.endswith(_NOT_OURS)]
        here = Path(folder).relative_to(ROOT)
        found |= {(here / name).as_posix() for name in (*folders, *files)}
    return frozenset(found)


@cache
def documents() -> dict[str, str]:
    """Path from the root to text."""
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in sorted(paths()) if name.endswith(".md")}


def prose(text: str) -> str:
    return _FENCE.sub("", text)


def code(text: str) -> Iterator[str]:
    """Each line of its code blocks, continued lines joined, and each piece of code in its prose."""
    for block in _FENCE.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose(text))


def ops_lines(line: str) -> Iterator[list[str]]:
    """The calls of ``ops`` in a line of code, as words; prompts, comments and what a pipe leads to are cut off."""
    for call in re.findall(r"(?:^|\$ |\$\(|&& |; )(ops [^#|)&;]+)", line.replace("\\|", "/").strip()):
        yield re.sub(r"\[([^]]*)\]", r"\1", call).split()


def anchors(text: str) -> set[str]:
    """Of its headings, as code hosts make them: words in small letters, joined by hyphens."""
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in re.findall(r"^#+ (.+)$", prose(text), re.M))
    return {re.sub(r"[^\w\- ]", "", heading.lower().strip()).replace(" ", "-") for heading in plain}
