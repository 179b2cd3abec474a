"""The findings as Markdown, for a comment on a pull request. Names and texts of a template are shown, not interpreted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ops.cli.doctor.summary import HEADINGS, change, sentence, summary
from ops.cli.output.sanitize import safe
from ops.doctor.examination import DoctorReport, Examination, RuleFinding
from ops.doctor.rule import RuleSeverity

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~@-])")


def text(report: DoctorReport) -> str:
    lines = [line for examination in report.workloads for line in _examination(report, examination)]
    lines += [f"> {_plain(note)}" for note in report.notes]
    return "\n".join(lines)


def _examination(report: DoctorReport, examination: Examination) -> Iterator[str]:
    yield f"## ops doctor: {_plain(examination.workload)}"
    yield ""
    yield f"{_plain(report.template or report.place)} · {summary(examination)}"
    yield ""
    for severity in RuleSeverity:
        found = [one for one in examination.findings if one.severity is severity]
        if found:
            yield f"### {HEADINGS[severity]}"
            yield ""
            for finding in found:
                yield from _finding(report, finding)
            yield ""
    if examination.not_checked:
        yield "<details><summary>Not checked</summary>"
        yield ""
        yield from (f"- {_code(one.rule)}: {_plain(one.why)}" for one in examination.not_checked)
        yield ""
        yield "</details>"


def _finding(report: DoctorReport, finding: RuleFinding) -> Iterator[str]:
    where = f" ({_code(f'{report.template}:{finding.line}')})" if finding.line else ""
    yield f"- **{_plain(sentence(finding.text))}** {_code(finding.rule)}{where}"
    yield f"  {_plain(finding.consequence)} From [{_plain(finding.source.title)}]({finding.source.url})."
    yield f"  Change: {_code(change(finding))}"


def _plain(words: str) -> str:
    return _MARKUP.sub(r"\\\1", safe(words)).replace("&", "&amp;")


def _code(words: str) -> str:
    """A code span, whose fence is longer than any run of backticks in it."""
    shown = safe(words)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{fence} {shown} {fence}" if len(fence) > 1 else f"`{shown}`"
