"""Each IAM action that ``ops.aws`` calls for is in a README, so that a role can be written from it."""

from __future__ import annotations

import re
from pathlib import Path

import ops.aws

ROOT = Path(ops.aws.__file__).parents[2]
CALL = re.compile(r"\baws\.(\w+?)_?\.(?:get_paginator\(\"(\w+)\"|(\w+)\()")
DOCUMENTS = ("ops/README.md", "ops/alarms/README.md", "ops/runbooks/actions/README.md")
PLANS = ROOT / "ops/deadletters/plans/requirements.py"
"""What sends: ``ops dlq plan --permissions`` prints the actions, for the plan's own queues and keys."""


def test_each_action_is_documented() -> None:
    text = "\n".join(path.read_text() for path in (*(ROOT / name for name in DOCUMENTS), PLANS))
    documented = set(re.findall(r"\b[A-Z]\w+", text))
    called = {
        (service, paged or method)
        for path in sorted(Path(ops.aws.__file__).parent.rglob("*.py"))
        for service, paged, method in CALL.findall(path.read_text())
    }
    assert len(called) > 50, "the calls are recognized"
    assert {
        f"{service}:{action}" for service, method in called if (action := _action(method)) not in documented
    } == set()


def _action(method: str) -> str:
    """IAM names an invocation by its function, and SQS's batch calls by the single one (``iam_actions`` has the source)."""
    named = "".join(word.capitalize() for word in method.split("_")).removesuffix("Batch")
    return {"Invoke": "InvokeFunction"}.get(named, named)
