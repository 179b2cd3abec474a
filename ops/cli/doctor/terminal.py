"""The findings on a terminal, the worst first, each with its change."""

from __future__ import annotations

from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from ops.cli.doctor.summary import HEADINGS, change, sentence, summary
from ops.cli.output.sanitize import safe
from ops.doctor.examination import DoctorReport, Examination, RuleFinding
from ops.doctor.rule import RuleSeverity

STYLES = {RuleSeverity.CRITICAL: "bold red", RuleSeverity.WARNING: "yellow", RuleSeverity.ADVICE: "dim"}


def show(report: DoctorReport) -> None:
    console = Console(highlight=False)
    for examination in report.workloads:
        _examination(console, report, examination)
    for note in report.notes:
        console.print(Text(f"note: {safe(note)}", style="dim"))


def _examination(console: Console, report: DoctorReport, examination: Examination) -> None:
    title = Text(safe(examination.workload), style="bold")
    title.append(f" · {safe(report.template or report.place)}", style="dim")
    console.print(title, soft_wrap=True)
    console.print(Text(summary(examination), style="dim"))
    for severity in RuleSeverity:
        found = [finding for finding in examination.findings if finding.severity is severity]
        if found:
            console.print()
            console.print(Text(HEADINGS[severity], style=STYLES[severity]))
            for _, same in groupby(found, key=lambda finding: finding.rule):
                _findings(console, safe(report.template), list(same))
    if examination.not_checked:
        console.print()
        console.print(Text("Not checked", style="dim"))
        _unchecked(console, examination)
    console.print()


def _findings(console: Console, template: str, findings: list[RuleFinding]) -> None:
    """Prints the findings of one rule, with what they share once."""
    first = findings[0]
    for finding in findings:
        head = Text(sentence(finding.text))
        head.append(f"  {finding.rule}", style="dim")
        _indented(console, head, 2)
        if finding.line:
            console.print(Text(f"    {template}:{finding.line}", style="dim"), soft_wrap=True)  # a terminal opens it
    _indented(console, Text(safe(first.consequence)), 4)
    for text in dict.fromkeys(map(change, findings)):
        console.print(Text(f"    → {safe(text)}"), soft_wrap=True)  # in one piece, to be copied
    _indented(console, Text(f"From: {first.source.title}", style="dim"), 4)


def _indented(console: Console, text: Text, columns: int) -> None:
    console.print(Padding(text, (0, 0, 0, columns), expand=False))


def _unchecked(console: Console, examination: Examination) -> None:
    for why, rules in examination.not_checked_by_reason.items():
        _indented(console, Text(f"{', '.join(rules)}: {safe(why)}", style="dim"), 2)
