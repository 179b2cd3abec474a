"""What the kills of a runbook's run are judged by, and the runbooks that are killed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.runbooks import paper, validate


@dataclass
class Figures:
    kills: int = 0
    kills_while_moving: int = 0
    repeated_effects: int = 0
    lost_records: int = 0
    lost_messages: int = 0
    stuck: int = 0


def page_of(find: str, *steps: str) -> str:
    """A runbook of these blocks, with its commands on paper."""
    blocks = [f"```check\n{find}```\n", *(f"```step\n{step}```\n" for step in steps)]
    front = "title: Chaos\nseverity: ticket\nowner: me\nescalation: me\nredrive: {idempotent: true, why: it is}\n"
    text = f"---\n{front}---\n## Meaning\n## Impact\n## Diagnosis\n## Mitigation\n{''.join(blocks)}"
    parsed, problems = validate.read("chaos", "chaos.md", text, with_paper=False)
    assert not problems, problems
    return paper.written(parsed)


def entries(home: Path) -> list[dict[str, Any]]:
    """The records of the runs, line by line; empty for a line that is not JSON."""
    found: list[dict[str, Any]] = []
    for record in sorted(home.glob("runbooks/*/record.jsonl")):
        for line in record.read_text().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                found.append({})
    return found
