"""The README's table of rules is the registry's."""

from __future__ import annotations

import re
from pathlib import Path

from ops.doctor import registry

ROOT = Path(registry.__file__).parents[2]


def test_the_table_has_every_rule() -> None:
    text = (ROOT / "ops/doctor/README.md").read_text()
    rows = re.findall(r"^\| `(.+?)` \| (\w+) \| (.+?) \| \[(.+?)\]\((.+?)\) \|$", text, re.MULTILINE)
    assert rows == [
        (rule.id, rule.severity.label, rule.checks, rule.source.title, rule.source.url) for rule in registry.RULES
    ]


def test_the_number_of_rules() -> None:
    assert f"[{len(registry.RULES)} rules](doctor/README.md)" in (ROOT / "ops/README.md").read_text()
