"""The findings on a terminal, the worst first, each with its change."""

from __future__ import annotations

from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from ops import formatting
from ops.cli.output.sanitize import safe
from ops.doctor.examination import DoctorReport, Examination, Finding
from ops.doctor.rule import Severity

STYLES = {Severity.CRITICAL: "bold red", Severity.WARNING: "yellow", Severity.ADVICE: "dim"}
HEADINGS = {Severity.CRITICAL: "Critical", Severity.WARNING: "Warning", Severity.ADVICE: "Advice"}


def show(report: DoctorReport) -> None:
    console = Console(highlight=False)
    for examination in report.workloads:
        _examination(console, report, examination)
    for note in report.notes:
        console.print(Text(f"note: {safe(note)}", style="dim"))


def _examination(console: Console, report: DoctorReport, examination: Examination) -> None:
    title = Text(safe(examination.workload), style="bold")
    title.append(f" · {safe(report.template or report.place)}", style="dim")
    console.print(title)
    console.print(Text(summary(examination), style="dim"))
    for severity in Severity:
        found = [one for one in examination.findings if one.severity is severity]
        if found:
            console.print()
            console.print(Text(HEADINGS[severity], style=STYLES[severity]))
            for _, same in groupby(found, key=lambda one: one.rule):
                _findings(console, safe(report.template), list(same))
    if examination.not_checked:
        console.print()
        console.print(Text("Not checked", style="dim"))
        _unchecked(console, examination)
    console.print()


def summary(examination: Examination) -> str:
    """``2 critical, 1 warning · 48 rules fine · 4 not checked``."""
    counts = ((Severity.CRITICAL, "critical"), (Severity.WARNING, "warning"), (Severity.ADVICE, "advice"))
    words = [
        formatting.count(examination.count(severity), word, "warnings" if word == "warning" else word)
        for severity, word in counts
        if examination.count(severity)
    ]
    fine = formatting.count(len(examination.fine), "rule")
    unchecked = f" · {len(examination.not_checked)} not checked" if examination.not_checked else ""
    return f"{', '.join(words) or 'no findings'} · {fine} fine{unchecked}"


def _findings(console: Console, template: str, findings: list[Finding]) -> None:
    """Those of one rule, with what they share once."""
    first = findings[0]
    for finding in findings:
        head = Text(_sentence(finding.text))
        where = f" · {template}:{finding.line}" if finding.line else ""
        head.append(f"  {finding.rule}{where}", style="dim")
        _indented(console, head, 2)
    _indented(console, Text(safe(first.consequence)), 4)
    for change in dict.fromkeys(map(_change, findings)):
        console.print(Text(f"    {change}"), soft_wrap=True)  # in one piece, to be copied
    _indented(console, Text(f"From: {first.source.title}", style="dim"), 4)


def _indented(console: Console, text: Text, columns: int) -> None:
    console.print(Padding(text, (0, 0, 0, columns), expand=False))


def _change(finding: Finding) -> str:
    """In a template its properties, else the command."""
    change = finding.change.cloudformation if finding.line else finding.change.cli or finding.change.cloudformation
    return f"→ {safe(change)}"


def _unchecked(console: Console, examination: Examination) -> None:
    """The rules by reason."""
    by_reason: dict[str, list[str]] = {}
    for one in examination.not_checked:
        by_reason.setdefault(one.why, []).append(one.rule)
    for why, rules in by_reason.items():
        _indented(console, Text(f"{', '.join(rules)}: {safe(why)}", style="dim"), 2)


def _sentence(text: str) -> str:
    """Starting with a capital, unless the first word is a name."""
    first = text.split(" ", 1)[0]
    shown = text if any(sign.isupper() or sign in "-_.0123456789" for sign in first) else text[:1].upper() + text[1:]
    return f"{safe(shown)}."
