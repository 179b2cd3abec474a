"""The summary of a finding in every format."""

from __future__ import annotations

from ops import formatting
from ops.cli.output.sanitize import safe
from ops.doctor.examination import Examination, RuleFinding
from ops.doctor.rule import RuleSeverity

HEADINGS = {RuleSeverity.CRITICAL: "Critical", RuleSeverity.WARNING: "Warning", RuleSeverity.ADVICE: "Advice"}


def summary(examination: Examination) -> str:
    """``2 critical, 1 warning · 48 rules passed · 4 not checked``."""
    counts = ((RuleSeverity.CRITICAL, "critical"), (RuleSeverity.WARNING, "warning"), (RuleSeverity.ADVICE, "advice"))
    words = [
        formatting.count(examination.count(severity), word, "warnings" if word == "warning" else word)
        for severity, word in counts
        if examination.count(severity)
    ]
    fine = formatting.count(len(examination.fine), "rule")
    unchecked = f" · {len(examination.not_checked)} not checked" if examination.not_checked else ""
    return f"{', '.join(words) or 'no findings'} · {fine} passed{unchecked}"


def change(finding: RuleFinding) -> str:
    """The change: properties in a template, otherwise the command."""
    both = finding.change
    return both.cloudformation if finding.line else both.cli or both.cloudformation


def sentence(text: str) -> str:
    """Starting with a capital, unless the first word is a name."""
    return safe(formatting.sentence(text))
