"""The findings as Markdown, for a comment on a pull request. Names and texts of a template are shown, not interpreted."""

from __future__ import annotations

from collections.abc import Iterator

from ops.cli.doctor.summary import HEADINGS, change, sentence, summary
from ops.doctor.examination import DoctorReport, Examination, RuleFinding
from ops.doctor.rule import RuleSeverity
from ops.untrusted_text import code, escaped


def text(report: DoctorReport) -> str:
    lines = [line for examination in report.workloads for line in _examination(report, examination)]
    lines += [f"> {escaped(note)}" for note in report.notes]
    return "\n".join(lines)


def _examination(report: DoctorReport, examination: Examination) -> Iterator[str]:
    yield f"## ops doctor: {escaped(examination.workload)}"
    yield ""
    yield f"{escaped(report.template or report.place)} · {summary(examination)}"
    yield ""
    for severity in RuleSeverity:
        found = [finding for finding in examination.findings if finding.severity is severity]
        if found:
            yield f"### {HEADINGS[severity]}"
            yield ""
            for finding in found:
                yield from _finding(report, finding)
            yield ""
    if examination.not_checked:
        yield "<details><summary>Not checked</summary>"
        yield ""
        yield from (f"- {code(unchecked.rule)}: {escaped(unchecked.why)}" for unchecked in examination.not_checked)
        yield ""
        yield "</details>"


def _finding(report: DoctorReport, finding: RuleFinding) -> Iterator[str]:
    where = f" ({code(f'{report.template}:{finding.line}')})" if finding.line else ""
    yield f"- **{escaped(sentence(finding.text))}** {code(finding.rule)}{where}"
    yield f"  {escaped(finding.consequence)} From [{escaped(finding.source.title)}]({finding.source.url})."
    yield f"  Change: {code(change(finding))}"
