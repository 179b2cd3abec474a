"""Runbooks that are broken in one way each, with every problem that is found in them; ``GOOD`` has none."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
GOOD = (FOLDER / "good.md").read_text()


@dataclass(frozen=True)
class Broken:
    """``problems``: "LINE: TEXT", in order."""

    name: str
    text: str
    problems: tuple[str, ...]


def documents() -> tuple[Broken, ...]:
    rows = tomllib.loads((FOLDER / "broken.toml").read_text())["document"]
    return tuple(Broken(row["name"], GOOD.replace(row["old"], row["new"], 1), tuple(row["problems"])) for row in rows)
